"""A player pays the price that they saw, or nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from checkins.checkin import CheckInRequest, check_in
from checkins.models import Item
from core.refusals import Refused
from games.models import Game
from tests.conftest import SETTINGS
from tests.stack import Stack
from users.models import CoinEntry, Player

MakeGame = Callable[..., Game]


@pytest.fixture
def mug(make_game: MakeGame, alice: Player, carol: Player) -> Item:
    """It costs 10, and alice has 100."""
    game = make_game("checkin", slug="daily", codes=9)
    CoinEntry.objects.adjust(alice.pk, 100, "a gift", carol, timezone.now())
    return Item.objects.create(pool=game.pools.get(), title="Mug", price=10)


def redeem(client: Client, item: Item, **fields: Any) -> tuple[int, dict[str, Any]]:
    body = {"game": "daily", "id": str(uuid4()), "item": item.pk, **fields}
    said = client.post("/api/redemptions", body, content_type="application/json")
    return said.status_code, said.json()


def test_price_that_was_seen_is_paid(as_alice: Client, mug: Item) -> None:
    status, bought = redeem(as_alice, mug, price=10)
    assert (status, bought["coins"]) == (200, 90)


@pytest.mark.parametrize("price", [90, 5])
def test_other_price_than_was_seen_buys_nothing(
    as_alice: Client, alice: Player, mug: Item, price: int
) -> None:
    mug.price = price
    mug.save()
    status, refused = redeem(as_alice, mug, price=10)
    assert status == 400
    assert refused["error"] == {
        "code": "invalid",
        "detail": "The price has changed.",
        "field": "price",
        "price": price,
    }
    alice.refresh_from_db()
    assert alice.coins == 100
    assert redeem(as_alice, mug, price=price)[1]["coins"] == 100 - price


def test_who_says_no_price_pays_what_it_costs(as_alice: Client, mug: Item) -> None:
    mug.price = 90
    mug.save()
    assert redeem(as_alice, mug)[1]["coins"] == 10
    assert redeem(as_alice, mug, price=None)[1]["error"]["code"] == "not_enough_coins"


def test_purchase_sent_again_after_an_edit_is_the_first_one(
    as_alice: Client, mug: Item
) -> None:
    id_ = str(uuid4())
    first = redeem(as_alice, mug, price=10, id=id_)[1]
    mug.price = 90
    mug.save()
    again = redeem(as_alice, mug, price=10, id=id_)[1]
    assert again == {**first, "status": "already"}


@pytest.mark.parametrize("price", ["10", -1, 2**80, 1.5, True])
def test_what_is_no_price_is_refused_by_name(
    as_alice: Client, mug: Item, price: Any
) -> None:
    status, refused = redeem(as_alice, mug, price=price)
    assert (status, refused["error"]["field"]) == (400, "price")
    assert "price" not in refused["error"]


AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def missed(make_game: MakeGame, alice: Player, carol: Player) -> Game:
    """A day is missed there; to make it up costs 15, and alice has 100."""
    rules = {
        "mode": "calendar",
        "first_day": "2026-03-01",
        "last_day": "2026-03-03",
        "days": [{}, {}, {}],
        "makeup_price": 15,
        "time_zone": "UTC",
    }
    CoinEntry.objects.adjust(alice.pk, 100, "a gift", carol, AT)
    return make_game("checkin", settings=rules, opens_at=AT - timedelta(days=1))


@pytest.mark.parametrize("seen", [15, None])
def test_missed_day_is_made_up_for_the_price_that_was_seen(
    alice: Player, missed: Game, seen: int | None
) -> None:
    visit = CheckInRequest(alice.pk, missed.pk, uuid4(), AT, 1, price=seen)
    assert check_in(visit)["coins"] == 85


def test_missed_day_is_not_made_up_for_another_price(
    alice: Player, missed: Game
) -> None:
    visit = CheckInRequest(alice.pk, missed.pk, uuid4(), AT, 1, price=10)
    with pytest.raises(Refused) as caught, transaction.atomic():
        check_in(visit)
    assert caught.value.body()["price"] == 15
    alice.refresh_from_db()
    assert alice.coins == 100


async def test_socket_says_the_new_price(stack: Stack) -> None:
    slug = stack.make_game("checkin", SETTINGS["checkin"], codes=2)
    [session] = stack.make_players(1)
    item = stack.run(
        "from checkins.models import Item\n"
        "pool = Game.objects.get(slug=given['slug']).pools.get()\n"
        "out = Item.objects.create(pool=pool, title='Mug', price=9).pk",
        slug=slug,
    )
    async with stack.socket(slug, session) as player:
        await player.hear("welcome")
        await player.ask("checkin")
        refused = await player.ask("redeem", item=item, price=5)
        assert (refused["code"], refused["field"]) == ("invalid", "price")
        bought = await player.ask("redeem", item=item, price=refused["price"])
        assert (bought["status"], bought["coins"]) == ("done", 1)
