"""What of a request reaches the application: a closed list. All else is left out.

What nothing here reads can't be believed by mistake, nor end up in what is kept for
everybody. A request that can't be read is refused before any work is done for it.
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

# What a browser or a script says: may stand once, or in parts that are joined by this.
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
# Our proxy sets these; with TRUST_PROXY it is believed, otherwise nobody is.
FROM_PROXY = frozenset({b"x-real-ip", b"x-forwarded-proto"})
BEHIND_PROXY = FROM_ANYBODY | FROM_PROXY

# In a path: control characters, and what stands for bytes that were no UTF-8.
UNREADABLE = re.compile("[\x00-\x1f\x7f\ufffd]")
# A proxy leaves these out before it looks who may ask for a path, Django doesn't.
DOTS = re.compile(r"/\.\.?(?:/|$)")
MAX_CONTENT_TYPE_LENGTH = 256  # parsing one isn't linear in its length
MAX_BODY = 1 << 20  # bytes that anybody may send; staff send long lists
OF_STAFF = "/admin/"
CHARSETS = ("utf-8", "utf8", "us-ascii", "ascii")

Headers = Mapping[bytes, bytes]
Scope = dict[str, Any]


class Boundary:
    """Wraps the whole application, pages and sockets alike."""

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
    """The request as far as it is believed; None if it can't be read."""
    headers = believed(scope["headers"], names)
    if headers is None or not is_readable(scope, headers):
        return None
    # Nothing but the server's own settings says under which path the site stands.
    admitted = {**scope, "root_path": "", "headers": list(headers.items())}
    if said := headers.get(b"x-real-ip"):
        admitted["client"] = [said.decode("latin1"), 0]
    return admitted


def believed(
    headers: Iterable[tuple[bytes, bytes]], names: frozenset[bytes]
) -> dict[bytes, bytes] | None:
    """Those of these names, each once; None if one stands twice that may not."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in names:
            if name in found:
                if name not in JOINED:
                    return None
                value = found[name] + JOINED[name] + value
            found[name] = value
    return found


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
    """What Django goes by if a client names no host."""
    server = scope.get("server") or ["unknown"]
    return str(server[0]).encode()


@lru_cache(maxsize=256)
def is_ours(host: bytes) -> bool:
    """Whether ALLOWED_HOSTS has it. Django says so with a traceback in the log."""
    request = HttpRequest()
    request.META = {"HTTP_HOST": host.decode("latin1")}
    try:
        return bool(request.get_host())
    except DisallowedHost:
        return False


def is_text(content_type: bytes) -> bool:
    """Whether a form that says this is UTF-8. Django would decode by any codec."""
    if b";" not in content_type:
        return True
    if len(content_type) > MAX_CONTENT_TYPE_LENGTH:
        return False
    try:
        said = parse_header_parameters(content_type.decode("ascii"))[1]
    except ValueError:
        return False
    return said.get("charset", "utf-8").lower() in CHARSETS


def is_too_large(scope: Scope) -> bool:
    said = dict(scope["headers"]).get(b"content-length", b"")
    return said.isdigit() and int(said) > body_limit(scope["path"])


def body_limit(path: str) -> int:
    """Bytes that a request for a path may bring."""
    return bounds.MAX_BODY if path.startswith(OF_STAFF) else MAX_BODY


async def refuse(scope: Scope, receive: Any, send: Any, code: str) -> None:
    """400 or 413, or 403 for a handshake."""
    if scope["type"] == "websocket":
        await WebsocketDenier()(scope, receive, send)
        return
    status, headers, body = response_to(scope["path"], code)
    start = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body})
