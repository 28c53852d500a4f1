"""Gathered routes: requests that arrive together are answered in one call.

Django's handler costs each request a thread and some twenty thread hops. These routes
don't use it: each has a batcher on the event loop, and one thread answers up to 300
requests. The middleware runs for each request through its documented hooks. Sessions
and players are read for all requests at once.
"""

import re
from collections.abc import Sequence
from io import BytesIO
from typing import Any, TypeAlias, cast

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.exception import response_for_exception
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.log import log_response
from django.utils.module_loading import import_string

from core.gathered import Asked, GatheredView, isolate
from gameproject.middleware import Refusals
from live.batchers import Batcher
from users.sessions import recognize, renew_used

MAX_REQUESTS = 300  # in one call


def load_middleware() -> list[Any]:
    """The site's middleware that has hooks; `recognize` replaces authentication."""
    classes = [import_string(path) for path in settings.MIDDLEWARE]
    return [cls(_no_view) for cls in classes if hasattr(cls, "process_response")]


class Passage:
    """One request and its way through the middleware's hooks, in and out again.

    As in Django's chain, a response made on the way in goes out through those hooks
    only that the request has passed, and an exception in a hook becomes a response.
    So nothing here raises: an exception would fail the other requests too.
    """

    def __init__(self, asked: Asked) -> None:
        self.asked, self.request = asked, asked.request
        self.ended: HttpResponseBase | None = None
        self._passed: list[Any] = []

    def enter(self, middleware: Sequence[Any]) -> None:
        """Run the request hooks; `ended` is the response if one ends the request."""
        for layer in middleware:
            hook = getattr(layer, "process_request", _nothing)
            try:
                self.ended = hook(self.request)
            except Exception as error:
                self.ended = response_for_exception(self.request, error)
                return
            self._passed.append(layer)
            if self.ended:
                return

    def leave(self, response: HttpResponseBase) -> HttpResponseBase:
        """Run the response hooks that were passed; the response to send."""
        for layer in reversed(self._passed):
            try:
                response = layer.process_response(self.request, response)
            except Exception as error:
                response = response_for_exception(self.request, error)
        return response


def _nothing(_request: HttpRequest) -> None:
    pass


def _no_view(request: HttpRequest) -> HttpResponseBase:
    raise AssertionError("Only the hooks are called.")


# Method, pattern of the whole path, view.
Route: TypeAlias = tuple[str, re.Pattern[str], GatheredView]


class Gathering:
    """The ASGI application in front of Django's, for the gathered routes."""

    def __init__(self, application: Any, routes: Sequence[Route]) -> None:
        self.application = application
        middleware = load_middleware()
        self.routes = [
            (method, pattern, view, Batcher(Call(view, middleware), MAX_REQUESTS))
            for method, pattern, view in routes
        ]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        for method, pattern, view, batcher in self.routes:
            match = scope["method"] == method and pattern.fullmatch(scope["path"])
            if match and scope["query_string"].isascii():  # else it isn't text
                request = await read(scope, receive, view.max_body)
                if request:
                    asked = Asked(request, match.groupdict().get("slug", ""))
                    await send_response(await batcher(asked), send)
                return
        await self.application(scope, receive, send)


async def read(scope: Any, receive: Any, max_body: int) -> HttpRequest | None:
    """The request with its body; None if the client disconnects.

    At most `max_body` + 1 bytes are kept, so that the view sees a larger body.
    """
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")[: max_body + 1 - len(body)]
        more = message.get("more_body", False)
    return ASGIRequest(scope, BytesIO(body))


class Call:
    """Answers many requests in one call; the responses in their order."""

    def __init__(self, view: GatheredView, middleware: Sequence[Any]) -> None:
        self.view, self.middleware = view, middleware

    def __call__(self, asked: Sequence[Asked]) -> list[HttpResponseBase]:
        passages = [Passage(item) for item in asked]
        for passage in passages:
            passage.enter(self.middleware)
        translation.deactivate()  # the language of the last request
        going_on = [passage.asked for passage in passages if not passage.ended]
        outcomes = iter(self._outcomes(going_on))
        return [self._finish(p, p.ended or next(outcomes)) for p in passages]

    def _outcomes(self, asked: Sequence[Asked]) -> list[Any]:
        if not asked:
            return []
        requests = [item.request for item in asked]
        try:
            recognize(requests)
            outcomes = isolate(self.view.many, asked)
            renew_used(requests)
        except Exception as error:  # an outage is the outcome of each
            return [error] * len(asked)
        return outcomes

    def _finish(self, passage: Passage, outcome: Any) -> HttpResponseBase:
        request = passage.request
        language = getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE)
        with translation.override(language):
            response = passage.leave(self._response(request, outcome))
        response._resource_closers.append(request.close)  # type: ignore[attr-defined]
        if response.status_code >= 400:
            entry = ("%s: %s", response.reason_phrase, request.path)
            log_response(*entry, response=cast(Any, response), request=request)
        return response

    def _response(self, request: HttpRequest, outcome: Any) -> HttpResponseBase:
        """The response to an outcome; exceptions become responses as in Django."""
        if isinstance(outcome, HttpResponseBase):
            return outcome
        try:
            return self._rendered(request, outcome)
        except Exception as error:
            return response_for_exception(request, error)

    def _rendered(self, request: HttpRequest, outcome: Any) -> HttpResponseBase:
        try:
            if isinstance(outcome, Exception):
                raise outcome
            return self.view.respond(request, outcome)
        except Exception as error:
            response = Refusals(_no_view).process_exception(request, error)
            if response is None:
                raise
            return response


def headers_of(response: Any) -> list[tuple[bytes, bytes]]:
    """The headers of a Django response, with its cookies, as ASGI has them."""
    headers = [
        (name.encode(), value.encode("latin1")) for name, value in response.items()
    ]
    cookies = [cookie.OutputString().encode() for cookie in response.cookies.values()]
    return headers + [(b"Set-Cookie", cookie) for cookie in cookies]


async def send_response(response: Any, send: Any) -> None:
    headers = headers_of(response)
    status = response.status_code
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
    response.close()
