"""A session lasts while it is used in any way, without a write each time."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from games.models import Game
from live.renewals import renew_sessions
from live.welcome import WelcomeRequest, personal_states
from tests.conftest import PASSWORD
from tests.stack import Stack
from users.models import Player
from users.renewal import fresh, life, renew
from users.sessions import open_for

MakeGame = Callable[..., Game]
DAY = timedelta(days=1)
ALL = {"sessionid", "csrftoken", "renewed"}


def key_of(client: Client) -> str:
    return client.cookies["sessionid"].value


def unused(session_key: str, since: timedelta) -> None:
    """Make the session unused for this long."""
    expires = timezone.now() + life() - since
    Session.objects.filter(pk=session_key).update(expire_date=expires)


def left(session_key: str) -> timedelta:
    """How much longer the session lasts."""
    return Session.objects.get(pk=session_key).expire_date - timezone.now()


def is_whole(session_key: str) -> bool:
    return left(session_key) > life() - timedelta(minutes=1)


def writes(queries: CaptureQueriesContext) -> list[str]:
    said = [query["sql"] for query in queries.captured_queries]
    return [one for one in said if one.startswith("UPDATE")]


@pytest.fixture
def fresh_alice(as_alice: Client) -> Client:
    """A browser with all the cookies that a sign-in leaves."""
    as_alice.get("/me/")
    assert as_alice.cookies.keys() >= ALL
    return as_alice


def command(client: Client, game: Game) -> Any:
    body = {"game": game.slug, "id": str(uuid4()), "value": "mouse"}
    return client.post("/api/answers", body, "application/json")


USES: dict[str, Callable[[Client, Game], Any]] = {
    "a page": lambda client, _game: client.get("/me/"),
    "an answer of the API": lambda client, _game: client.get("/api/answers"),
    "a command": command,
    "a batch": lambda client, game: client.post(
        "/api/batch",
        {"requests": [{"type": "mine", "id": game.slug}]},
        "application/json",
    ),
}


@pytest.mark.parametrize("use", USES)
def test_use_over_http_renews_the_session_once(
    fresh_alice: Client, make_game: MakeGame, use: str
) -> None:
    game, key = make_game(), key_of(fresh_alice)
    for since, renewals in ((2 * DAY, 1), (timedelta(hours=23), 0)):
        unused(key, since)
        with CaptureQueriesContext(connection) as queries:
            assert USES[use](fresh_alice, game).status_code == 200
        updates = [one for one in writes(queries) if "django_session" in one]
        assert len(updates) == renewals
        assert is_whole(key) == bool(renewals)


@pytest.mark.parametrize("missing", ["renewed", "csrftoken"])
def test_personal_answer_renews_cookies_that_are_no_longer_fresh(
    fresh_alice: Client, missing: str
) -> None:
    own = f"/api/users/{Player.objects.get().pk}"
    assert not fresh_alice.get(own).cookies
    del fresh_alice.cookies[missing]
    cookies = fresh_alice.get(own).cookies
    assert cookies.keys() == ALL
    assert cookies["sessionid"].value == key_of(fresh_alice)
    ages = {
        name: timedelta(seconds=int(one["max-age"])) for name, one in cookies.items()
    }
    # Whoever was fresh when they last came has a cookie as long as a session.
    assert ages["sessionid"] == life() + fresh()
    assert ages["renewed"] == fresh() < ages["csrftoken"]


@pytest.mark.parametrize("path", ["/login/", "/signup/", "/games/{slug}/join/"])
def test_whoever_comes_in_has_all_three(
    alice: Player, make_game: MakeGame, path: str
) -> None:
    form = {"username": "Alice", "password": PASSWORD, "nickname": "Zoe", "name": "Zoe"}
    origin = {"HTTP_ORIGIN": "http://testserver"}
    client = Client(enforce_csrf_checks=True)
    answer = client.post(path.format(slug=make_game().slug), form, **origin)
    assert answer.status_code == 302
    assert answer.cookies.keys() >= ALL
    assert int(answer.cookies["sessionid"]["max-age"]) >= life().total_seconds()


@pytest.mark.parametrize(
    "path", ["/", "/login/", "/signup/", "/games/{slug}/", "/api/games/{slug}"]
)
def test_what_is_shared_sets_no_cookie(
    as_alice: Client, make_game: MakeGame, path: str
) -> None:
    unused(key_of(as_alice), 30 * DAY)
    answer = as_alice.get(path.format(slug=make_game().slug))
    assert "public" in answer["Cache-Control"]
    assert not answer.cookies


def test_strangers_get_no_cookie(client: Client, db: None) -> None:
    assert not client.get("/").cookies


def test_session_that_has_ended_stays_so(as_alice: Client, make_game: MakeGame) -> None:
    game, key = make_game(), key_of(as_alice)
    unused(key, life() + DAY)
    assert "renewed" not in as_alice.get("/me/").cookies
    renew([key], timezone.now())
    [found] = personal_states([WelcomeRequest(key, game)])
    assert found.player is None
    assert left(key) < timedelta(0)


def arrive(game: Game, keys: list[str]) -> CaptureQueriesContext:
    with CaptureQueriesContext(connection) as queries:
        found = personal_states([WelcomeRequest(key, game) for key in keys])
    assert all(one.player for one in found)
    return queries


def test_arrivals_that_come_together_are_renewed_in_one_statement(
    make_game: MakeGame, alice: Player, bob: Player
) -> None:
    game, keys = make_game(), open_for([alice, bob, alice])
    before = arrive(game, keys)
    assert writes(before) == []
    for key in keys:
        unused(key, 2 * DAY)
    [write] = writes(arrive(game, keys))
    assert "django_session" in write
    assert all(map(is_whole, keys))
    assert len(arrive(game, keys)) == len(before)


def test_short_session_is_renewed_long_before_it_ends(
    make_game: MakeGame, alice: Player, settings: Any
) -> None:
    settings.SESSION_COOKIE_AGE = DAY.total_seconds()
    game, [key] = make_game(), open_for([alice])
    unused(key, timedelta(hours=2))
    assert writes(arrive(game, [key])) == []
    unused(key, timedelta(hours=3))
    arrive(game, [key])
    assert is_whole(key)


@pytest.mark.django_db(transaction=True)
async def test_socket_that_stays_open_keeps_its_session(alice: Player) -> None:
    def begin() -> list[str]:
        keys = open_for([alice, alice])
        for key in keys:
            unused(key, 2 * DAY)
        return keys

    from live.batchers import in_thread

    here, elsewhere = await in_thread(begin)
    sockets = [
        SimpleNamespace(session_key=here, player_id=alice.pk),
        SimpleNamespace(session_key=elsewhere, player_id=None),
    ]
    await renew_sessions(cast("Any", [SimpleNamespace(everybody=sockets)]))
    assert await in_thread(is_whole, here)
    assert not await in_thread(is_whole, elsewhere)


AGED = """
from django.contrib.sessions.models import Session
row = Session.objects.filter(session_key=given["session"])
"""


async def test_player_who_comes_by_the_socket_alone_stays_signed_in(
    stack: Stack,
) -> None:
    slug = stack.make_game("puzzle", {"accepted": ["elephant"]})
    [session] = stack.make_players(1)
    code = AGED + "row.update(expire_date=now + timedelta(hours=1))"
    stack.run(code, session=session)
    async with stack.socket(slug, session) as player:
        assert (await player.hear("welcome"))["me"]
    code = AGED + "out = (row.get().expire_date - now).days"
    assert stack.run(code, session=session) >= life().days - 1
