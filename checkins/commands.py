"""The socket's `checkin` and `redeem`: a frame in, the reply's fields out."""

from typing import Any

from pydantic import Field

from checkins.checkin import Visit, check_in
from checkins.shop import Purchase, redeem
from games.handover import Call
from games.wire import CommandIn, read


class CheckinIn(CommandIn):
    # Only to make up a missed day; which day it is, the server's clock says.
    day: int | None = Field(None, ge=1, le=60, strict=True)


class RedeemIn(CommandIn):
    item: int = Field(ge=1, le=2**62, strict=True)


def checkin_command(call: Call) -> dict[str, Any]:
    said = read(CheckinIn, call.frame)
    visit = Visit(call.player.pk, call.game_id, said.id, call.at, said.day, call.origin)
    return check_in(visit)


def redeem_command(call: Call) -> dict[str, Any]:
    said = read(RedeemIn, call.frame)
    purchase = Purchase(
        call.player.pk, call.game_id, said.item, said.id, call.at, call.origin
    )
    return redeem(purchase)
