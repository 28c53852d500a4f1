"""Check-ins and the shop over HTTP."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from checkins.models import Item
from games.models import Game
from users.models import CoinEntry, Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]


@pytest.fixture(autouse=True)
def _unhurried(settings: LazySettings) -> None:
    """No rate limits here; `test_limits.py` tests them."""
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "checkins": ["1000/s"]}


@pytest.fixture
def game(make_game: MakeGame) -> Game:
    return make_game("checkin", slug="daily", codes=2)


@pytest.fixture
def mug(game: Game) -> Item:
    return Item.objects.create(pool=game.pools.get(), title="Mug", price=10, limit=1)


def post(client: Client, path: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    body = {"game": "daily", "id": str(uuid4()), **fields}
    said = client.post(f"/api/{path}", body, content_type="application/json")
    return said.status_code, said.json()


def test_check_in_then_buy_the_mug(as_alice: Client, game: Game, mug: Item) -> None:
    status, day = post(as_alice, "checkins")
    assert (status, day["status"], day["coins"]) == (200, "done", 10)
    assert post(as_alice, "checkins")[1]["status"] == "already"
    id_ = str(uuid4())
    status, bought = post(as_alice, "redemptions", item=mug.pk, id=id_)
    assert (status, bought["status"], bought["coins"]) == (200, "done", 0)
    again = post(as_alice, "redemptions", item=mug.pk, id=id_)[1]
    assert again == {**bought, "status": "already"}
    [kept] = as_alice.get("/api/redemptions").json()["redemptions"]
    assert (kept["code"], kept["price"]) == (bought["code"], 10)
    [mine] = as_alice.get("/api/checkins").json()["checkins"]
    assert (mine["day"], mine["coins"]) == (1, 10)


def test_what_one_may_not_buy_is_refused_by_name(
    as_alice: Client,
    as_bob: Client,
    alice: Player,
    bob: Player,
    carol: Player,
    mug: Item,
) -> None:
    assert post(as_bob, "redemptions", item=mug.pk)[1]["error"]["code"] == (
        "not_enough_coins"
    )
    for player in (alice, bob):
        CoinEntry.objects.adjust(player.pk, 100, "a gift", carol, timezone.now())
    assert post(as_alice, "redemptions", item=mug.pk)[0] == 200
    assert post(as_alice, "redemptions", item=mug.pk)[1]["error"]["code"] == (
        "limit_reached"
    )
    assert post(as_bob, "redemptions", item=999)[1]["error"]["code"] == "not_found"
    mug.limit = None
    mug.save()
    assert post(as_bob, "redemptions", item=mug.pk)[0] == 200
    assert post(as_bob, "redemptions", item=mug.pk)[1]["error"]["code"] == "sold_out"
    bob.refresh_from_db()
    assert bob.coins == 90


@pytest.mark.parametrize(
    ("path", "fields", "field"),
    [
        ("checkins", {"id": 7}, "id"),
        ("checkins", {"day": "x"}, "day"),
        ("checkins", {"day": 0}, "day"),
        ("checkins", {"coins": 1000}, "coins"),
        ("redemptions", {"item": "x"}, "item"),
        ("redemptions", {"item": 2**80}, "item"),
        ("redemptions", {}, "item"),
    ],
)
def test_bad_input_is_refused_by_name(
    as_alice: Client, game: Game, path: str, fields: dict[str, Any], field: str
) -> None:
    status, reply = post(as_alice, path, **fields)
    assert (status, reply["error"]["field"]) == (400, field)
