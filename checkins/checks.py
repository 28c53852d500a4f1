"""What a check-in must pass, with everything it takes at hand: no queries here."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from typing import Any, NamedTuple, cast
from uuid import UUID

from checkins.days import (
    AvailableDay,
    CompletedDay,
    available_day,
    is_complete,
    next_opening,
)
from checkins.models import CheckIn
from checkins.prices import check_price
from core.refusals import Refused
from core.timestamps import to_ms
from games.kinds.checkin import CheckinSettings
from games.models import Game
from games.sources import NOWHERE, Source
from games.states import State
from users.models import CoinEntry, Ledger, Player


@dataclass(frozen=True)
class CheckInRequest:
    """A player who says "I'm here". `day` is said only to make up a missed one, with
    the price seen for it if one is said."""

    player_id: int
    game_id: int
    key: UUID
    at: datetime
    day: int | None = None
    origin: str = ""
    price: int | None = None
    source: Source = NOWHERE


class Accepted(NamedTuple):
    """A request's check-in, and what its reply says as of then."""

    row: CheckIn
    status: str
    next_open_at: int | None
    coins: int

    def reply(self, reward: dict[str, Any]) -> dict[str, Any]:
        """The same fields for the first time and for every repeat."""
        return {
            "status": self.status,
            "day": self.row.day,
            "date": self.row.date.isoformat(),
            "reward": reward,
            "next_open_at": self.next_open_at,
            "coins": self.coins,
        }


@dataclass
class PlayerDays:
    """What one player's requests in one game are checked against.

    `rows` are their check-ins there, and those of the guests they were before.
    """

    game: Game
    player: Player
    admitted: bool
    rows: list[CheckIn] = field(default_factory=list)

    @cached_property
    def rules(self) -> CheckinSettings:
        return rules_of(self.game)

    @property
    def done(self) -> list[CompletedDay]:
        return done_in([row for row in self.rows if row.player_id == self.player.pk])

    def accept(self, request: CheckInRequest, ledger: Ledger) -> Accepted:
        """The check-in that this request is: a new one is in `rows`, unsaved, and its
        coins are in the ledger. Raises `Refused`."""
        row, status = repeat_of(request, self.rules, self.rows), "already"
        if row is None:
            check_may(self.game, self.admitted, self.rules, request.at)
            row, status = self._add(request, ledger), "done"
        opens = next_opening(self.rules, request.at, self.done)
        return Accepted(row, status, opens, self.player.coins)

    def _add(self, request: CheckInRequest, ledger: Ledger) -> CheckIn:
        found = available_day(self.rules, self.done, request.at, request.day)
        check_price(request.price, found.price)
        row = row_of(request, found, self.rules, self.game)
        row.completes = is_complete(self.rules, [*self.done, row.as_done()])
        self._enter(row, found.price, ledger)
        self.rows.append(row)
        return row

    def _enter(self, row: CheckIn, price: int, ledger: Ledger) -> None:
        """The price of the day, its coins and, with the last day, those for all."""
        reason, claim, for_all = CoinEntry.Reason, row.claim, row.completing_claim
        last = self.rules.completed_coins if row.completes else 0
        record = partial(ledger.record, self.player, at=row.at)
        if price:
            key = f"make-up:{claim}"
            record(-price, reason.MAKE_UP, key=key, refers_to=claim)
        if row.coins:
            record(row.coins, reason.CHECK_IN, key=claim, refers_to=claim)
        if last:
            record(last, reason.COMPLETED, key=for_all, refers_to=for_all)


def check_kind(game: Game) -> None:
    if game.kind != "checkin":
        raise Refused("invalid", "This game takes no check-ins.", field="type")


def rules_of(game: Game) -> CheckinSettings:
    check_kind(game)
    return cast(CheckinSettings, game.rules)


def done_in(rows: list[CheckIn]) -> list[CompletedDay]:
    return [row.as_done() for row in rows]


def repeat_of(
    request: CheckInRequest, rules: CheckinSettings, rows: list[CheckIn]
) -> CheckIn | None:
    """The row that this request made before, or that is already there for its date."""
    for row in rows:
        if row.key == request.key:
            return row
    if rules.mode == "calendar" and request.day is not None:
        return next((row for row in rows if row.day == request.day), None)
    today = rules.date_at(request.at)
    latest = max(rows, key=lambda row: row.date, default=None)
    return latest if latest and latest.date >= today else None


def check_may(
    game: Game, admitted: bool, rules: CheckinSettings, now: datetime
) -> None:
    """`Refused`, with when to come back, unless the game is open to this player."""
    try:
        game.check_open(now)
    except Refused as refused:
        if game.state_at(now) is State.SCHEDULED:
            first = rules.starts_at(rules.first_day)
            refused.more["next_open_at"] = to_ms(max(game.opens_at or first, first))
        raise
    if not admitted:
        raise Refused("not_eligible")


def row_of(
    request: CheckInRequest, found: AvailableDay, rules: CheckinSettings, game: Game
) -> CheckIn:
    """The row of a new day, as yet without the pool of its code."""
    return CheckIn(
        game=game,
        player_id=request.player_id,
        run=found.run,
        day=found.number,
        date=found.date,
        key=request.key,
        at=request.at,
        made_up=found.price > 0,
        coins=rules.days[found.number - 1].coins,
    )
