"""Many reads in one request: fifty cost as much as one."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings, settings
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from redis.connection import AbstractConnection

from answers.models import Answer
from checkins.models import CheckIn
from core import cache
from core.cache import invalidate
from games.models import Game
from games.states import Access
from users.models import Player

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("runs_servers")]
MakeGame = Callable[..., Game]


def ask(client: Client, *wanted: dict[str, Any], path: str = "/api/batch") -> Any:
    response = client.post(
        path, {"requests": list(wanted)}, content_type="application/json"
    )
    assert response.status_code == 200, response.content
    return response.json()["results"]


def refused(client: Client, body: Any) -> tuple[int, dict[str, Any]]:
    response = client.post("/api/batch", body, content_type="application/json")
    return response.status_code, response.json()["error"]


def test_results_are_in_the_order_asked(
    as_alice: Client, alice: Player, make_game: MakeGame
) -> None:
    make_game(slug="one")
    results = ask(
        as_alice,
        {"type": "game", "id": "one"},
        {"type": "user", "id": alice.pk},
        {"type": "game", "id": "nope"},
        {"type": "games"},
        {"type": "answers"},
        {"type": "checkins", "id": "one"},
        {"type": "board", "id": "one"},
        {"type": "game", "id": "one"},
    )
    assert [(one["type"], one["id"], one["status"]) for one in results] == [
        ("game", "one", 200),
        ("user", str(alice.pk), 200),
        ("game", "nope", 404),
        ("games", "", 200),
        ("answers", "", 200),
        ("checkins", "one", 200),
        ("board", "one", 200),
        ("game", "one", 200),
    ]
    assert results[2]["error"]["code"] == "not_found"
    assert "data" not in results[2]
    assert results[0] == results[7]


@pytest.mark.parametrize("path", ["/batch", "/api/batch"])
def test_item_is_the_same_as_on_its_own_route(
    as_alice: Client, alice: Player, make_game: MakeGame, path: str
) -> None:
    game = make_game(slug="one")
    body = {"game": game.slug, "id": str(uuid4()), "value": "elephant"}
    as_alice.post("/api/answers", body, content_type="application/json")
    routes = {
        "/api/games/one": {"type": "game", "id": "one"},
        "/api/games": {"type": "games"},
        f"/api/users/{alice.pk}": {"type": "user", "id": str(alice.pk)},
        "/api/answers": {"type": "answers"},
        "/api/answers?game=one": {"type": "answers", "id": "one"},
        "/api/checkins": {"type": "checkins"},
    }
    results = ask(as_alice, *routes.values(), path=path)
    for route, result in zip(routes, results):
        assert result["data"] == as_alice.get(route).json(), route


def test_listed_games_are_only_for_players_on_the_list(
    client: Client, as_alice: Client, as_bob: Client, make_game: MakeGame
) -> None:
    make_game(slug="ours", access=Access.LISTED).invite(["alice"])
    for who, seen in ((as_alice, 1), (as_bob, 0), (client, 0)):
        [result] = ask(who, {"type": "games"})
        assert result["data"] == who.get("/api/games").json()
        assert len(result["data"]["games"]) == seen


def test_batch_has_no_data_of_other_players(
    client: Client, as_alice: Client, bob: Player
) -> None:
    mine = [{"type": "answers"}, {"type": "checkins"}, {"type": "user", "id": bob.pk}]
    assert [one["status"] for one in ask(client, *mine)] == [401, 401, 401]
    assert ask(as_alice, mine[2])[0]["status"] == 403


class Cost:
    """Counts the statements and the round trips to Redis of a batch."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.trips = 0
        real = AbstractConnection.send_packed_command

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.trips += 1
            return real(*args, **kwargs)

        monkeypatch.setattr(AbstractConnection, "send_packed_command", counted)

    def of(self, client: Client, wanted: list[dict[str, Any]]) -> tuple[int, int]:
        return self.of_call(lambda: ask(client, *wanted))

    def of_call(self, call: Callable[[], object]) -> tuple[int, int]:
        self.trips = 0
        with CaptureQueriesContext(connection) as sql:
            call()
        return len(sql), self.trips


