"""Requests for the gathered routes, each with data of its own; comparing replies."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.cookies import SimpleCookie
from itertools import count
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib.sessions.models import Session
from django.utils import timezone

from answers.models import Answer
from checkins.models import CheckIn, Item, Redemption
from games.models import Game, Guest
from games.states import State
from tests.conftest import SETTINGS
from users.models import ApiToken, CoinEntry, Player
from users.renewal import life
from users.sessions import open_for

ID = UUID("0b9f4f0e-4a64-4b8f-9b52-0d5b0c9a3c11")
CSRF = "c" * 32
Answered = tuple[int, dict[str, Any], dict[str, Any], Any]
_numbers = count(10_001)


class World:
    """Games in every state, players in every state; equal to any other but for `n`."""

    def __init__(self) -> None:
        self.n = str(next(_numbers))
        self.puzzle = self.game("puzzle")
        self.closed = self.game("puzzle", State.CLOSED, "closed")
        self.listed = self.game("puzzle", slug="listed", access="signed_in")
        self.daily = self.game("checkin")
        pool = self.daily.pools.create(name="Mug")
        pool.add([f"MUG-{self.n}-{i}" for i in range(3)])
        self.item = Item.objects.create(pool=pool, title="A mug", price=5)
        self.alice = Player.objects.create_user(f"Alice {self.n}")
        gift = {"key": f"gift:{uuid4()}", "at": timezone.now()}
        CoinEntry.objects.record(self.alice, 20, "adjusted", **gift)
        self.guest = Player.objects.create_guest(f"Lucky {self.n}")
        Guest.objects.admit(self.daily.pk, self.guest, f"Lucky {self.n}")
        Guest.objects.admit(self.puzzle.pk, None, f"Taken {self.n}", uuid4())
        self.session, self.guests_session = open_for([self.alice, self.guest])
        self.tokens = {
            scope: ApiToken.objects.issue(self.alice, scope, scope)[1]
            for scope in ("read", "write")
        }

    def game(
        self, kind: str, state: State = State.OPEN, slug: str = "", **fields: Any
    ) -> Game:
        return Game.objects.create(
            kind=kind,
            slug=f"{slug or kind}-{self.n}",
            state=state,
            title=f"A {kind}",
            settings=SETTINGS[kind],
            opens_at=timezone.now() - timedelta(minutes=1),
            **fields,
        )

    def unused(self, since: timedelta) -> None:
        """Make alice's session unused for this long."""
        expires = timezone.now() + life() - since
        Session.objects.filter(pk=self.session).update(expire_date=expires)

    def after(self) -> dict[str, Any]:
        """The changed data, and for how many days the sessions still last."""
        ends = dict(
            Session.objects.filter(
                pk__in=[self.session, self.guests_session]
            ).values_list("pk", "expire_date")
        )
        games = Game.objects.filter(slug__endswith=self.n)
        new = Player.objects.filter(guest_in__game__in=games).distinct()
        return {
            "sessions": [
                key in ends and (ends[key] - timezone.now() + timedelta(hours=1)).days
                for key in (self.session, self.guests_session)
            ],
            "guests": sorted(
                name.replace(self.n, "N")
                for name in Guest.objects.filter(game__in=games).values_list(
                    "nickname", flat=True
                )
            ),
            "were here": sorted(bool(player.last_login) for player in new),
            "answers": Answer.objects.filter(game__in=games).count(),
            "checkins": CheckIn.objects.filter(game__in=games).count(),
            "purchases": Redemption.objects.filter(item=self.item).count(),
            "coins": Player.objects.get(pk=self.alice.pk).coins,
        }


