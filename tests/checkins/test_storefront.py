"""The shop that everybody sees, read in one statement with its game."""

import json
from typing import Any
from urllib.request import urlopen

from django.utils.dateparse import parse_datetime

from tests.stack import Stack

SETTINGS = {"first_day": "2026-01-01", "last_day": "2030-12-31", "days": [{"coins": 1}]}

ITEMS = """
from checkins.models import Item
game = Game.objects.get(slug=given['slug'])
full, empty = game.pools.get(), game.pools.create(name='Nothing')
picture, since = 'pictures/mug.webp', given['since']
items = [
    Item(pool=full, title='Mug', price=5, picture=picture, limit=2),
    Item(pool=empty, title='“Cap”', price=3, closes_at=since),
    Item(pool=full, title='ถุง', price=3, opens_at=since, closes_at=given['until']),
    Item(pool=full, title='Secret', price=1, hidden=True),
]
for item in items:
    item.save()
out = [item.pk for item in items]
"""
SINCE, UNTIL = "2026-11-01T08:30:15.250Z", "2027-01-01T00:00:00Z"


def public(stack: Stack, slug: str) -> dict[str, Any]:
    with urlopen(stack.url(f"/api/games/{slug}")) as said:
        return dict(json.load(said))


def ms(text: str) -> int:
    moment = parse_datetime(text)
    assert moment
    return round(moment.timestamp() * 1000)


def test_shop_is_shown_by_price_with_its_times_and_stock(stack: Stack) -> None:
    slug = stack.make_game("checkin", SETTINGS, codes=1)
    mug, cap, bag, _secret = stack.run(ITEMS, slug=slug, since=SINCE, until=UNTIL)
    offer: dict[str, Any] = {
        "picture": None,
        "limit": None,
        "opens_at": None,
        "closes_at": None,
        "in_stock": True,
    }
    since, until = ms(SINCE), ms(UNTIL)
    assert public(stack, slug)["shop"] == [
        {**offer, "id": cap, "title": "“Cap”", "price": 3}
        | {"closes_at": since, "in_stock": False},
        {**offer, "id": bag, "title": "ถุง", "price": 3}
        | {"opens_at": since, "closes_at": until},
        {**offer, "id": mug, "title": "Mug", "price": 5}
        | {"limit": 2, "picture": "/media/pictures/mug.webp"},
    ]


def test_empty_shop_is_a_shop(stack: Stack) -> None:
    slug = stack.make_game("checkin", SETTINGS)
    assert public(stack, slug)["shop"] == []


def test_game_of_another_kind_has_no_shop(stack: Stack) -> None:
    slug = stack.make_game("puzzle", {"accepted": ["x"]}, codes=1)
    assert "shop" not in public(stack, slug)
