"""The shop as everybody sees it, read in the same statement as its game."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Case, F, Func, JSONField, OuterRef, Subquery, When
from django.db.models.functions import JSONObject

from checkins.models import Item
from games.extensions import PublicPart
from games.models import Game

Row = dict[str, Any]

COLUMNS = ("id", "title", "picture", "price", "limit", "opens_at", "closes_at")


class JSONList(Func):
    """A subquery's values as one JSON list, in no particular order."""

    function = "JSONB_AGG"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **context)


def rows_of_shop() -> Case:
    """The items of a game's shop as JSON; null in games of other kinds."""
    row = JSONObject(in_stock=F("in_stock"), **{name: F(name) for name in COLUMNS})
    items = Item.objects.shown().with_stock().filter(pool__game=OuterRef("pk"))
    rows = items.order_by().annotate(rows=JSONList(row)).values("rows")
    return Case(When(kind="checkin", then=Subquery(rows)), output_field=JSONField())


def shop_of(game: Game, rows: Sequence[Row] | None) -> dict[str, Any]:
    """The shop of a check-in game, from these rows."""
    if game.kind != "checkin":
        return {}
    items = sorted(map(item_in, rows or ()), key=lambda item: (item.price, item.pk))
    return {"shop": [item.public() for item in items]}


def item_in(row: Row) -> Item:
    """The item of a JSON row."""
    item = Item(**{name: row[name] for name in COLUMNS})
    item.opens_at, item.closes_at = (
        parse_time(row["opens_at"]),
        parse_time(row["closes_at"]),
    )
    item.in_stock = bool(row["in_stock"])
    return item


def parse_time(text: str | None) -> datetime | None:
    """A time from a database's JSON. SQLite leaves out that it is UTC."""
    at = datetime.fromisoformat(text) if text else None
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at


shop = PublicPart(rows_of_shop(), shop_of)
