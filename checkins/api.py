"""A player's own check-ins and redemptions, to read. `live/http.py` has the POSTs."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from checkins.models import CheckIn, Redemption
from core.paging import Page
from core.rate_limits import limited
from core.schemas import responses
from games.api import Slug
from users.models import Player

router = Router(tags=["check-ins"])


class CalendarOut(Schema):
    """How far the player is, and the states of the days that the check-in changed."""

    days: list[dict[str, Any]]
    done: int
    streak: int
    best: int
    complete: bool


class CheckinOut(Schema):
    id: UUID
    status: str
    day: int
    date: str
    reward: dict[str, Any]
    next_open_at: int | None
    coins: int
    calendar: CalendarOut


class RedeemOut(Schema):
    id: UUID
    status: str
    item: int
    code: str
    coins: int


class DayOut(Schema):
    game: str
    day: int
    date: str
    coins: int
    made_up: bool


class DaysOut(Schema):
    checkins: list[DayOut]
    next: str | None


class PurchaseOut(Schema):
    game: str
    item: int
    title: str
    code: str
    pool: str
    price: int
    at: int
    void: bool


class PurchasesOut(Schema):
    redemptions: list[PurchaseOut]
    next: str | None


@router.get("/checkins", response=responses(DaysOut))
@limited("checkins")
def my_checkins(
    request: HttpRequest, page: Query[Page], game: Slug = ""
) -> dict[str, Any]:
    """The player's check-ins, newest first. `game` selects one game."""
    player: Player = request.auth  # type: ignore[attr-defined]
    rows = CheckIn.objects.filter(player=player).select_related("game")
    checkins, next_cursor = page.of(rows.filter(game__slug=game) if game else rows)
    return {"checkins": [row.public() for row in checkins], "next": next_cursor}


@router.get("/redemptions", response=responses(PurchasesOut))
@limited("checkins")
def my_redemptions(request: HttpRequest, page: Query[Page]) -> dict[str, Any]:
    """The player's purchases, newest first."""
    player: Player = request.auth  # type: ignore[attr-defined]
    rows = Redemption.objects.filter(player=player).select_related(
        "item__pool__game", "code__pool", "payment"
    )
    purchases, next_cursor = page.of(rows)
    redemptions = [
        {"game": row.item.pool.game.slug, **row.public()} for row in purchases
    ]
    return {"redemptions": redemptions, "next": next_cursor}
