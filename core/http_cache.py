"""Which API responses shared caches may store: those that a view makes `cacheable`.

`gameproject.middleware.PrivateByDefault` makes all others private. A shared response
is compressed once here, not by the proxy for each client.
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

# An `Accept-Encoding` that names gzip, with a weight above 0.
GZIP = re.compile(r"(?:^|,)\s*+gzip\s*+(?:$|,|;\s*+q=(?:1|0\.0*+[1-9]))", re.IGNORECASE)

PUBLIC = "public, max-age=1"
PRIVATE = "private, no-store"


class WithETag(TypedDict):
    """Shared data with its ETag, which is computed once for all clients."""

    data: dict[str, Any]
    etag: str


def with_etag(data: dict[str, Any]) -> WithETag:
    return {"data": data, "etag": etag_of(json.dumps(data))}


def etag_of(text: str) -> str:
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def takes_gzip(request: HttpRequest) -> bool:
    return bool(GZIP.search(request.headers.get("Accept-Encoding", "")))


def etag_for(request: HttpRequest, etag: str) -> str:
    """The ETag of the bytes for this client: compressed ones have another."""
    return f'{etag[:-1]}-gzip"' if takes_gzip(request) else etag


@lru_cache(maxsize=64)
def pack(content: bytes) -> bytes:
    """The content gzipped; the same bytes in every process."""
    return gzip.compress(content, mtime=0)


def cacheable(
    request: HttpRequest, response: HttpResponse, tagged: WithETag, *vary: str
) -> Any:
    """What a ninja view returns to let any cache store it; 304 if the ETag matches.

    `vary` names the request headers on which the data depends.
    """
    request.shared_by = vary  # type: ignore[attr-defined]
    response["ETag"] = etag = etag_for(request, tagged["etag"])
    conditional = get_conditional_response(request, etag=etag)
    is_current = conditional is not None and conditional.status_code == 304
    return Status(304, None) if is_current else tagged["data"]


def set_headers(request: HttpRequest, response: Any) -> None:
    """Set the cache headers: public if a view shared it and succeeded, else private."""
    vary = getattr(request, "shared_by", None)
    if vary is None or response.status_code not in (200, 304):
        response.headers["Cache-Control"] = PRIVATE
        return
    response.headers["Cache-Control"] = PUBLIC
    # Django's own list also names headers that were read only for the rate limits.
    response.headers["Vary"] = ", ".join(("Accept-Encoding", *vary))
    if response.status_code == 200 and takes_gzip(request):
        response.content = pack(response.content)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.content))
