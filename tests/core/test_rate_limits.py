"""Rate limits: each at its exact number, over HTTP and on the socket."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client

from core import rate_limits
from core.rate_limits import Counter, rates
from core.refusals import Refused
from games.models import Game
from live import consumer
from live.consumer import GameConsumer
from tests.clocks import Clock
from tests.stack import Stack
from users.models import Player

MakeGame = Callable[..., Game]
TABLE = {
    "game": [(60, 30), (10, 1)],
    "games": [(100, 60), (20, 1)],
    "answers": [(50, 10), (10, 1)],
    "checkins": [(30, 10), (5, 1)],
    "user": [(20, 10), (5, 1)],
}


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
def test_request_over_the_burst_is_refused_and_allowed_a_second_later(
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
    assert refused["Retry-After"] == "1"
    clock.now += 0.9
    assert get(as_alice, path).status_code == 429
    clock.now += 0.1
    assert get(as_alice, path).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("what", TABLE)
def test_request_over_the_window_is_refused_and_allowed_after_it(
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
    wait = int(refused["Retry-After"])
    assert 1 <= wait <= seconds
    clock.now += wait - 0.1
    assert get(as_alice, path).status_code == 429
    clock.now += 0.1
    assert get(as_alice, path).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/api/answers", "answers"),
        ("/api/checkins", "checkins"),
        ("/api/redemptions", "checkins"),
        ("/api/batch", "games"),
        ("/batch", "games"),
    ],
)
def test_post_counts_too(
    as_alice: Client, make_game: MakeGame, clock: Clock, path: str, what: str
) -> None:
    make_game(slug="one")
    burst = TABLE[what][1][0]
    body: dict[str, Any] = {"game": "one", "id": str(uuid4()), "value": "mouse"}
    if path != "/api/answers":
        body = {"game": "one", "id": str(uuid4())}
    if path == "/api/redemptions":
        body["item"] = 1
    if "batch" in path:
        body = {"requests": [{"type": "games"}]}
    statuses = [
        as_alice.post(path, body, content_type="application/json").status_code
        for _time in range(burst + 1)
    ]
    assert statuses.index(429) == burst


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
def test_anonymous_clients_of_a_whole_venue_share_one_address(
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
def test_batches_of_anonymous_clients_are_limited_by_address(
    client: Client, as_alice: Client, clock: Clock, settings: LazySettings
) -> None:
    settings.ADDRESS_LIMITS = {**settings.ADDRESS_LIMITS, "batches": "2/1m"}

    def ask(client: Client, **headers: Any) -> Any:
        body = {"requests": [{"type": "games"}]}
        return client.post("/api/batch", body, "application/json", **headers)

    pages = [ask(client) for _time in range(7)]
    assert [page.status_code for page in pages] == [200] * 6 + [429]
    assert pages[-1]["Retry-After"] == "30"
    assert ask(as_alice).status_code == 200
    assert ask(client, REMOTE_ADDR="10.0.0.9").status_code == 200
    clock.now += 30
    assert ask(client).status_code == 200


@pytest.mark.django_db
def test_refused_answer_is_not_stored(
    as_alice: Client, alice: Player, make_game: MakeGame, clock: Clock
) -> None:
    game = make_game(slug="one")

    def post() -> int:
        body = {"game": "one", "id": str(uuid4()), "value": "mouse"}
        response = as_alice.post("/api/answers", body, content_type="application/json")
        return response.status_code

    assert [post() for _time in range(11)] == [200] * 10 + [429]
    assert game.answers.count() == 10


# On the socket


class Socket(GameConsumer):
    """A player's socket that counts commands but doesn't carry them out."""

    def __init__(self) -> None:
        self.name, self.player_id, self.room = "one", 7, self

    async def settled(self) -> None:
        pass

    async def be_welcomed(self, room: Any, reply_to: str | None = None) -> None:
        pass

    async def carry_out(self, name: str, frame: dict[str, Any], room: Any) -> Any:
        return {}

    async def write(self, text: str) -> None:
        pass


@pytest.mark.parametrize("what", TABLE)
def test_counter_refuses_commands_over_the_burst(clock: Clock, what: str) -> None:
    counter, burst = Counter(), TABLE[what][1][0]
    for _time in range(burst):
        counter.check(what, "alice")
    with pytest.raises(Refused):
        counter.check(what, "alice")
    counter.check(what, "bob")
    clock.now += 1
    counter.check(what, "alice")


@pytest.mark.parametrize("what", TABLE)
def test_counter_refuses_commands_over_the_window(
    clock: Clock, settings: LazySettings, what: str
) -> None:
    (most, seconds), _burst = TABLE[what]
    settings.RATE_LIMITS = {what: settings.RATE_LIMITS[what][:1]}
    counter = Counter()
    for _time in range(most):
        counter.check(what, "alice")
    with pytest.raises(Refused) as caught:
        counter.check(what, "alice")
    assert caught.value.retry_after == seconds
    clock.now += seconds - 0.1
    with pytest.raises(Refused):
        counter.check(what, "alice")
    clock.now += 0.1
    counter.check(what, "alice")


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("answer", "answers"),
        ("checkin", "checkins"),
        ("redeem", "checkins"),
        ("resync", "game"),
    ],
)
async def test_socket_counts_a_command_as_its_route_does(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, command: str, what: str
) -> None:
    monkeypatch.setattr(consumer, "on_sockets", Counter())
    socket = Socket()
    burst = TABLE[what][1][0]
    for _time in range(burst):
        await socket.answer({"type": command, "id": str(uuid4())})
    with pytest.raises(Refused):
        await socket.answer({"type": command, "id": str(uuid4())})
    clock.now += 1
    await socket.answer({"type": command, "id": str(uuid4())})


def test_counter_removes_past_windows(clock: Clock) -> None:
    counter = Counter()
    counter.MAX_COUNTS = 10  # type: ignore[misc]
    for place in range(20):
        counter.check("answers", f"p{place}")
        clock.now += 20
    assert len(counter._counts) <= 12


class CountedCleanups(Counter):
    MAX_COUNTS, cleanups = 10, 0

    def _remove_past_windows(self, now: float) -> None:
        self.cleanups += 1
        super()._remove_past_windows(now)


def test_counter_removes_past_windows_at_most_once_per_second(clock: Clock) -> None:
    counter = CountedCleanups()
    for second in range(3):
        for place in range(50):
            counter.check("answers", f"p{second}.{place}")
        clock.now += 1
    assert counter.cleanups == 3


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
    assert rate_limits.rates("game") == [(1, 1)]