@pytest.fixture
def cost(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Cost:
    settings.RATELIMIT_ENABLE = (
        False  # the first request in a second takes one trip less
    )
    if "redis" not in caches.settings["strict"]["BACKEND"]:
        pytest.fail("REDIS_URL is not set; `make test` sets it")
    return Cost(monkeypatch)


RIGHT = {"value": "elephant", "verdict": "right", "points": 1}
TODAY = {"day": 1, "date": date(2026, 1, 1)}


class Fifty:
    """Fifty games of one kind; alice and one more player answered each."""

    def __init__(self, make_game: MakeGame, kind: str, alice: Player) -> None:
        now = timezone.now()
        self.games = [make_game(kind, slug=f"g-{place}") for place in range(50)]
        names = [f"p{place}" for place in range(50)]
        self.players = Player.objects.bulk_create(
            Player(name=name, name_key=name) for name in names
        )
        Answer.objects.bulk_create(
            Answer(game=game, player=player, key=uuid4(), **RIGHT, submitted_at=now)
            for game, one in zip(self.games, self.players)
            for player in (alice, one)
        )
        CheckIn.objects.bulk_create(
            CheckIn(game=game, player=alice, key=uuid4(), **TODAY, at=now)
            for game in self.games
        )

    def wanted(self, type_: str, count: int) -> list[dict[str, Any]]:
        if type_ == "games":
            return [{"type": type_}] * count
        slugs = [game.slug for game in self.games]
        ids = [one.pk for one in self.players] if type_ == "user" else slugs
        return [{"type": type_, "id": id_} for id_ in ids[:count]]


WHO_ASKS = 2  # statements besides those of the items: the session and its player
TYPES = ["game", "games", "user", "answers", "checkins", "board", "mine"]


@pytest.mark.parametrize("kind", ["puzzle", "checkin"])
@pytest.mark.parametrize("type_", TYPES)
def test_cost_is_the_same_for_one_ten_and_fifty_items(
    as_carol: Client,
    carol: Player,
    make_game: MakeGame,
    cost: Cost,
    type_: str,
    kind: str,
) -> None:
    fifty = Fifty(make_game, kind, carol)
    cold, warm = [], []
    for count in (1, 10, 50):
        invalidate("games", *(f"game:{game.slug}" for game in fifty.games))
        invalidate(*(f"user:{player.pk}" for player in fifty.players))
        cold.append(cost.of(as_carol, fifty.wanted(type_, count)))
        warm.append(cost.of(as_carol, fifty.wanted(type_, count)))
    assert cold[0] == cold[1] == cold[2]
    assert warm[0] == warm[1] == warm[2]
    statements = max(cold[0][0], warm[0][0]) - WHO_ASKS
    assert statements <= 1 or type_ == "mine"  # a welcome: one game per batch


def test_batch_of_cached_items_takes_one_trip_more_than_a_refused_one(
    as_alice: Client, make_game: MakeGame, cost: Cost
) -> None:
    slugs = [make_game(slug=f"g-{place}").slug for place in range(20)]
    wanted = [{"type": "game", "id": slug} for slug in slugs] + [{"type": "games"}]
    ask(as_alice, *wanted)
    statements, trips = cost.of(as_alice, wanted)
    without_cache = cost.of(as_alice, [{"type": "answers"}])[1]
    assert trips == without_cache + 1
    assert statements == WHO_ASKS + 1  # is the player on a list?


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("who", ["nobody", "alice", "bob"])
def test_games_of_a_list_take_one_statement_too(
    client: Client, make_game: MakeGame, cost: Cost, who: str, kept: bool
) -> None:
    players = [Player.objects.create_user(name, "x") for name in ("alice", "bob")]
    make_game(slug="ours", access=Access.LISTED).invite(["alice"])
    make_game(slug="everybodys")
    if kept:
        ask(client, {"type": "games"})
    for player in players:
        if player.name == who:
            client.force_login(player)
    statements, _trips = cost.of(client, [{"type": "games"}])
    expected = int(not kept) if who == "nobody" else WHO_ASKS + 1
    assert statements == expected
    shown = ask(client, {"type": "games"})[0]["data"]["games"]
    slugs = [game["slug"] for game in shown]
    assert slugs == (["everybodys", "ours"] if who == "alice" else ["everybodys"])


def test_value_cached_by_a_batch_is_right_for_all(
    client: Client, as_alice: Client, make_game: MakeGame
) -> None:
    make_game(slug="ours", access=Access.LISTED).invite(["alice"])
    make_game(slug="everybodys")
    ask(as_alice, {"type": "games"})
    [everybodys] = ask(client, {"type": "games"})
    assert [game["slug"] for game in everybodys["data"]["games"]] == ["everybodys"]
    assert client.get("/api/games").json() == everybodys["data"]


@pytest.mark.parametrize(
    ("requests", "field"),
    [
        ([], "requests"),
        ([{"type": "games"}] * 51, "requests"),
        ([{"type": "secrets"}], "requests.0.type"),
        ([{"type": "game", "id": "../x"}], "requests.0.id"),
        ([{"type": "game", "id": []}], "requests.0.id"),
        ([{"type": "game", "x": 1}], "requests.0.x"),
        ("all", "requests"),
    ],
)
def test_bad_batch_is_refused_by_field(
    client: Client, requests: Any, field: str
) -> None:
    status, error = refused(client, {"requests": requests})
    assert (status, error["code"], error["field"]) == (400, "invalid", field)


def test_user_id_that_is_no_number_is_no_player(as_carol: Client) -> None:
    [result] = ask(as_carol, {"type": "user", "id": "9" * 40})
    assert result["status"] in (403, 404)


def test_mine_is_what_the_welcome_says(as_alice: Client, make_game: MakeGame) -> None:
    game = make_game(slug="one", codes=1)
    body = {"game": game.slug, "id": str(uuid4()), "value": "elephant"}
    as_alice.post("/api/answers", body, content_type="application/json")
    [result] = ask(as_alice, {"type": "mine", "id": "one"})
    me, mine = result["data"]["me"], result["data"]["mine"]
    assert (me["name"], me["eligible"]) == ("Alice", True)
    assert mine["answers"][0]["verdict"] == "right"
    assert mine["codes"][0]["code"].startswith("CODE-")


def test_mine_of_an_anonymous_client_is_empty(
    client: Client, make_game: MakeGame
) -> None:
    make_game(slug="one")
    [result] = ask(client, {"type": "mine", "id": "one"})
    assert (result["data"]["me"], result["data"]["mine"]) == (None, {})


def test_mine_is_for_one_game_per_batch(as_alice: Client, make_game: MakeGame) -> None:
    wanted = [{"type": "mine", "id": make_game(slug=s).slug} for s in ("one", "two")]
    results = ask(as_alice, *wanted)
    assert [one["status"] for one in results] == [200, 400]


def test_game_with_a_shop_is_the_same_in_a_batch(
    client: Client, make_game: MakeGame
) -> None:
    make_game("checkin", slug="one")
    [result] = ask(client, {"type": "game", "id": "one"})
    assert result["data"]["shop"] == []
    assert result["data"] == client.get("/api/games/one").json()


def test_batch_gives_nothing_older_than_its_lifetime(
    client: Client, make_game: MakeGame, monkeypatch: pytest.MonkeyPatch
) -> None:
    game = make_game(slug="one")
    wanted = [{"type": "game", "id": "one"}, {"type": "games"}]
    ask(client, *wanted)
    Game.objects.filter(pk=game.pk).update(title="Unheard of")  # without invalidation
    later = cache.time.time() + settings.GAME_CACHE_SECONDS
    monkeypatch.setattr(cache.time, "time", lambda: later)
    one, all_ = ask(client, *wanted)
    assert one["data"]["title"] == all_["data"]["games"][0]["title"] == "Unheard of"


def test_board_is_computed_once_for_all_callers(
    client: Client, as_alice: Client, make_game: MakeGame, cost: Cost
) -> None:
    boards = [{"type": "board", "id": make_game(slug=s).slug} for s in ("one", "two")]
    body = {"game": "one", "id": str(uuid4()), "value": "elephant"}
    as_alice.post("/api/answers", body, content_type="application/json")
    first = ask(client, *boards)
    assert [len(one["data"]["top"]) for one in first] == [1, 0]
    assert cost.of(client, boards)[0] == 0
    assert cost.of(as_alice, boards)[0] == WHO_ASKS
    assert ask(as_alice, *boards) == first
