"""Requests that are answered together: joining, commands, batches, one's own page.

Django's handler costs each request a thread and some twenty hops. These don't go
through it: they meet on the event loop, in a batcher a route, and one thread answers up
to 300 of them. What the middleware does for a request is done by the middleware itself,
through its documented hooks; who asks is read for all at once.
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

MOST = 300  # requests in one call


def load_middleware() -> list[Any]:
    """The site's middleware that has hooks; `recognize` stands for the one that reads
    who asks."""
    classes = [import_string(path) for path in settings.MIDDLEWARE]
    return [one(_no_view) for one in classes if hasattr(one, "process_response")]


class Passage:
    """One request on its way through the hooks of the middleware, in and out again.

    As in Django's chain, what ends a request on its way in goes out by those hooks only
    that it has passed, and what a hook raises becomes a response. So nothing here
    raises: what the view has done for others stays done.
    """

    def __init__(self, asked: Asked) -> None:
        self.asked, self.request = asked, asked.request
        self.ended: HttpResponseBase | None = None
        self._passed: list[Any] = []

    def enter(self, middleware: Sequence[Any]) -> None:
        for one in middleware:
            hook = getattr(one, "process_request", _nothing)
            try:
                self.ended = hook(self.request)
            except Exception as error:
                self.ended = response_for_exception(self.request, error)
                return
            self._passed.append(one)
            if self.ended:
                return

    def leave(self, response: HttpResponseBase) -> HttpResponseBase:
        for one in reversed(self._passed):
            try:
                response = one.process_response(self.request, response)
            except Exception as error:
                response = response_for_exception(self.request, error)
        return response


def _nothing(_request: HttpRequest) -> None:
    pass


def _no_view(request: HttpRequest) -> HttpResponseBase:
    raise AssertionError("Only the hooks are called.")


# The method, the whole path, and the view.
Route: TypeAlias = tuple[str, re.Pattern[str], GatheredView]


class Gathering:
    """The ASGI application in front of Django's: it takes the gathered routes."""

    def __init__(self, application: Any, routes: Sequence[Route]) -> None:
        self.application = application
        middleware = load_middleware()
        self.routes = [
            (method, pattern, view, Batcher(Call(view, middleware), MOST))
            for method, pattern, view in routes
        ]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        for method, pattern, view, batcher in self.routes:
            match = scope["method"] == method and pattern.fullmatch(scope["path"])
            if match and scope["query_string"].isascii():  # else it may be no text
                request = await read(scope, receive, view.max_body)
                if request:
                    asked = Asked(request, match.groupdict().get("slug", ""))
                    await send_response(await batcher(asked), send)
                return
        await self.application(scope, receive, send)


async def read(scope: Any, receive: Any, max_body: int) -> HttpRequest | None:
    """The request with its whole body; None if the client has gone.

    Of a body that is too large only the beginning is kept: enough to refuse it by.
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
    """One call for many requests: the responses, in their order."""

    def __init__(self, view: GatheredView, middleware: Sequence[Any]) -> None:
        self.view, self.middleware = view, middleware

    def __call__(self, asked: Sequence[Asked]) -> list[HttpResponseBase]:
        passages = [Passage(one) for one in asked]
        for one in passages:
            one.enter(self.middleware)
        translation.deactivate()  # that of the last
        outcomes = iter(
            self._outcomes([one.asked for one in passages if not one.ended])
        )
        return [self._finish(one, one.ended or next(outcomes)) for one in passages]

    def _outcomes(self, asked: Sequence[Asked]) -> list[Any]:
        if not asked:
            return []
        requests = [one.request for one in asked]
        try:
            recognize(requests)
            outcomes = isolate(self.view.many, asked)
            renew_used(requests)
        except Exception as error:  # an outage: each of them is told
            return [error] * len(asked)
        return outcomes

    def _finish(self, passage: Passage, outcome: Any) -> HttpResponseBase:
        request = passage.request
        language = getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE)
        with translation.override(language):
            response = passage.leave(self._response(request, outcome))
        response._resource_closers.append(request.close)  # type: ignore[attr-defined]
        if response.status_code >= 400:
            words = ("%s: %s", response.reason_phrase, request.path)
            log_response(*words, response=cast(Any, response), request=request)
        return response

    def _response(self, request: HttpRequest, outcome: Any) -> HttpResponseBase:
        """The view's, or what Django's handler makes of an exception."""
        if isinstance(outcome, HttpResponseBase):
            return outcome
        try:
            return self._said(request, outcome)
        except Exception as error:
            return response_for_exception(request, error)

    def _said(self, request: HttpRequest, outcome: Any) -> HttpResponseBase:
        try:
            if isinstance(outcome, Exception):
                raise outcome
            return self.view.respond(request, outcome)
        except Exception as error:
            said = Refusals(_no_view).process_exception(request, error)
            if said is None:
                raise
            return said


def headers_of(response: Any) -> list[tuple[bytes, bytes]]:
    plain = [
        (name.encode(), value.encode("latin1")) for name, value in response.items()
    ]
    cookies = [cookie.OutputString().encode() for cookie in response.cookies.values()]
    return plain + [(b"Set-Cookie", cookie) for cookie in cookies]


async def send_response(response: Any, send: Any) -> None:
    headers = headers_of(response)
    status = response.status_code
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
    response.close()
