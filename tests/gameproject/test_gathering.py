"""The gathered routes respond exactly as Django's own views do.

Both get the same requests, each with equal data of its own.
"""

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.handlers.asgi import ASGIHandler
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

import batch.api
from core import metrics
from core.cache import outage
from core.token_buckets import shared
from gameproject.asgi import gathered
from gameproject.boundary import Boundary
from gameproject.gathering import Gathering
from games.models import Game
from tests.gathered import (
    CSRF,
    ROUTES,
    Ask,
    World,
    as_alice,
    comparable,
    reply_of,
)
from users.models import Player

Change = Callable[[Ask, World], Ask]
PARTS = ("status", "headers", "cookies", "body", "what was changed")


# Other threads' connections write the data.
pytestmark = pytest.mark.django_db(transaction=True)


def both() -> tuple[Any, Any]:
    pages = ASGIHandler()
    return Boundary(Gathering(pages, gathered)), Boundary(pages)


@pytest.fixture(scope="module")
def applications() -> tuple[Any, Any]:
    return both()


def assert_equal(applications: Any, route: str, change: Change, times: int = 1) -> Any:
    replies = []
    for application in applications:
        world = World()
        ask = change(ROUTES[route].ask(world), world)
        reply = reply_of(application, *[ask] * times)
        replies.append((*comparable(reply, world), world.after()))
    ours, djangos = replies
    for part, of_ours, of_djangos in zip(PARTS, ours, djangos, strict=True):
        assert of_ours == of_djangos, part
    return ours


def test_every_gathered_route_is_walked() -> None:
    paths = [route.path.format(slug="a") for route in ROUTES.values()] + ["/me/"]
    for _method, pattern, _view in gathered:
        assert any(pattern.fullmatch(path) for path in paths)


@pytest.mark.parametrize("query", [b"", b"cursor=x", b"cursor=5"])
@pytest.mark.parametrize("signed_in", [True, False])
def test_own_page_is_the_same(applications: Any, signed_in: bool, query: bytes) -> None:
    replies = []
    for application in applications:
        world = World()
        ask = Ask("/me/", method="GET", query=query)
        if signed_in:
            ask = as_alice(ask, world)
        replies.append(comparable(reply_of(application, ask), world))
    assert replies[0] == replies[1]


# Changes of a good request


def same(ask: Ask, _world: World) -> Ask:
    return ask


def body(**fields: Any) -> Change:
    """Add these fields to the body; None removes one."""

    def change(ask: Ask, world: World) -> Ask:
        kept = {**json.loads(ask.body), **fields}
        return ask.json({k: v for k, v in kept.items() if v is not None})

    return change


def raw(text: bytes) -> Change:
    return lambda ask, _world: ask.json(text)


def with_headers(**headers: str | None) -> Change:
    return lambda ask, _world: ask.saying(**headers)


def token(scope: str, session: bool = False) -> Change:
    def change(ask: Ask, world: World) -> Ask:
        text = world.tokens.get(scope, scope)
        kept = ask.cookies if session else {}
        asked = ask.but(cookies=kept).saying(authorization=f"Bearer {text}")
        return asked.saying(x_csrftoken=None)

    return change


def unused(days: float, **changes: Any) -> Change:
    def change(ask: Ask, world: World) -> Ask:
        world.unused(timedelta(days=days))
        return ask.but(**changes)

    return change


def due(change: Change) -> Change:
    return lambda ask, world: change(unused(3)(ask, world), world)


def stranger(ask: Ask, _world: World) -> Ask:
    return ask.but(cookies={}).saying(x_csrftoken=None)


def stale_cookies(ask: Ask, world: World) -> Ask:
    return ask.but(cookies={"sessionid": world.session, "csrftoken": CSRF})


def session_alone(ask: Ask, world: World) -> Ask:
    return ask.but(cookies={"sessionid": world.session}).saying(x_csrftoken=None)


def session_is(key: str) -> Change:
    return lambda ask, _world: ask.with_cookies(sessionid=key, csrftoken=CSRF)


def banned(ask: Ask, world: World) -> Ask:
    Player.objects.filter(pk=world.alice.pk).update(status=Player.Status.BANNED)
    return ask


