"""Which answers of the API caches on the way may keep: those that a view shares.

`gameproject.middleware.PrivateByDefault` makes all others private. What is shared is
packed once for all who take it so, here and not by the proxy for each of them.
"""

import gzip
import hashlib
import json
import re
from functools import lru_cache
from typing import Any, TypedDict

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from ninja import Status

# Named, and not with a weight of nothing.
GZIP = re.compile(r"(?:^|,)\s*+gzip\s*+(?:$|,|;\s*+q=(?:1|0\.0*+[1-9]))", re.IGNORECASE)

PUBLIC = "public, max-age=1"
PRIVATE = "private, no-store"


class WithETag(TypedDict):
    """What is everybody's with its ETag, worked out once for all who ask."""

    data: dict[str, Any]
    etag: str


def with_etag(data: dict[str, Any]) -> WithETag:
    return {"data": data, "etag": etag_of(json.dumps(data))}


def etag_of(text: str) -> str:
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def takes_gzip(request: HttpRequest) -> bool:
    return bool(GZIP.search(request.headers.get("Accept-Encoding", "")))


def etag_for(request: HttpRequest, etag: str) -> str:
    """That of the bytes this client is sent: packed ones are others."""
    return f'{etag[:-1]}-gzip"' if takes_gzip(request) else etag


@lru_cache(maxsize=64)
def pack(content: bytes) -> bytes:
    """The same bytes for the same content, in whichever process."""
    return gzip.compress(content, mtime=0)


def cacheable(
    request: HttpRequest, response: HttpResponse, found: WithETag, *vary: str
) -> Any:
    """Answer with what any cache may keep; 304 to those who have it already.

    `vary` names the headers of the request on which the data depends.
    """
    request.shared_by = vary  # type: ignore[attr-defined]
    response["ETag"] = etag = etag_for(request, found["etag"])
    known = get_conditional_response(request, etag=etag)
    is_known = known is not None and known.status_code == 304
    return Status(304, None) if is_known else found["data"]


def set_headers(request: HttpRequest, response: Any) -> None:
    """Say who may keep the answer: nobody, unless it was shared and is no refusal."""
    vary = getattr(request, "shared_by", None)
    if vary is None or response.status_code not in (200, 304):
        response.headers["Cache-Control"] = PRIVATE
        return
    response.headers["Cache-Control"] = PUBLIC
    # Django's own list also names what was read only to count who asks.
    response.headers["Vary"] = ", ".join(("Accept-Encoding", *vary))
    if response.status_code == 200 and takes_gzip(request):
        response.content = pack(response.content)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.content))
