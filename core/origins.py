"""Whose pages may open a socket here, or post a form without a token."""

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


def is_from_our_page(request: HttpRequest) -> bool:
    """Whether the browser says so: no page can forge its `Origin`."""
    return is_ours(request.headers.get("Origin", ""), request.get_host())


def rejection_of(request: HttpRequest) -> HttpResponseBase | None:
    """Why a form isn't taken that neither a page of ours sent nor a token guards.

    It is Django's own check, and the page by which it is told.
    """
    if is_from_our_page(request):
        return None
    with override(getattr(request, "LANGUAGE_CODE", None)):
        return check_csrf(request)


def from_our_page_or_token(view: View) -> View:
    """Decorates a view whose form stands in a shared page, which can hold no token.

    A browser says from where a form is sent. Where it doesn't, or says another site,
    Django's own check decides, as for every other form: by the token.
    """
    checked = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def decorated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_from_our_page(request):
            return checked(request, *args, **kwargs)
        # So that a view which Django has decorated itself doesn't ask again.
        request.csrf_processing_done = True  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return decorated
