"""What Django serves waits in line: so many requests at a time, each with a thread.

Django itself takes a thread and a database connection for each request that comes. Here
those that wait hold neither: their body has been read, and their client is listened to.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest

from core import metrics
from core.line import Line, Turn
from core.refusals import Refused
from gameproject.boundary import body_limit
from gameproject.gathering import send_response
from gameproject.middleware import refusal_to

LONGEST_WAIT = 15.0  # seconds; nginx waits longer (deploy/nginx/gameproject.conf)
SAFE = ("GET", "HEAD")
# What doesn't stand behind the pages that each person asks for. A cache in front asks
# for each shared page once, and a thousand players wait for it.
CHECKS = re.compile(r"/healthz|/readyz|/metrics")
FILES = urlsplit(settings.STATIC_URL).path
SHARED = re.compile(
    r"/(?:games/[a-z0-9-]{1,60}/|login/|signup/)?|/api/games(?:/[a-z0-9-]{1,60})?"
)
CHECKS_AT_ONCE, FILES_AT_ONCE, SHARED_AT_ONCE = 8, 8, 4

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Places:
    """A line with a thread for each of its turns."""

    def __init__(self, name: str, at_once: int) -> None:
        self.line = Line(at_once, LONGEST_WAIT)
        self._threads = [ThreadPoolExecutor(1, name) for _place in range(at_once)]

    async def serve(self, pages: Any, scope: Scope, *ways: Any) -> None:
        """Run the application; all its work for this request happens in one thread."""
        thread = self._threads.pop()
        try:
            async with ThreadSensitiveContext(executor=thread):
                await pages(scope, *ways)
        finally:
            self._threads.append(thread)


class InLine:
    """Wraps Django's application for HTTP."""

    def __init__(self, pages: Any) -> None:
        self.pages = pages
        self.pages_line = Places("pages", settings.PAGES_AT_ONCE)
        self.past = [
            (CHECKS, Places("checks", CHECKS_AT_ONCE)),
            (SHARED, Places("shared", SHARED_AT_ONCE)),
        ]
        self.files = Places("files", FILES_AT_ONCE)
        self.visits: set[asyncio.Task[None]] = set()  # a loop alone would forget them

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (body := await read(receive, body_limit(scope["path"]))) is None:
            return
        elif isinstance(body, Refused):
            await refuse(scope, send, body)
        else:
            await self._visit(scope, body, asyncio.ensure_future(receive()), send)

    def places_for(self, scope: Scope) -> Places:
        """Each of a few kinds has a line of its own, so that none waits for another."""
        if scope["method"] in SAFE:
            if scope["path"].startswith(FILES):
                return self.files
            for paths, places in self.past:
                if paths.fullmatch(scope["path"]):
                    return places
        return self.pages_line

    async def _visit(
        self, scope: Scope, body: bytes, gone: asyncio.Future[Message], send: Send
    ) -> None:
        """Be served in turn. Who goes away leaves the line; no turn is cut short."""
        places = self.places_for(scope)
        turn = places.line.turn()
        serving = self._serve(places, turn, scope, body, unless(gone, send))
        visit = asyncio.create_task(serving)
        self.visits.add(visit)
        visit.add_done_callback(self.visits.discard)
        try:
            either: set[asyncio.Future[Any]] = {visit, gone}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if turn.has_begun:
                await asyncio.shield(visit)
        finally:
            gone.cancel()
            if not turn.has_begun:
                visit.cancel()

    async def _serve(
        self, places: Places, turn: Turn, scope: Scope, body: bytes, send: Send
    ) -> None:
        came = monotonic()
        try:
            async with turn:
                metrics.line_seconds.observe(monotonic() - came)
                await places.serve(self.pages, scope, replay(body), send)
        except Refused as refused:
            metrics.line_refused.inc()
            await refuse(scope, send, refused)


async def read(receive: Receive, limit: int) -> bytes | Refused | None:
    """The body; None if the client goes away before its end."""
    body = bytearray()
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")
        if len(body) > limit:
            return Refused("too_large")
        if not message.get("more_body"):
            return bytes(body)
    return None


def replay(body: bytes) -> Receive:
    """A way to receive a body that has been read, and nothing after it.

    Of a client who goes away Django would hear here, and leave its thread at work.
    """
    messages = [{"type": "http.request", "body": body}]

    async def receive() -> Message:
        return messages.pop() if messages else await asyncio.Future()

    return receive


def unless(gone: asyncio.Future[Message], send: Send) -> Send:
    """A way to send that tells Django, between two parts, that the client has gone."""

    async def send_on(message: Message) -> None:
        if gone.done():
            raise asyncio.CancelledError  # Django takes it for what it is
        await send(message)

    return send_on


async def refuse(scope: Scope, send: Send, refused: Refused) -> None:
    """Say a refusal on the event loop: it needs no thread and no database."""
    await send_response(refusal_to(ASGIRequest(scope, BytesIO()), refused), send)
