"""What every request passes through, beside Django's own."""

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

# A response, or in the async chain an awaitable of one.
GetResponse = Callable[[HttpRequest], Any]
logger = logging.getLogger(__name__)

RETRY_SECONDS = 2


class Middleware:
    """Middleware that fits both chains, so that no thread hop is added."""

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
    """Django 6 has this built in; until then, the one constant header."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        response.headers.setdefault(
            "Content-Security-Policy", settings.CONTENT_SECURITY_POLICY
        )
        return response


class Language(LocaleMiddleware):
    """The browser's language, and no cookie's, by which no shared page varies."""

    def process_request(self, request: HttpRequest) -> None:
        request.COOKIES.pop(settings.LANGUAGE_COOKIE_NAME, None)
        super().process_request(request)


class PrivateByDefault(Middleware):
    """Lets nobody on the way keep what the API says, unless its view shared it."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if request.path.startswith(API_PATHS):
            set_headers(request, response)
        return response


class Refusals(Middleware):
    """Says a refusal, or an outage, in the form the path speaks: JSON or a page."""

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if isinstance(exception, Refused):
            return self._say(request, exception)
        if isinstance(exception, OUTAGES):
            logger.error("Unavailable: %s: %s", type(exception).__name__, exception)
            return self._say(request, Refused("unavailable", retry_after=RETRY_SECONDS))
        return None

    @staticmethod
    def _say(request: HttpRequest, refused: Refused) -> HttpResponse:
        if request.path.startswith(API_PATHS):
            return refused.response()
        if refused.code == "unavailable":
            return busy(request, refused)
        page = render(request, "refused.html", refused.body())
        refused.mark(page)
        return page


def busy(request: HttpRequest, refused: Refused) -> HttpResponse:
    """The page that comes back by itself; a form that was sent its reader sends again.

    It can't say who asks: in an outage that would ask the database again.
    """
    comes_back = bool(refused.retry_after and request.method in ("GET", "HEAD"))
    context = {**refused.body(), "comes_back": comes_back}
    page = HttpResponse(render_busy(get_language() or "", tuple(context.items())))
    refused.mark(page)
    if comes_back:
        page.headers["Refresh"] = str(refused.retry_after)
    return page


@lru_cache(maxsize=64)
def render_busy(_language: str, context: tuple[tuple[str, Any], ...]) -> str:
    """Rendered once for all who are told the same: they come in thousands."""
    return render_to_string("refused.html", dict(context))


def refusal_to(request: HttpRequest, refused: Refused) -> HttpResponse:
    """A refusal before Django has been asked, with what its middleware would add."""

    say: GetResponse = partial(Refusals._say, refused=refused)
    for middleware in (Language, ContentSecurityPolicy, SecurityMiddleware):
        say = middleware(say)
    with override(get_language()):  # the language of this request ends with it
        response: HttpResponse = say(request)
    return response