@dataclass(frozen=True)
class Ask:
    """A request."""

    path: str
    body: bytes = b""
    method: str = "POST"
    query: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    chunked: bool = False

    def but(self, **changes: Any) -> "Ask":
        return replace(self, **changes)

    def saying(self, **headers: str | None) -> "Ask":
        """The request with these headers too; None removes one."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {**self.headers, **named}
        return self.but(headers={k: v for k, v in kept.items() if v is not None})

    def with_cookies(self, **cookies: str) -> "Ask":
        return self.but(cookies={**self.cookies, **cookies})

    def json(self, body: Any) -> "Ask":
        return self.but(body=body if isinstance(body, bytes) else to_json(body))

    def form(self, **fields: str) -> "Ask":
        return self.but(body=urlencode(fields).encode())

    def scope(self) -> dict[str, Any]:
        sent = {"host": "testserver", "user-agent": "a test", **self.headers}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        if not self.chunked:
            sent.setdefault("content-length", str(len(self.body)))
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query,
            "root_path": "",
            "headers": [(k.encode(), v.encode()) for k, v in sent.items()],
            "client": ("192.0.2.7", 40_000),
            "server": ("127.0.0.1", 8000),
        }

    def messages(self) -> Iterator[dict[str, Any]]:
        step = 10_000 if self.chunked else len(self.body) or 1
        parts = [self.body[at : at + step] for at in range(0, len(self.body), step)]
        for part in parts[:-1]:
            yield {"type": "http.request", "body": part, "more_body": True}
        yield {"type": "http.request", "body": parts[-1] if parts else b""}


def to_json(body: Any) -> bytes:
    return json.dumps(body).encode()


class Connection:
    """Sends one request to an application and keeps the reply."""

    def __init__(self, ask: Ask) -> None:
        self.ask, self.messages = ask, ask.messages()
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        with suppress(StopIteration):
            return next(self.messages)
        await asyncio.Event().wait()  # the client stays
        raise AssertionError

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    async def run(self, application: Any) -> None:
        await application(self.ask.scope(), self.receive, self.send)

    def answered(self) -> tuple[int, list[tuple[str, str]], bytes]:
        start, *bodies = self.sent
        headers = [(k.decode().lower(), v.decode()) for k, v in start["headers"]]
        return (
            start["status"],
            headers,
            b"".join(message.get("body", b"") for message in bodies),
        )


def reply_of(application: Any, *asks: Ask) -> Connection:
    """Send these requests one after the other; the last reply."""

    async def run() -> Connection:
        for ask in asks:
            connection = Connection(ask)
            await connection.run(application)
        return connection

    return asyncio.run(run())


# Comparing two replies

VARYING = {"time", "now", "hmac", "sequence", "id", "item", "seq", "next_open_at"}
VARYING |= {"opens_at", "closes_at", "retry_after", "date", "slug", "me", "etag"}


TIMES = ("retry-after", "expires")  # in whole seconds, of when it was asked


def comparable(connection: Connection, world: World) -> Answered:
    """Status, headers, cookies and body, without what tells the two worlds apart."""
    status, headers, body = connection.answered()
    lengths = [value for name, value in headers if name == "content-length"]
    if connection.ask.method != "HEAD":
        assert lengths in ([], [str(len(body))])
    plain = [
        (name, "a time" if name in TIMES else value.replace(world.n, "N"))
        for name, value in headers
        if name not in ("set-cookie", "content-length")
    ]
    cookies = [value for name, value in headers if name == "set-cookie"]
    return (
        status,
        {"length": bool(lengths), "all": sorted(plain)},
        dict(cookie_of(header, connection.ask) for header in cookies),
        text_of(body, world),
    )


def cookie_of(header: str, ask: Ask) -> tuple[str, Any]:
    jar: SimpleCookie = SimpleCookie(header)
    [(name, cookie)] = jar.items()
    attributes = {k: v for k, v in cookie.items() if v and k != "expires"}
    value = "as sent" if cookie.value == ask.cookies.get(name) else bool(cookie.value)
    return name, (attributes, value)


def text_of(body: bytes, world: World) -> Any:
    try:
        return without_varying(json.loads(body), world)
    except ValueError:
        text = body.decode().replace(world.n, "N")
        random = (
            r"(?<=value=\")([0-9a-f-]{36}|[0-9A-Za-z]{64})(?=\")"  # ids, CSRF tokens
        )
        return re.sub(rf"\d+ (second|วินาที)|{random}", "", text)


def without_varying(value: Any, world: World) -> Any:
    if isinstance(value, dict):
        return {
            name: type(item).__name__
            if name in VARYING and not isinstance(item, dict)
            else without_varying(item, world)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [without_varying(item, world) for item in value]
    return value.replace(world.n, "N") if isinstance(value, str) else value


# The routes


@dataclass(frozen=True)
class Route:
    """A gathered route: its path, and the body of a player's request."""

    path: str
    body: Callable[[World], Any] | None = None

    def ask(self, world: World) -> Ask:
        """Alice's request, with all cookies of a browser; to join, a stranger's."""
        path = self.path.format(slug=world.puzzle.slug)
        if self.body is None:
            headers = {
                "origin": "http://testserver",
                "content-type": "application/x-www-form-urlencoded",
            }
            return Ask(path, headers=headers).form(nickname=f"Nick {world.n}")
        ask = Ask(path, to_json(self.body(world)))
        return as_alice(ask, world).saying(
            content_type="application/json", x_csrftoken=CSRF
        )


def as_alice(ask: Ask, world: World) -> Ask:
    return ask.with_cookies(sessionid=world.session, csrftoken=CSRF, renewed="1")


def reads(world: World) -> dict[str, Any]:
    game = [
        {"type": type_, "id": world.puzzle.slug}
        for type_ in ("game", "mine", "board", "answers", "checkins")
    ]
    others = [{"type": "user", "id": world.alice.pk}, {"type": "game", "id": "none"}]
    return {"requests": game + others}


BATCH = "/(?:api/)?batch"
ROUTES = {
    "join": Route("/games/{slug}/join/"),
    "answers": Route(
        "/api/answers",
        lambda w: {"id": str(ID), "game": w.puzzle.slug, "value": "elephant"},
    ),
    "checkins": Route("/api/checkins", lambda w: {"id": str(ID), "game": w.daily.slug}),
    "redemptions": Route(
        "/api/redemptions",
        lambda w: {"id": str(ID), "game": w.daily.slug, "item": w.item.pk},
    ),
    "batch": Route("/api/batch", reads),
    "bare batch": Route("/batch", reads),
}


def replies_together(application: Any, asks: Sequence[Ask]) -> list[Connection]:
    """The replies to requests that arrive together, and so share one call."""
    connections = [Connection(ask) for ask in asks]

    async def run() -> None:
        await asyncio.gather(*(c.run(application) for c in connections))

    asyncio.run(run())
    return connections
