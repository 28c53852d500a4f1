"""Lines of their own for sign-in and sign-up, which each hash a password.

A script may send a form with a random id in the header `X-Place`, and then ask with the
same id for the form's place in the line. The id gives no other right.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import Any

from core.gathered import Asked
from core.line import Line, Turn
from gameproject.gathering import Call, load_middleware, read, send_response
from gameproject.waiting import InLine, Message, Places, Receive, Scope, Send
from live.batchers import Batcher
from users.hashers import AT_ONCE
from users.signing_in import sign_in_view

SIGN_IN = "/login/"
FORMS = frozenset({SIGN_IN, "/signup/", "/admin/login/"})
PLACE = "/login/place/"
HEADER, ID = b"x-place", re.compile(rb"[\w-]{16,64}")
# More than hash at a time, because the others use the database; at most 8.
FORMS_AT_ONCE = min(AT_ONCE + 2, 8)
# Sign-ins in one call: it takes 3 s of a core to hash, and five statements.
MAX_TOGETHER = 150
MAX_WAIT = 55.0  # seconds; nginx waits for 60
NEVER_REFUSED = 1000  # how many may arrive at once without a refusal


class HashLine(Line):
    """A line in which slow first turns don't refuse any of `NEVER_REFUSED` arrivals."""

    @property
    def turn_seconds(self) -> float:
        maximum = self.longest_wait * self.at_once / (NEVER_REFUSED + 0.5)
        return min(super().turn_seconds, maximum)


class SignIns(HashLine):
    """Counts those inside as waiting too, because they are served one by one."""

    def place_of(self, turn: Turn) -> int:
        """How many turns came before this one and have not ended."""
        turns = [*self.inside, *self.waiting]
        return turns.index(turn) if turn in turns else 0


class FormPlaces(Places):
    """The line for the other forms, each served by Django in a thread."""

    def __init__(self) -> None:
        super().__init__("forms", FORMS_AT_ONCE)
        self.line = HashLine(FORMS_AT_ONCE, MAX_WAIT)


class SignInPlaces(Places):
    """The line for sign-ins: one batch runs while the next one gathers."""

    def __init__(self) -> None:
        self.line = SignIns(2 * MAX_TOGETHER, MAX_WAIT)
        call = Call(sign_in_view, load_middleware())
        self.batcher = Batcher(call, MAX_TOGETHER)

    async def serve(
        self, pages: Any, scope: Scope, receive: Receive, send: Send
    ) -> None:
        request = await read(scope, receive, sign_in_view.max_body)
        if request:
            await send_response(await self.batcher(Asked(request)), send)


class SignInLine(InLine):
    """The lines for all pages, with two more for sign-ins and the other forms."""

    def __init__(self, pages: Any) -> None:
        super().__init__(pages)
        self.sign_ins, self.forms = SignInPlaces(), FormPlaces()
        self.turns: dict[bytes, Turn] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == PLACE:
            await self.tell_place(scope, send)
        elif is_form(scope) and id_in(scope):
            await super().__call__(scope, receive, as_created(send))
        else:
            await super().__call__(scope, receive, send)

    def places_for(self, scope: Scope) -> Places:
        if not is_form(scope):
            return super().places_for(scope)
        return self.sign_ins if scope["path"] == SIGN_IN else self.forms

    async def _serve(
        self, places: Places, turn: Turn, scope: Scope, *rest: Any
    ) -> None:
        with self.known(id_in(scope), turn):
            await super()._serve(places, turn, scope, *rest)

    @contextmanager
    def known(self, id_: bytes, turn: Turn) -> Iterator[None]:
        """Let the turn be found by its id, unless it is empty, until the turn ends."""
        if id_:
            self.turns[id_] = turn
        try:
            yield
        finally:
            if self.turns.get(id_) is turn:
                del self.turns[id_]

    async def tell_place(self, scope: Scope, send: Send) -> None:
        """Respond with the `place` and the `seconds` left of the form with this id.

        Both are 0 if no other form is before it, or if none has this id here.
        """
        turn = self.turns.get(id_in(scope))
        place = turn.place if turn else 0
        seconds = ceil(turn.seconds_left) if turn else 0
        body = json.dumps({"place": place, "seconds": seconds}).encode()
        length = (b"content-length", str(len(body)).encode())
        start = {"type": "http.response.start", "status": 200}
        await send({**start, "headers": [*PLACE_HEADERS, length]})
        await send({"type": "http.response.body", "body": body})


PLACE_HEADERS = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"private, no-store"),
    (b"content-security-policy", b"default-src 'none'"),
    (b"x-content-type-options", b"nosniff"),
]


def is_form(scope: Scope) -> bool:
    return scope["method"] == "POST" and scope["path"] in FORMS


def id_in(scope: Scope) -> bytes:
    """The id in the header `X-Place`; empty if it is missing or malformed."""
    value = dict(scope["headers"]).get(HEADER, b"")
    return value if ID.fullmatch(value) else b""


def as_created(send: Send) -> Send:
    """A `send` that turns 302 into 201, so that a script sees the `Location`."""

    async def send_on(message: Message) -> None:
        if message.get("status") == 302:
            message = {**message, "status": 201}
        await send(message)

    return send_on
