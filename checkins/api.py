"""`/api/checkins` and `/api/redemptions`: the same acts over HTTP."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from checkins.checkin import Visit, check_in
from checkins.models import CheckIn, Redemption
from checkins.shop import Purchase, redeem
from core.paging import Page
from core.rate_limits import limited
from core.schemas import answers
from games.api import Slug, seen_game, source_of
from users.models import Player

router = Router(tags=["check-ins"])


class CheckinIn(Schema):
    """The socket's `checkin`, and the game it is for."""

    model_config = ConfigDict(extra="forbid")

    game: Slug
    id: UUID
    day: int | None = Field(None, ge=1, le=60, strict=True)
    price: int | None = Field(None, ge=0, le=2**62, strict=True)


class RedeemIn(Schema):
    """The socket's `redeem`, and the game in whose shop the item is."""

    model_config = ConfigDict(extra="forbid")

    game: Slug
    id: UUID
    item: int = Field(ge=1, le=2**62, strict=True)
    price: int | None = Field(None, ge=0, le=2**62, strict=True)


class CheckinOut(Schema):
    id: UUID
    status: str
    day: int
    date: str
    reward: dict[str, Any]
    next_open_at: int | None
    coins: int


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


@router.post("/checkins", response=answers(CheckinOut))
@limited("checkins")
def check_in_today(request: HttpRequest, said: CheckinIn) -> dict[str, Any]:
    """Do today's day. Sent again, it says the same with `status` already.

    Making up a day may carry the `price` that was seen, as a purchase does.
    """
    player: Player = request.auth  # type: ignore[attr-defined]
    game = seen_game(said.game)
    who = (player.pk, game.pk, said.id, timezone.now())
    source = source_of(request)
    visit = Visit(*who, said.day, price=said.price, source=source)
    return {"id": said.id, **check_in(visit)}


@router.get("/checkins", response=answers(DaysOut))
@limited("checkins")
def my_checkins(
    request: HttpRequest, page: Query[Page], game: Slug = ""
) -> dict[str, Any]:
    """One's own check-ins, the last one made first; those of one game on wish."""
    player: Player = request.auth  # type: ignore[attr-defined]
    rows = CheckIn.objects.filter(player=player).select_related("game")
    shown, following = page.of(rows.filter(game__slug=game) if game else rows)
    return {"checkins": [row.public() for row in shown], "next": following}


@router.post("/redemptions", response=answers(RedeemOut))
@limited("checkins")
def redeem_item(request: HttpRequest, said: RedeemIn) -> dict[str, Any]:
    """Buy an item. Sent again with its id, it says the same with `status` already.

    With the `price` that was seen, it is refused where that is another by now: as
    `invalid`, with the new one as `price`.
    """
    player: Player = request.auth  # type: ignore[attr-defined]
    game = seen_game(said.game)
    who = (player.pk, game.pk, said.item, said.id, timezone.now())
    purchase = Purchase(*who, price=said.price, source=source_of(request))
    return {"id": said.id, **redeem(purchase)}


@router.get("/redemptions", response=answers(PurchasesOut))
@limited("checkins")
def my_redemptions(request: HttpRequest, page: Query[Page]) -> dict[str, Any]:
    """What one bought, the newest first."""
    player: Player = request.auth  # type: ignore[attr-defined]
    rows = Redemption.objects.filter(player=player).select_related(
        "item__pool__game", "code__pool", "payment"
    )
    shown, following = page.of(rows)
    found = [{"game": row.item.pool.game.slug, **row.public()} for row in shown]
    return {"redemptions": found, "next": following}