def new_password(ask: Ask, world: World) -> Ask:
    Player.objects.filter(pk=world.alice.pk).update(password="another")
    return ask


def in_game(name: str) -> Change:
    def change(ask: Ask, world: World) -> Ask:
        game = getattr(world, name, None)
        return body(game=game.slug if game else name)(ask, world)

    return change


def thai(change: Change) -> Change:
    return lambda ask, world: change(ask, world).saying(accept_language="th,en;q=0.5")


LARGE = b'{"id": "%s"}' % (b"x" * 70_000)
REQUESTS: dict[str, Change] = {
    "member": same,
    "Thai": thai(same),
    "query": lambda ask, _: ask.but(query=b"game=other&x=%E0%B8%81"),
    "query that is no text": lambda ask, _: ask.but(query=b"x=\xff"),
    "query of raw letters": lambda ask, _: ask.but(query="x=ก".encode()),
    "GET": lambda ask, _: ask.but(method="GET", body=b""),
    "HEAD": lambda ask, _: ask.but(method="HEAD", body=b""),
    "PUT": lambda ask, _: ask.but(method="PUT"),
    "small letters": lambda ask, _: ask.but(method="post"),
    "slash": lambda ask, _: ask.but(path=f"{ask.path.rstrip('/')}//"),
    "other slash": lambda ask, _: ask.but(
        path=ask.path[:-1] if ask.path.endswith("/") else f"{ask.path}/"
    ),
    "host that isn't ours": with_headers(host="elsewhere.example"),
    "no session there": session_is("z" * 32),
    "no session's key": session_is("no key"),
    "banned": lambda ask, w: banned(as_alice(ask, w), w),
    "new password": lambda ask, w: new_password(as_alice(ask, w), w),
    "expired session": lambda ask, w: unused(61)(as_alice(ask, w), w),
    "session due": lambda ask, w: unused(3)(as_alice(ask, w), w),
    "stale cookies": stale_cookies,
    "session alone": session_alone,
    "due, refused host": due(with_headers(host="elsewhere.example")),
    "message waiting": lambda ask, _: ask.with_cookies(messages="old"),
    "language cookie": lambda ask, _: ask.with_cookies(django_language="th"),
    "unreadable language": with_headers(accept_language="xx;q=oh, th"),
    "too large by its word": with_headers(content_length="70000"),
    "far too large by its word": with_headers(content_length="2000000"),
}
JSON: dict[str, Change] = {
    "stranger": stranger,
    "stranger in Thai": thai(stranger),
    "without token": with_headers(x_csrftoken=None),
    "wrong token": with_headers(x_csrftoken="d" * 32),
    "without token, session due": due(with_headers(x_csrftoken=None)),
    "without token, no session there": lambda ask, w: session_is("z" * 32)(
        ask.saying(x_csrftoken=None), w
    ),
    "other site": with_headers(origin="https://elsewhere.example"),
    "our origin": with_headers(origin="http://testserver"),
    "write": token("write"),
    "read": token("read"),
    "unknown": token("gp_unknown"),
    "empty bearer": with_headers(authorization="Bearer"),
    "Basic": with_headers(authorization="Basic YTpi"),
    "small bearer": lambda ask, w: ask.saying(
        authorization=f"bearer {w.tokens['write']}"
    ),
    "write, with a session": token("write", session=True),
    "read, with a session": token("read", session=True),
    "unknown, with a session": token("gp_unknown", session=True),
    "write, with a session due": due(token("write", session=True)),
    "write, with stale cookies": lambda ask, w: token("write", session=True)(
        stale_cookies(ask, w), w
    ),
    "write, too large": lambda ask, w: token("write")(ask.json(LARGE), w),
    "malformed": raw(b"{"),
    "no text": raw(b"\xff\xfe\x00"),
    "in UTF-16": lambda ask, _: ask.but(body=ask.body.decode().encode("utf-16")),
    "empty": raw(b""),
    "list": raw(b"[]"),
    "null": raw(b"null"),
    "false": raw(b"false"),
    "number": raw(b"1"),
    "empty object": raw(b"{}"),
    "nested far too deep": raw(b"[" * 60_000),
    "long number": raw(b"1" * 5_000),
    "unknown field": body(more=1),
    "unknown fields": body(more=1, less=2),
    "other content type": with_headers(content_type="text/plain"),
    "no content type": with_headers(content_type=None),
    "form": with_headers(content_type="application/x-www-form-urlencoded"),
    "too large": raw(LARGE),
    "too large, in parts": lambda ask, _: ask.but(body=LARGE, chunked=True),
    "in parts": lambda ask, _: ask.but(chunked=True),
    "too large, without token": lambda ask, _: ask.json(LARGE).saying(x_csrftoken=None),
}
COMMAND: dict[str, Change] = {
    "missing field": body(id=None),
    "missing game": body(game=None),
    "wrong type": body(id="no UUID"),
    "wrong type in Thai": thai(body(id=[])),
    "other type of game": body(game=5),
    "no slug": body(game="A Game"),
    "too long a slug": body(game="a" * 61),
    "unknown game": in_game("unknown"),
    "unknown game in Thai": thai(in_game("unknown")),
    "closed game": in_game("closed"),
    "closed game in Thai": thai(in_game("closed")),
    "other kind of game": in_game("listed"),
}
BY_ROUTE: dict[str, dict[str, Change]] = {
    "answers": {
        **COMMAND,
        "nested too deep": body(value=[[[[[[[[[[1]]]]]]]]]]),
        "nested too deep in Thai": thai(body(value=[[[[[[[[[[1]]]]]]]]]])),
        "NUL": thai(body(value="a\x00b")),
        "no number": thai(raw(b'{"id": "%s", "game": "a", "value": NaN}')),
        "value left out": body(value=None),
        "other question": thai(body(question="5")),
        "kind's refusal": thai(body(value=[0])),
        "long": thai(body(value="x" * 1000)),
    },
    "checkins": {
        **COMMAND,
        "other day": thai(body(day=3)),
        "wrong day": body(day="x"),
        "price": body(price=3),
    },
    "redemptions": {
        **COMMAND,
        "other price": thai(body(price=3)),
        "no such item": thai(body(item=1)),
        "item left out": body(item=None),
        "item in words": body(item="a mug"),
    },
    "batch": {
        "nothing asked": body(requests=[]),
        "unknown type": body(requests=[{"type": "secret", "id": "a"}]),
        "other type": body(requests="game"),
        "item with more": body(requests=[{"type": "game", "id": "a", "x": 1}]),
        "too many": body(requests=[{"type": "game", "id": "a"}] * 51),
        "refusals in Thai": thai(
            body(requests=[{"type": "user", "id": 1}, {"type": "board", "id": "a"}])
        ),
        "stranger's refusals in Thai": thai(
            lambda ask, w: stranger(
                body(requests=[{"type": "answers"}, {"type": "user", "id": 1}])(ask, w),
                w,
            )
        ),
        "all in Thai": thai(same),
    },
}
BY_ROUTE["bare batch"] = BY_ROUTE["batch"]
FORM = "application/x-www-form-urlencoded"


