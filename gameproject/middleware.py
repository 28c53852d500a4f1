"""The site's own middleware, beside Django's."""

import logging
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.middleware.security import SecurityMiddleware
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language, override

from core.http_cache import set_headers
from core.outages import OUTAGES
from core.refusals import Refused
from gameproject.bare import API_PATHS

# It returns a response or, in the async chain, an awaitable of one.
GetResponse = Callable[[HttpRequest], Any]
logger = logging.getLogger(__name__)

RETRY_SECONDS = 2


class Middleware:
    """Base for middleware in both chains, sync and async, without a thread hop."""

    sync_capable = async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        response = self.get_response(request)
        if iscoroutinefunction(self):
            return self._later(request, response)
        return self.process_response(request, response)

    async def _later(self, request: HttpRequest, response: Any) -> HttpResponseBase:
        return self.process_response(request, await response)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        return response


class ContentSecurityPolicy(Middleware):
    """Sets one constant header. Django 6 has this built in."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        response.headers.setdefault(
            "Content-Security-Policy", settings.CONTENT_SECURITY_POLICY
        )
        return response


class Language(LocaleMiddleware):
    """The language by `Accept-Language` only: shared pages don't vary by cookie."""

    def process_request(self, request: HttpRequest) -> None:
        request.COOKIES.pop(settings.LANGUAGE_COOKIE_NAME, None)
        super().process_request(request)


class PrivateByDefault(Middleware):
    """Forbids caches to store the API's responses, unless the view allows it."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if request.path.startswith(API_PATHS):
            set_headers(request, response)
        return response


class Refusals(Middleware):
    """Turns a refusal or an outage into a response: JSON or a page, by the path."""

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if isinstance(exception, Refused):
            return self._respond(request, exception)
        if isinstance(exception, OUTAGES):
            logger.error("Unavailable: %s: %s", type(exception).__name__, exception)
            refused = Refused("unavailable", retry_after=RETRY_SECONDS)
            return self._respond(request, refused)
        return None

    @staticmethod
    def _respond(request: HttpRequest, refused: Refused) -> HttpResponse:
        if request.path.startswith(API_PATHS):
            return refused.response()
        if refused.code == "unavailable":
            return busy(request, refused)
        page = render(request, "refused.html", refused.body())
        refused.mark(page)
        return page


def busy(request: HttpRequest, refused: Refused) -> HttpResponse:
    """The page for `unavailable`. After a GET it reloads itself; a form doesn't.

    It doesn't show the player, which would read the database in an outage.
    """
    reloads = bool(refused.retry_after and request.method in ("GET", "HEAD"))
    context = {**refused.body(), "comes_back": reloads}
    page = HttpResponse(render_busy(get_language() or "", tuple(context.items())))
    refused.mark(page)
    if reloads:
        page.headers["Refresh"] = str(refused.retry_after)
    return page


@lru_cache(maxsize=64)
def render_busy(_language: str, context: tuple[tuple[str, Any], ...]) -> str:
    """Render once per language and context: in an outage thousands get this page."""
    return render_to_string("refused.html", dict(context))


def refusal_to(request: HttpRequest, refused: Refused) -> HttpResponse:
    """The response to a refusal made before Django, with its middleware's headers."""

    respond: GetResponse = partial(Refusals._respond, refused=refused)
    for middleware in (Language, ContentSecurityPolicy, SecurityMiddleware):
        respond = middleware(respond)
    with override(get_language()):  # restores the language afterwards
        response: HttpResponse = respond(request)
    return response
