"""Many reads in one request: the same cost for one as for fifty."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from games.models import Game
from users import cache
from users.models import Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]


def ask(client: Client, *wanted: dict[str, Any], path: str = "/api/batch") -> Any:
    said = client.post(
        path, {"requests": list(wanted)}, content_type="application/json"
    )
    assert said.status_code == 200, said.content
    return said.json()["results"]


def refused(client: Client, body: Any) -> tuple[int, dict[str, Any]]:
    said = client.post("/api/batch", body, content_type="application/json")
    return said.status_code, said.json()["error"]


def test_answers_come_in_the_order_asked(
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
def test_item_is_what_its_own_route_gives(
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


def test_nobody_elses_data_comes_in_a_batch(
    client: Client, as_alice: Client, bob: Player
) -> None:
    mine = [{"type": "answers"}, {"type": "checkins"}, {"type": "user", "id": bob.pk}]
    assert [one["status"] for one in ask(client, *mine)] == [401, 401, 401]
    assert ask(as_alice, mine[2])[0]["status"] == 403


class CountedTrips:
    """How often the cache was asked for many keys, and for anything else."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: list[str] = []
        backend = type(caches["strict"])
        for name in ("get", "get_many", "set", "set_many", "add", "incr", "delete"):
            monkeypatch.setattr(backend, name, self._counted(name, backend))

    def _counted(self, name: str, backend: Any) -> Any:
        real = getattr(backend, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.names.append(name)
            return real(*args, **kwargs)

        return counted


@pytest.mark.parametrize("warm", [False, True])
def test_cost_is_the_same_for_one_ten_and_fifty_items(
    as_alice: Client,
    alice: Player,
    make_game: MakeGame,
    monkeypatch: pytest.MonkeyPatch,
    warm: bool,
) -> None:
    for place in range(50):
        make_game("checkin" if place % 2 else "puzzle", slug=f"game-{place}")
    costs = []
    for count in (2, 10, 50):
        wanted = [{"type": "game", "id": f"game-{place}"} for place in range(count)]
        caches["strict"].clear()
        if warm:
            ask(as_alice, *wanted)
        with monkeypatch.context() as patch, CaptureQueriesContext(connection) as sql:
            trips = CountedTrips(patch)
            ask(as_alice, *wanted)
        costs.append((len(sql), [n for n in trips.names if "many" in n]))
    assert costs[0] == costs[1] == costs[2]
    assert costs[0][1].count("get_many") == 1


@pytest.mark.parametrize("type_", ["answers", "checkins", "board", "user"])
def test_each_type_takes_one_query_however_many(
    as_carol: Client, make_game: MakeGame, type_: str
) -> None:
    players = [Player.objects.create_user(f"p{i}") for i in range(10)]
    ids = [make_game(slug=f"g-{place}").slug for place in range(10)]
    if type_ == "user":
        ids = [str(player.pk) for player in players]
    counts = []
    for most in (1, 10):
        caches["strict"].clear()
        wanted = [{"type": type_, "id": id_} for id_ in ids[:most]]
        with CaptureQueriesContext(connection) as sql:
            ask(as_carol, *wanted)
        counts.append(len(sql))
    assert counts[0] == counts[1]


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
def test_bad_batch_is_refused_by_name(
    client: Client, requests: Any, field: str
) -> None:
    status, error = refused(client, {"requests": requests})
    assert (status, error["code"], error["field"]) == (400, "invalid", field)


def test_item_of_no_number_is_nobody(as_carol: Client) -> None:
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


def test_mine_of_a_stranger_is_nothing(client: Client, make_game: MakeGame) -> None:
    make_game(slug="one")
    [result] = ask(client, {"type": "mine", "id": "one"})
    assert (result["data"]["me"], result["data"]["mine"]) == (None, {})


def test_mine_is_of_one_game_a_batch(as_alice: Client, make_game: MakeGame) -> None:
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
    Game.objects.filter(pk=game.pk).update(title="Unheard of")  # nobody was told
    later = cache.time.time() + settings.GAME_CACHE_SECONDS
    monkeypatch.setattr(cache.time, "time", lambda: later)
    one, all_ = ask(client, *wanted)
    assert one["data"]["title"] == all_["data"]["games"][0]["title"] == "Unheard of"
