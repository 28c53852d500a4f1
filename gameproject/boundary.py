"""The boundary: a closed list of request headers; all others are dropped.

A dropped header can't be trusted by mistake, nor get into a shared cache. A malformed
request is refused before any work is done for it.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.utils.http import parse_header_parameters

from gameproject.bare import response_to
from gameproject.ops import bounds

# Headers from clients. Those of JOINED may be repeated, and are joined by this text;
# those of ONCE may not.
JOINED = {
    b"accept": b", ",
    b"accept-encoding": b", ",
    b"accept-language": b", ",
    b"cookie": b"; ",
    b"if-match": b", ",
    b"if-none-match": b", ",
}
ONCE = frozenset(
    {
        b"authorization",
        b"content-length",
        b"content-type",
        b"host",
        b"if-modified-since",
        b"if-range",
        b"if-unmodified-since",
        b"origin",
        b"range",
        b"referer",
        b"user-agent",
        b"x-csrftoken",
        b"x-place",
    }
)
FROM_ANYBODY = ONCE | JOINED.keys()
# Headers that our proxy sets; they are dropped without TRUST_PROXY.
FROM_PROXY = frozenset({b"x-real-ip", b"x-forwarded-proto"})
BEHIND_PROXY = FROM_ANYBODY | FROM_PROXY

# In a path: control characters, and the replacement for bytes that aren't UTF-8.
UNREADABLE = re.compile("[\x00-\x1f\x7f\ufffd]")
# A proxy resolves these before it checks access to a path; Django doesn't.
DOTS = re.compile(r"/\.\.?(?:/|$)")
MAX_CONTENT_TYPE_LENGTH = 256  # the time to parse one isn't linear in its length
MAX_BODY = 1 << 20  # bytes; staff may send more, for long lists
OF_STAFF = "/admin/"
CHARSETS = ("utf-8", "utf8", "us-ascii", "ascii")

Headers = Mapping[bytes, bytes]
Scope = dict[str, Any]


class Boundary:
    """The ASGI application around all others, for pages and sockets alike."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.names = BEHIND_PROXY if settings.TRUST_PROXY else FROM_ANYBODY

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.application(scope, receive, send)
        elif (admitted := admit(scope, self.names)) is None:
            await refuse(scope, receive, send, "invalid")
        elif is_too_large(admitted):
            await refuse(scope, receive, send, "too_large")
        else:
            await self.application(admitted, receive, send)


def admit(scope: Scope, names: frozenset[bytes]) -> Scope | None:
    """The scope with the headers of these names only; None if it is malformed."""
    headers = believed(scope["headers"], names)
    if headers is None or not is_readable(scope, headers):
        return None
    # No request may choose the path under which the site is served.
    admitted = {**scope, "root_path": "", "headers": list(headers.items())}
    if address := headers.get(b"x-real-ip"):
        admitted["client"] = [address.decode("latin1"), 0]
    return admitted


def believed(
    headers: Iterable[tuple[bytes, bytes]], names: frozenset[bytes]
) -> dict[bytes, bytes] | None:
    """The headers of these names, each once; None if one of ONCE is repeated."""
    kept: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in names:
            if name in kept:
                if name not in JOINED:
                    return None
                value = kept[name] + JOINED[name] + value
            kept[name] = value
    return kept


def is_readable(scope: Scope, headers: Headers) -> bool:
    return (
        is_plain(scope["path"])
        and b"%00" not in scope["query_string"]
        and is_ours(headers.get(b"host", host_of(scope)))
        and is_text(headers.get(b"content-type", b""))
    )


def is_plain(path: str) -> bool:
    return not UNREADABLE.search(path) and ("/." not in path or not DOTS.search(path))


def host_of(scope: Scope) -> bytes:
    """The host that Django assumes if the client sends none."""
    server = scope.get("server") or ["unknown"]
    return str(server[0]).encode()


@lru_cache(maxsize=256)
def is_ours(host: bytes) -> bool:
    """Whether ALLOWED_HOSTS has it. Django itself would log a traceback if not."""
    request = HttpRequest()
    request.META = {"HTTP_HOST": host.decode("latin1")}
    try:
        return bool(request.get_host())
    except DisallowedHost:
        return False


def is_text(content_type: bytes) -> bool:
    """Whether its charset is UTF-8 or ASCII. Django would decode with any codec."""
    if b";" not in content_type:
        return True
    if len(content_type) > MAX_CONTENT_TYPE_LENGTH:
        return False
    try:
        parameters = parse_header_parameters(content_type.decode("ascii"))[1]
    except ValueError:
        return False
    return parameters.get("charset", "utf-8").lower() in CHARSETS


def is_too_large(scope: Scope) -> bool:
    length = dict(scope["headers"]).get(b"content-length", b"")
    return length.isdigit() and int(length) > body_limit(scope["path"])


def body_limit(path: str) -> int:
    """The largest body of a request for this path, in bytes."""
    return bounds.MAX_BODY if path.startswith(OF_STAFF) else MAX_BODY


async def refuse(scope: Scope, receive: Any, send: Any, code: str) -> None:
    """Respond with the status of `code`; refuse a socket's handshake with 403."""
    if scope["type"] == "websocket":
        await WebsocketDenier()(scope, receive, send)
        return
    status, headers, body = response_to(scope["path"], code)
    start = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body})
