"""The closed table of players' commands, used by the socket and by HTTP."""

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
    # Only to make up a missed day. The server's clock decides which day today is.
    day: int | None = Field(None, ge=1, le=60, strict=True)
    price: int | None = Field(None, ge=0, le=2**62, strict=True)


class RedeemIn(CommandIn):
    item: int = Field(ge=1, le=2**62, strict=True)
    price: int | None = Field(None, ge=0, le=2**62, strict=True)


@dataclass(frozen=True)
class Call:
    """One player's command; `data` is an instance of the command's schema."""

    player_id: int
    game_id: int
    data: Any
    at: datetime
    origin: str = ""  # the name of the socket that gets the reply
    version: str | None = None  # of the public state last sent to that socket
    source: Source = NOWHERE


def submit_answers(calls: Sequence[Call]) -> list[Reply | Refused]:
    return submit_many([submission_of(call) for call in calls])


def submission_of(call: Call) -> Submission:
    data: AnswerIn = call.data
    version = call.version if data.version is None else data.version
    return Submission(
        *(call.player_id, call.game_id, data.id, data.question, data.value),
        *(call.at, call.origin, version, call.source),
    )


def make_check_ins(calls: Sequence[Call]) -> list[Reply | Refused]:
    return check_in_many([check_in_of(call) for call in calls])


def check_in_of(call: Call) -> CheckInRequest:
    data: CheckinIn = call.data
    return CheckInRequest(
        *(call.player_id, call.game_id, data.id, call.at),
        *(data.day, call.origin, data.price, call.source),
    )


def make_purchases(calls: Sequence[Call]) -> list[Reply | Refused]:
    return redeem_many([purchase_of(call) for call in calls])


def purchase_of(call: Call) -> Purchase:
    data: RedeemIn = call.data
    return Purchase(
        *(call.player_id, call.game_id, data.item, data.id, call.at),
        *(call.origin, data.price, call.source),
    )


@dataclass(frozen=True)
class Command:
    """One row of the table of commands.

    `carry_out` returns a reply or a refusal for each call, in their order. If it
    raises, it has changed nothing. `limit` is a key of `settings.RATE_LIMITS`.
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
    """The batcher of a command: calls that arrive together are carried out together."""
    return Batcher(COMMANDS[name].carry_out, max_items=200)


def carry_out(name: str, call: Call) -> Reply:
    """Carry out one call in the caller's thread; the reply, or raise `Refused`."""
    [outcome] = COMMANDS[name].carry_out([call])
    if isinstance(outcome, Refused):
        raise outcome
    return outcome