def nickname(text: str, **more: str) -> Change:
    return lambda ask, w: ask.form(nickname=text.format(n=w.n), **more)


def multipart(end: bytes = b"--b--\r\n", parts: int = 1) -> Change:
    def change(ask: Ask, world: World) -> Ask:
        part = b'--b\r\nContent-Disposition: form-data; name="nickname"\r\n\r\n%s\r\n'
        body = part % f"Many {world.n}".encode() * parts + end
        return ask.but(body=body).saying(content_type="multipart/form-data; boundary=b")

    return change


def as_guest(ask: Ask, world: World) -> Ask:
    cookies = {"sessionid": world.guests_session, "csrftoken": CSRF, "renewed": "1"}
    return ask.but(cookies=cookies)


JOIN: dict[str, Change] = {
    "stranger": same,
    "no Origin": with_headers(origin=None),
    "no Origin in Thai": thai(with_headers(origin=None)),
    "null": with_headers(origin="null"),
    "another site": with_headers(origin="https://elsewhere.example"),
    "another site, session due": due(
        lambda ask, w: as_alice(ask, w).saying(origin="https://elsewhere.example")
    ),
    "https of ours": with_headers(origin="https://testserver"),
    "empty": nickname(""),
    "empty in Thai": thai(nickname("")),
    "one letter": nickname("x"),
    "too long": nickname("x" * 21),
    "far too long": nickname("x" * 2000),
    "control characters": nickname("a\x00b {n}"),
    "only control characters": nickname("\x00\x01"),
    "blocked, in Thai": thai(nickname("admin")),
    "taken": nickname("Taken {n}"),
    "taken in Thai": thai(nickname("Taken {n}")),
    "taken, with a cookie": lambda ask, w: nickname("Taken {n}")(ask, w).with_cookies(
        renewed="1"
    ),
    "join_id": nickname("Nick {n}", join_id="0b9f4f0e-4a64-4b8f-9b52-0d5b0c9a3c11"),
    "no join_id": nickname("Nick {n}", join_id="x"),
    "account": as_alice,
    "guest": as_guest,
    "guest, taken": lambda ask, w: as_guest(nickname("Taken {n}")(ask, w), w),
    "guest, session due": lambda ask, w: as_guest(ask, w),
    "session alone": lambda ask, w: ask.but(cookies={"sessionid": w.guests_session}),
    "unknown game": lambda ask, _: ask.but(path="/games/unknown/join/"),
    "unknown game in Thai": thai(lambda ask, _: ask.but(path="/games/unknown/join/")),
    "too long a slug": lambda ask, _: ask.but(path=f"/games/{'a' * 61}/join/"),
    "closed game": lambda ask, w: ask.but(path=f"/games/{w.closed.slug}/join/"),
    "members' game": lambda ask, w: ask.but(path=f"/games/{w.listed.slug}/join/"),
    "no body": raw(b""),
    "multipart": multipart(),
    "multipart cut short": multipart(end=b""),
    "multipart without a boundary": with_headers(content_type="multipart/form-data"),
    "multipart of many": multipart(parts=1001),
    "too many fields": lambda ask, w: ask.but(
        body=ask.body + b"".join(b"&f%d=1" % i for i in range(5001))
    ),
    "JSON": with_headers(content_type="application/json"),
    "other alphabet": with_headers(content_type=f"{FORM}; charset=utf-16"),
    "large": lambda ask, _: ask.but(body=ask.body + b"&x=" + b"y" * 300_000),
    "large, in parts": lambda ask, _: ask.but(
        body=ask.body + b"&x=" + b"y" * 300_000, chunked=True
    ),
    "in parts": lambda ask, _: ask.but(chunked=True),
    "bad device": lambda ask, _: ask.with_cookies(device="forged"),
    "token": token("write"),
}
BY_ROUTE["join"] = JOIN


