"""Whose pages may open a socket here, or post a form without a token."""

from typing import Any

from channels.security.websocket import WebsocketDenier
from django.conf import settings


class SameOrigin:
    """Refuses the handshakes of other sites' pages.

    Full origins are compared, scheme and port included. A client that sends no origin
    is no browser, and so carries nobody's cookies but its own.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin1")
        host = headers.get(b"host", b"").decode("latin1")
        allowed = not origin or is_ours(origin, host)
        application = self.application if allowed else WebsocketDenier()
        await application(scope, receive, send)


def is_ours(origin: str, host: str) -> bool:
    """Whether an origin is among PUBLIC_ORIGINS or, with none set, the host asked."""
    if settings.PUBLIC_ORIGINS:
        return origin in settings.PUBLIC_ORIGINS
    return origin in (f"http://{host}", f"https://{host}")
