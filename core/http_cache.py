"""Which answers of the API caches on the way may keep: those that a view shares.

`gameproject.middleware.PrivateByDefault` makes all others private.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, TypedDict

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from ninja import Status

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


def cacheable(
    request: HttpRequest, response: HttpResponse, found: WithETag, *vary: str
) -> Any:
    """Answer with what any cache may keep; 304 to those who have it already.

    `vary` names the headers of the request on which the data depends.
    """
    request.shared_by = vary  # type: ignore[attr-defined]
    response["ETag"] = found["etag"]
    known = get_conditional_response(request, etag=found["etag"])
    is_known = known is not None and known.status_code == 304
    return Status(304, None) if is_known else found["data"]


def set_headers(response: Any, vary: Sequence[str] | None) -> None:
    """Say who may keep the answer: nobody, unless it was shared and is no refusal."""
    if vary is None or response.status_code not in (200, 304):
        response.headers["Cache-Control"] = PRIVATE
        return
    response.headers["Cache-Control"] = PUBLIC
    # Django's own list also names what was read only to count who asks.
    response.headers.pop("Vary", None)
    if vary:
        response.headers["Vary"] = ", ".join(vary)
