"""The socket's `checkin` and `redeem`: a frame in, the reply's fields out."""

from typing import Any

from pydantic import Field

from checkins.checkin import Visit, check_in
from checkins.shop import Purchase, redeem
from core.parsing import CommandIn, read
from games.extensions import Call


class CheckinIn(CommandIn):
    # Only to make up a missed day; which day it is, the server's clock says.
    day: int | None = Field(None, ge=1, le=60, strict=True)
    price: int | None = Field(None, ge=0, le=2**62, strict=True)


class RedeemIn(CommandIn):
    item: int = Field(ge=1, le=2**62, strict=True)
    price: int | None = Field(None, ge=0, le=2**62, strict=True)


def checkin_command(call: Call) -> dict[str, Any]:
    said = read(CheckinIn, call.frame)
    who = (call.player.pk, call.game_id, said.id, call.at)
    return check_in(Visit(*who, said.day, call.origin, said.price, call.source))


def redeem_command(call: Call) -> dict[str, Any]:
    said = read(RedeemIn, call.frame)
    who = (call.player.pk, call.game_id, said.item, said.id, call.at)
    return redeem(Purchase(*who, call.origin, said.price, call.source))
