"""Signing in and up cost a hash: those who do wait in lines of their own.

A script that sends a form under an id of its own, in the header `X-Place`, may ask
under the same id how many are before it. The id gives no other right: the place is that
of the request that waits.
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
# More than hash at a time: they ask the database meanwhile. One process makes no more.
FORMS_AT_ONCE = min(AT_ONCE + 2, 8)
# Sign-ins whose passwords are looked at one after the other, and whose sessions are
# opened together: 3 s of a core, and five statements.
MAX_TOGETHER = 150
LONGEST_WAIT = 55.0  # seconds; nginx waits for 60
NEVER_REFUSED = 1000  # who may come at once in any case


class HashLine(Line):
    """A line in which a slow start refuses nobody whose turn may come in time."""

    @property
    def turn_seconds(self) -> float:
        longest = self.longest_wait * self.at_once / (NEVER_REFUSED + 0.5)
        return min(super().turn_seconds, longest)


class SignIns(HashLine):
    """What is inside is done one after the other: it stands in line as well."""

    def place_of(self, turn: Turn) -> int:
        """How many came before, and are still here."""
        everybody = [*self.inside, *self.waiting]
        return everybody.index(turn) if turn in everybody else 0


class FormPlaces(Places):
    """Each form in a thread, as Django serves it."""

    def __init__(self) -> None:
        super().__init__("forms", FORMS_AT_ONCE)
        self.line = HashLine(FORMS_AT_ONCE, LONGEST_WAIT)


class SignInPlaces(Places):
    """Sign-ins, gathered: while some are looked at, as many stand ready."""

    def __init__(self) -> None:
        self.line = SignIns(2 * MAX_TOGETHER, LONGEST_WAIT)
        call = Call(sign_in_view, load_middleware())
        self.batcher = Batcher(call, MAX_TOGETHER)

    async def serve(self, _pages: Any, scope: Scope, *ways: Any) -> None:
        receive, send = ways
        request = await read(scope, receive, sign_in_view.max_body)
        if request:
            await send_response(await self.batcher(Asked(request)), send)


class SignInLine(InLine):
    """The line for all pages, with another one for these forms."""

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
        """Have a turn found by its id, if it has one, until it is over."""
        if id_:
            self.turns[id_] = turn
        try:
            yield
        finally:
            if self.turns.get(id_) is turn:
                del self.turns[id_]

    async def tell_place(self, scope: Scope, send: Send) -> None:
        """Say `place` and `seconds` left of the form that was sent under this id.

        Both are 0 where nobody is before it, or no such form waits in this process.
        """
        turn = self.turns.get(id_in(scope))
        place = turn.place if turn else 0
        seconds = ceil(turn.seconds_left) if turn else 0
        body = json.dumps({"place": place, "seconds": seconds}).encode()
        length = (b"content-length", str(len(body)).encode())
        start = {"type": "http.response.start", "status": 200}
        await send({**start, "headers": [*SAID, length]})
        await send({"type": "http.response.body", "body": body})


SAID = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"private, no-store"),
    (b"content-security-policy", b"default-src 'none'"),
    (b"x-content-type-options", b"nosniff"),
]


def is_form(scope: Scope) -> bool:
    return scope["method"] == "POST" and scope["path"] in FORMS


def id_in(scope: Scope) -> bytes:
    """Under which a script asks for its place; empty if it doesn't."""
    said = dict(scope["headers"]).get(HEADER, b"")
    return said if ID.fullmatch(said) else b""


def as_created(send: Send) -> Send:
    """Say where to go on to in place of leading there, which a script can't see."""

    async def say(message: Message) -> None:
        if message.get("status") == 302:
            message = {**message, "status": 201}
        await send(message)

    return say
