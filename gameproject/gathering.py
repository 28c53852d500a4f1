"""Requests that are answered together: joining, commands, batches, one's own page.

Django's handler costs each request a thread and some twenty hops. These don't go
through it: they meet on the event loop, in a batcher a route, and one thread answers up
to 200 of them. What the middleware does for a request is done by the middleware itself,
through its documented hooks; who asks is read for all at once.
"""

import logging
import re
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.exception import response_for_exception
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.module_loading import import_string

from core.gathered import Asked, GatheredView
from gameproject.middleware import Refusals
from live.batchers import Batcher, isolate
from users.sessions import recognize

logger = logging.getLogger(__name__)

MOST = 200  # requests in one call
Hook = Callable[..., Any]


class Middleware:
    """The hooks of the site's middleware, for requests that have no chain."""

    def __init__(self) -> None:
        classes = [import_string(path) for path in settings.MIDDLEWARE]
        chain = [one(_no_view) for one in classes if hasattr(one, "process_response")]
        self._before = [
            one.process_request for one in chain if hasattr(one, "process_request")
        ]
        self._after = [one.process_response for one in reversed(chain)]

    def before(self, request: HttpRequest) -> HttpResponseBase | None:
        """What ends the request before a view sees it, such as a redirect to TLS."""
        for hook in self._before:
            if response := hook(request):
                return response
        return None

    def after(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        for hook in self._after:
            response = hook(request, response)
        return response


def _no_view(request: HttpRequest) -> HttpResponseBase:
    raise AssertionError("Only the hooks are called.")


class Gathering:
    """The ASGI application in front of Django's: it takes the gathered routes."""

    def __init__(
        self, application: Any, routes: Sequence[tuple[str, str, GatheredView]]
    ) -> None:
        self.application = application
        middleware = Middleware()
        self.routes = [
            (method, re.compile(pattern), view, Batcher(Call(view, middleware), MOST))
            for method, pattern, view in routes
        ]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        for method, pattern, view, batcher in self.routes:
            if scope["method"] == method and (
                match := pattern.fullmatch(scope["path"])
            ):
                request = await read(scope, receive, view.max_body)
                if request:
                    asked = Asked(request, match.groupdict().get("slug", ""))
                    await send_response(await batcher(asked), send)
                return
        await self.application(scope, receive, send)


async def read(scope: Any, receive: Any, max_body: int | None) -> HttpRequest | None:
    """The request with its whole body; None if the client has gone.

    Of a body that is too large only the beginning is kept: enough to refuse it by.
    """
    most = (max_body or settings.DATA_UPLOAD_MAX_MEMORY_SIZE) + 1
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")[: most - len(body)]
        more = message.get("more_body", False)
    return ASGIRequest(scope, BytesIO(body))


class Call:
    """One call for many requests: the responses, in their order."""

    def __init__(self, view: GatheredView, middleware: Middleware) -> None:
        self.view, self.middleware = view, middleware

    def __call__(self, asked: Sequence[Asked]) -> list[HttpResponseBase]:
        ended = [self.middleware.before(one.request) for one in asked]
        translation.deactivate()  # that of the last
        open_ = [one for one, response in zip(asked, ended) if response is None]
        outcomes = iter(self._outcomes(open_))
        return [
            self._finish(one.request, response or next(outcomes))
            for one, response in zip(asked, ended)
        ]

    def _outcomes(self, asked: Sequence[Asked]) -> list[Any]:
        if not asked:
            return []
        try:
            recognize([one.request for one in asked])
            return isolate(self.view.many, asked)
        except Exception as error:  # an outage: each of them is told
            return [error] * len(asked)

    def _finish(self, request: HttpRequest, outcome: Any) -> HttpResponseBase:
        language = getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE)
        with translation.override(language):
            response = self._response(request, outcome)
            return self.middleware.after(request, response)

    def _response(self, request: HttpRequest, outcome: Any) -> HttpResponseBase:
        """The view's, or what Django's handler makes of an exception."""
        if isinstance(outcome, HttpResponseBase):
            return outcome
        try:
            if isinstance(outcome, Exception):
                raise outcome
            return self.view.respond(request, outcome)
        except Exception as error:
            said = Refusals(_no_view).process_exception(request, error)
            return said or response_for_exception(request, error)


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
