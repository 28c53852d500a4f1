"""Origin checks: which pages may open a socket, or post a form without a token."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from ninja.utils import check_csrf

View = Callable[..., HttpResponseBase]


class SameOrigin:
    """Denies WebSocket handshakes from pages of other sites.

    It compares the full origin, with scheme and port. A client without an `Origin` is
    no browser, so it carries no other person's cookies.
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
    """Whether the origin is in PUBLIC_ORIGINS or, if that is empty, is this host."""
    if settings.PUBLIC_ORIGINS:
        return origin in settings.PUBLIC_ORIGINS
    return origin in (f"http://{host}", f"https://{host}")


def is_from_our_page(request: HttpRequest) -> bool:
    """Whether the request's `Origin` is ours: no page can forge it."""
    return is_ours(request.headers.get("Origin", ""), request.get_host())


def rejection_of(request: HttpRequest) -> HttpResponseBase | None:
    """Django's 403 page if neither the origin nor a CSRF token is right; else None."""
    if is_from_our_page(request):
        return None
    with override(getattr(request, "LANGUAGE_CODE", None)):
        return check_csrf(request)


def from_our_page_or_token(view: View) -> View:
    """Decorates a view whose form is in a shared page, which can't hold a CSRF token.

    A form from an origin of ours is accepted. If the `Origin` is missing or is another
    one, Django's check decides by the token, as for every other form.
    """
    checked = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def decorated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_from_our_page(request):
            return checked(request, *args, **kwargs)
        # Keeps a view that Django itself has decorated from checking again.
        request.csrf_processing_done = True  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return decorated
