"""The line before Django: a bounded number of requests at a time, each with a thread.

Django takes a thread and a database connection for every request that arrives. Here a
waiting request holds neither. Its body has been read, and its client may disconnect.
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

MAX_WAIT = 15.0  # seconds; nginx waits longer (deploy/nginx/gameproject.conf)
SAFE = ("GET", "HEAD")
# Paths with lines of their own, so that they don't wait for personal pages. A cache in
# front requests each shared page once, while a thousand players wait for it.
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
    """A line, and a thread for each of its `at_once` places."""

    def __init__(self, name: str, at_once: int) -> None:
        self.line = Line(at_once, MAX_WAIT)
        self._threads = [ThreadPoolExecutor(1, name) for _thread in range(at_once)]

    async def serve(
        self, pages: Any, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Run the application `pages` with one thread for all work of this request."""
        thread = self._threads.pop()
        try:
            async with ThreadSensitiveContext(executor=thread):
                await pages(scope, receive, send)
        finally:
            self._threads.append(thread)


class InLine:
    """The ASGI application around Django's: each request waits for a place."""

    def __init__(self, pages: Any) -> None:
        self.pages = pages
        self.pages_line = Places("pages", settings.PAGES_AT_ONCE)
        self.past = [
            (CHECKS, Places("checks", CHECKS_AT_ONCE)),
            (SHARED, Places("shared", SHARED_AT_ONCE)),
        ]
        self.files = Places("files", FILES_AT_ONCE)
        self.visits: set[asyncio.Task[None]] = (
            set()
        )  # without a reference a task may be collected

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (body := await read(receive, body_limit(scope["path"]))) is None:
            return
        elif isinstance(body, Refused):
            await refuse(scope, send, body)
        else:
            await self._visit(scope, body, asyncio.ensure_future(receive()), send)

    def places_for(self, scope: Scope) -> Places:
        """The line for this request: files, checks and shared pages have their own."""
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
        """Serve the request in its turn.

        A client that disconnects leaves the line; a turn that has begun goes on.
        """
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
        began = monotonic()
        try:
            async with turn:
                metrics.line_seconds.observe(monotonic() - began)
                await places.serve(self.pages, scope, replay(body), send)
        except Refused as refused:
            metrics.line_refused.inc()
            await refuse(scope, send, refused)


async def read(receive: Receive, limit: int) -> bytes | Refused | None:
    """The body, at most `limit` bytes, or a refusal; None if the client disconnects."""
    body = bytearray()
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")
        if len(body) > limit:
            return Refused("too_large")
        if not message.get("more_body"):
            return bytes(body)
    return None


def replay(body: bytes) -> Receive:
    """A `receive` that returns a body already read, and then nothing.

    It hides a disconnect, on which Django would return while its thread still works.
    """
    messages = [{"type": "http.request", "body": body}]

    async def receive() -> Message:
        return messages.pop() if messages else await asyncio.Future()

    return receive


def unless(gone: asyncio.Future[Message], send: Send) -> Send:
    """A `send` that raises `CancelledError` once the client has disconnected."""

    async def send_on(message: Message) -> None:
        if gone.done():
            raise asyncio.CancelledError  # as Django expects on a disconnect
        await send(message)

    return send_on


async def refuse(scope: Scope, send: Send, refused: Refused) -> None:
    """Send a refusal from the event loop: it needs no thread and no database."""
    await send_response(refusal_to(ASGIRequest(scope, BytesIO()), refused), send)
