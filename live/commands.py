"""Every command of players: one closed table, for the socket and for HTTP alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import Field

from answers.checks import Submission, Version
from answers.submission import submit_many
from checkins.checkin import CheckInRequest, check_in_many
from checkins.shop import Purchase, redeem_many
from core.parsing import CommandIn
from core.refusals import Refused
from games.sources import NOWHERE, Source
from live.batchers import Batcher

Reply = dict[str, Any]


class AnswerIn(CommandIn):
    question: str = Field("", max_length=20)
    value: Any
    version: Version = None


class CheckinIn(CommandIn):
    # Only to make up a missed day; which day it is, the server's clock says.
    day: int | None = Field(None, ge=1, le=60, strict=True)
    price: int | None = Field(None, ge=0, le=2**62, strict=True)


class RedeemIn(CommandIn):
    item: int = Field(ge=1, le=2**62, strict=True)
    price: int | None = Field(None, ge=0, le=2**62, strict=True)


@dataclass(frozen=True)
class Call:
    """A command as it arrived: `data` is an instance of the command's schema."""

    player_id: int
    game_id: int
    data: Any
    at: datetime
    origin: str = ""  # the socket that will have the reply
    version: str | None = None  # of what that socket was last shown
    source: Source = NOWHERE


def submit_answers(calls: Sequence[Call]) -> list[Reply | Refused]:
    return submit_many([submission_of(call) for call in calls])


def submission_of(call: Call) -> Submission:
    said: AnswerIn = call.data
    version = call.version if said.version is None else said.version
    return Submission(
        *(call.player_id, call.game_id, said.id, said.question, said.value),
        *(call.at, call.origin, version, call.source),
    )


def make_check_ins(calls: Sequence[Call]) -> list[Reply | Refused]:
    return check_in_many([check_in_of(call) for call in calls])


def check_in_of(call: Call) -> CheckInRequest:
    said: CheckinIn = call.data
    who = (call.player_id, call.game_id, said.id, call.at)
    return CheckInRequest(*who, said.day, call.origin, said.price, call.source)


def make_purchases(calls: Sequence[Call]) -> list[Reply | Refused]:
    return redeem_many([purchase_of(call) for call in calls])


def purchase_of(call: Call) -> Purchase:
    said: RedeemIn = call.data
    who = (call.player_id, call.game_id, said.item, said.id, call.at)
    return Purchase(*who, call.origin, said.price, call.source)


@dataclass(frozen=True)
class Command:
    """`carry_out` gives a reply or a refusal for each call, and may raise for all.

    `limit` names the rates that count it (`settings.RATE_LIMITS`).
    """

    schema: type[CommandIn]
    carry_out: Callable[[Sequence[Call]], Sequence[Reply | Refused]]
    limit: str


COMMANDS = {
    "answer": Command(AnswerIn, submit_answers, "answers"),
    "checkin": Command(CheckinIn, make_check_ins, "checkins"),
    "redeem": Command(RedeemIn, make_purchases, "checkins"),
}


@cache
def batcher_of(name: str) -> Batcher[Call, Reply]:
    """Where the calls of a command meet that are carried out together."""
    return Batcher(COMMANDS[name].carry_out, most=200)


def carry_out(name: str, call: Call) -> Reply:
    """One call alone; it runs in the caller's thread and raises `Refused`."""
    [outcome] = COMMANDS[name].carry_out([call])
    if isinstance(outcome, Refused):
        raise outcome
    return outcome
