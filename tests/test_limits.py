"""Limits: every number at its edge, over HTTP and on the socket."""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client

from games.models import Game
from tests.stack import Stack
from users import limits
from users.limits import Counter, rates
from users.models import Player
from users.refusals import Refused

MakeGame = Callable[..., Game]
TABLE = {
    "game": [(60, 30), (10, 1)],
    "games": [(100, 60), (20, 1)],
    "answers": [(50, 10), (10, 1)],
    "checkins": [(30, 10), (5, 1)],
    "user": [(20, 10), (5, 1)],
}


class Clock:
    """A clock that goes on when told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_800_000_000.0
        monkeypatch.setattr(time, "time", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_limits_are_those_of_the_design() -> None:
    assert {what: rates(what) for what in TABLE} == TABLE


PATHS = {
    "game": "/api/games/one",
    "games": "/api/games",
    "answers": "/api/answers",
    "checkins": "/api/checkins",
    "user": "/api/users/{id}",
}


def get(client: Client, path: str) -> Any:
    return client.get(path)


@pytest.mark.django_db
@pytest.mark.parametrize("what", TABLE)
def test_burst_is_refused_at_its_edge_and_allowed_a_second_later(
    as_alice: Client, alice: Player, make_game: MakeGame, clock: Clock, what: str
) -> None:
    make_game(slug="one")
    path = PATHS[what].format(id=alice.pk)
    burst = TABLE[what][1][0]
    for _time in range(burst):
        assert get(as_alice, path).status_code == 200
    refused = get(as_alice, path)
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "rate_limited"
    assert int(refused["Retry-After"]) >= 1
    clock.now += 1
    assert get(as_alice, path).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("what", TABLE)
def test_window_is_refused_at_its_edge_and_allowed_after_it(
    as_alice: Client,
    alice: Player,
    make_game: MakeGame,
    clock: Clock,
    settings: LazySettings,
    what: str,
) -> None:
    make_game(slug="one")
    path = PATHS[what].format(id=alice.pk)
    (most, seconds), _burst = TABLE[what]
    window = settings.RATE_LIMITS[what][0]
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, what: [window]}
    for _time in range(most):
        assert get(as_alice, path).status_code == 200
    refused = get(as_alice, path)
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= seconds
    clock.now += int(refused["Retry-After"]) + 1
    assert get(as_alice, path).status_code == 200


@pytest.mark.django_db
def test_players_behind_one_address_do_not_share_a_limit(
    as_alice: Client, as_bob: Client, make_game: MakeGame, clock: Clock
) -> None:
    make_game(slug="one")
    for _time in range(10):
        get(as_alice, "/api/games/one")
    assert get(as_alice, "/api/games/one").status_code == 429
    assert get(as_bob, "/api/games/one").status_code == 200


@pytest.mark.django_db
def test_strangers_of_a_whole_venue_fit_behind_one_address(
    client: Client, make_game: MakeGame, clock: Clock, settings: LazySettings
) -> None:
    make_game(slug="one")
    settings.VENUE_SIZE = 3
    for _time in range(30):
        assert get(client, "/api/games/one").status_code == 200
    assert get(client, "/api/games/one").status_code == 429
    elsewhere = client.get("/api/games/one", REMOTE_ADDR="10.0.0.9")
    assert elsewhere.status_code == 200


@pytest.mark.django_db
def test_refused_answer_is_not_kept(
    as_alice: Client, alice: Player, make_game: MakeGame, clock: Clock
) -> None:
    game = make_game(slug="one")

    def post() -> int:
        body = {"game": "one", "id": str(uuid4()), "value": "mouse"}
        said = as_alice.post("/api/answers", body, content_type="application/json")
        return said.status_code

    assert [post() for _time in range(11)] == [200] * 10 + [429]
    assert game.answers.count() == 10


# On the socket


@pytest.mark.parametrize("what", TABLE)
def test_counter_refuses_a_burst_at_its_edge(clock: Clock, what: str) -> None:
    counter, burst = Counter(), TABLE[what][1][0]
    for _time in range(burst):
        counter.check(what, "alice")
    with pytest.raises(Refused):
        counter.check(what, "alice")
    counter.check(what, "bob")
    clock.now += 1
    counter.check(what, "alice")


def test_counter_refuses_the_first_after_the_window(
    clock: Clock, settings: LazySettings
) -> None:
    settings.RATE_LIMITS = {"answers": ["50/10s"]}
    clock.now = 1_800_000_000.0
    counter = Counter()
    for _time in range(50):
        counter.check("answers", "alice")
    with pytest.raises(Refused) as caught:
        counter.check("answers", "alice")
    assert caught.value.retry_after == 10
    clock.now += 10
    counter.check("answers", "alice")


def test_counter_forgets_past_windows(clock: Clock) -> None:
    counter = Counter()
    counter.MOST = 10  # type: ignore[misc]
    for place in range(20):
        counter.check("answers", f"p{place}")
        clock.now += 20
    assert len(counter._counts) <= 12


async def test_socket_says_rate_limited_and_goes_on(stack: Stack) -> None:
    slug = stack.make_game("puzzle", {"accepted": ["elephant"]})
    [session] = stack.make_players(1)
    async with stack.socket(slug, session) as player:
        await player.hear("welcome")
        replies = [await player.ask("answer", value="mouse") for _time in range(60)]
    codes = {reply.get("code") for reply in replies}
    assert codes == {None, "rate_limited"}
    assert all(r["retry_after"] >= 1 for r in replies if r["type"] == "error")


def test_every_limit_is_a_setting(settings: LazySettings) -> None:
    settings.RATE_LIMITS = {"game": ["1/s"]}
    assert limits.rates("game") == [(1, 1)]