def cases_of(route: str) -> dict[str, Change]:
    common = REQUESTS if route == "join" else {**REQUESTS, **JSON}
    return {**common, **BY_ROUTE[route]}


@pytest.mark.parametrize("route", ROUTES)
def test_replies_are_the_same(
    applications: Any, route: str, subtests: pytest.Subtests
) -> None:
    for name, change in cases_of(route).items():
        with subtests.test(name):
            assert_equal(applications, route, change)


@pytest.mark.parametrize("route", ROUTES)
def test_repeated_request_gets_the_same_reply(applications: Any, route: str) -> None:
    assert_equal(applications, route, same, times=2)


def test_form_sent_again_gets_the_same_reply(applications: Any) -> None:
    again = nickname("Nick {n}", join_id="0b9f4f0e-4a64-4b8f-9b52-0d5b0c9a3c11")
    assert assert_equal(applications, "join", again, times=2)[0] == 302


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("route", ROUTES)
def test_behind_tls_replies_are_the_same(
    settings: LazySettings, route: str, scheme: str
) -> None:
    settings.SECURE_SSL_REDIRECT = settings.TRUST_PROXY = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 3600
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    change = with_headers(
        x_forwarded_proto=scheme,
        x_real_ip="198.51.100.7",
        origin="https://testserver",
        referer="https://testserver/",
    )
    status = assert_equal(both(), route, change)[0]
    assert (status == 301) is (scheme == "http")


