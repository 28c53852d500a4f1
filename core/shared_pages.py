"""Pages that are the same bytes for everybody who reads the same language.

No cookie, no token and no name is in them, so that any cache may keep them. Each is
rendered and packed once for all processes. A form in such a page has no token: see
`core.origins.from_our_page_or_token`.
"""

import base64
from collections.abc import Callable
from typing import TypedDict

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date
from django.utils.translation import get_language

from core.cache import Key
from core.caching import get_or_compute
from core.http_cache import PUBLIC, etag_for, etag_of, pack, takes_gzip


class SharedPage(TypedDict):
    """A page as it is kept: as text, and packed in base64."""

    html: str
    packed: str
    etag: str


def make_page(html: str) -> SharedPage:
    packed = base64.b64encode(pack(html.encode())).decode()
    return {"html": html, "packed": packed, "etag": etag_of(html)}


def page_key(name: str, subject: str, lifetime: int) -> Key:
    """Where a page is kept in the language of whoever asks."""
    return Key(f"page:{get_language()}:{name}", subject, lifetime)


def get_or_render(key: Key, render: Callable[[], str]) -> SharedPage:
    """The page kept under `key`, rendered if need be."""
    return get_or_compute(key, lambda: make_page(render()))


def respond(request: HttpRequest, page: SharedPage) -> HttpResponse:
    """The page, packed for those who take it so; 304 to those who have it already."""
    packed = takes_gzip(request)
    response = HttpResponse(
        base64.b64decode(page["packed"]) if packed else page["html"]
    )
    if packed:
        response["Content-Encoding"] = "gzip"
    response["Cache-Control"] = PUBLIC
    response["Date"] = http_date()  # which nginx says itself, also of what it kept
    response["ETag"] = etag = etag_for(request, page["etag"])
    patch_vary_headers(response, ["Accept-Encoding"])
    answer = get_conditional_response(request, etag=etag, response=response)
    return answer or response
