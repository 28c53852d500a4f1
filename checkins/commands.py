"""The socket's `checkin` and `redeem`: a frame in, the reply's fields out."""

from datetime import datetime
from typing import Any

from pydantic import Field

from checkins.checkin import Visit, check_in
from checkins.shop import Purchase, redeem
from games.wire import CommandIn, read
from users.models import Player


class CheckinIn(CommandIn):
    # Only to make up a missed day; which day it is, the server's clock says.
    day: int | None = Field(None, ge=1, le=60, strict=True)


class RedeemIn(CommandIn):
    item: int = Field(ge=1, le=2**62, strict=True)


def checkin_command(
    player: Player, game_id: int, frame: dict[str, Any], now: datetime, origin: str
) -> dict[str, Any]:
    said = read(CheckinIn, frame)
    return check_in(Visit(player.pk, game_id, said.id, now, said.day, origin))


def redeem_command(
    player: Player, game_id: int, frame: dict[str, Any], now: datetime, origin: str
) -> dict[str, Any]:
    said = read(RedeemIn, frame)
    return redeem(Purchase(player.pk, game_id, said.item, said.id, now, origin))