LIMITED = {"join": "joins", "answers": "answers", "checkins": "checkins"}
LIMITED |= {"redemptions": "checkins", "batch": "games", "bare batch": "games"}


@pytest.mark.parametrize("route", ROUTES)
def test_refusal_as_too_fast_is_the_same(
    applications: Any, settings: LazySettings, route: str
) -> None:
    what = LIMITED[route]
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, what: ["1/1h"]}
    settings.ADDRESS_LIMITS = {**settings.ADDRESS_LIMITS, "joins": "1/2h"}

    times = 4 if route == "join" else 2
    replies = []
    for number, application in enumerate(applications):
        world = World()
        asks = []
        for i in range(times):
            ask = thai(same)(ROUTES[route].ask(world), world)
            if route == "join":
                ask = ask.form(nickname=f"Nick{i} {world.n}")
            asks.append(ask)
        reply = reply_of_from(application, f"192.0.2.{number + 1}", *asks)
        replies.append((*comparable(reply, world), world.after()))
    assert replies[0] == replies[1]
    status, headers, _cookies, _text, _after = replies[0]
    assert status == 429
    assert ("retry-after", "a time") in headers["all"]


def reply_of_from(application: Any, address: str, *asks: Ask) -> Any:
    async def from_there(scope: Any, receive: Any, send: Any) -> None:
        await application({**scope, "client": (address, 1)}, receive, send)

    return reply_of(from_there, *asks)


@pytest.mark.parametrize("route", ROUTES)
def test_replies_without_redis_are_the_same(
    applications: Any, settings: LazySettings, route: str
) -> None:
    if not settings.REDIS_URL:
        pytest.skip("There is no Redis.")
    away = "redis://127.0.0.1:1/0"
    settings.CACHES = {
        name: {**cache, "LOCATION": away} for name, cache in settings.CACHES.items()
    }
    try:
        assert_equal(applications, route, same)
    finally:
        outage.is_over()
        shared.come_back()


@pytest.mark.parametrize("route", ROUTES)
def test_replies_without_the_database_are_the_same(
    applications: Any, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: Any) -> None:
        raise OperationalError("away")

    replies = []
    for application in applications:
        world = World()
        ask = thai(same)(ROUTES[route].ask(world), world)
        with monkeypatch.context() as patch:
            patch.setattr(BaseDatabaseWrapper, "ensure_connection", away)
            reply = reply_of(application, ask)
        status, headers, *others = comparable(reply, world)
        # Django has begun to read the session, so it varies by it; neither is cached.
        headers["all"] = [(k, v.replace(", Cookie", "")) for k, v in headers["all"]]
        replies.append((status, headers, *others))
    assert replies[0] == replies[1]
    assert replies[0][0] == 503


def break_it(patch: pytest.MonkeyPatch) -> None:
    """Put a bug into the way of every route."""

    def bug(*_: Any) -> None:
        raise ZeroDivisionError

    patch.setattr(Game.objects.none().__class__, "published", bug)
    patch.setattr(type(Game.objects), "published", bug)
    patch.setattr(batch.api, "read_many", bug)


@pytest.mark.parametrize("route", ROUTES)
def test_replies_to_a_bug_are_the_same_and_it_is_logged_once_and_counted(
    applications: Any,
    route: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    replies = []
    for application in applications:
        world = World()
        caplog.clear()
        before = failures()
        with monkeypatch.context() as patch:
            break_it(patch)
            reply = reply_of(application, thai(same)(ROUTES[route].ask(world), world))
        errors = [r for r in caplog.records if r.levelno >= logging.ERROR]
        assert [error.exc_info and error.exc_info[0] for error in errors] == [
            ZeroDivisionError
        ]
        assert failures() == before + 1
        replies.append((*comparable(reply, world), world.after()))
    assert replies[0] == replies[1]
    assert replies[0][0] == 500


def failures() -> float:
    return metrics.failures.labels("http")._value.get()
