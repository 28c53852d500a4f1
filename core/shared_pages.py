"""Pages that are the same bytes for everybody, one version per language.

They hold no cookie, token or name, so any cache may store them. Each is rendered and
compressed once for all processes. A form in such a page has no CSRF token: see
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
    """A page in the cache; `packed` is its gzip in base64."""

    html: str
    packed: str
    etag: str


def make_page(html: str) -> SharedPage:
    packed = base64.b64encode(pack(html.encode())).decode()
    return {"html": html, "packed": packed, "etag": etag_of(html)}


def page_key(name: str, tag: str, lifetime: int) -> Key:
    """The cache key of a page in the active language; `lifetime` in seconds."""
    return Key(f"page:{get_language()}:{name}", tag, lifetime)


def get_or_render(key: Key, render: Callable[[], str]) -> SharedPage:
    """The cached page of `key`; rendered and stored if it is missing."""
    return get_or_compute(key, lambda: make_page(render()))


def respond(request: HttpRequest, page: SharedPage) -> HttpResponse:
    """The page, gzipped if the client accepts that; 304 if its ETag matches."""
    packed = takes_gzip(request)
    response = HttpResponse(
        base64.b64decode(page["packed"]) if packed else page["html"]
    )
    if packed:
        response["Content-Encoding"] = "gzip"
    response["Cache-Control"] = PUBLIC
    response["Date"] = http_date()  # nginx sends its own, also with a cached page
    response["ETag"] = etag = etag_for(request, page["etag"])
    patch_vary_headers(response, ["Accept-Encoding"])
    not_modified = get_conditional_response(request, etag=etag, response=response)
    return not_modified or response
