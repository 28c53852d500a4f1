"""Checking in: the day, its row and its reward in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from checkins.days import (
    AvailableDay,
    CompletedDay,
    available_day,
    is_complete,
    next_opening,
)
from checkins.models import CheckIn
from checkins.prices import check_price
from checkins.rewards import rewards_of
from core.on_commit import on_commit
from core.refusals import Refused
from core.timestamps import to_ms
from games import events
from games.kinds.checkin import CheckinSettings
from games.models import Claim, Game, Pool
from games.sources import NOWHERE, Source, browser_in
from games.states import State
from users.models import CoinEntry, Player


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


def check_in(visit: CheckInRequest) -> dict[str, Any]:
    """Do the player's day and return the reply; once returned, it is committed.

    Again on the same date, or with the same key, it returns the same with `status`
    already. Raises `Refused`, with `next_open_at` where there is one.
    """
    with transaction.atomic():
        player = Player.lock(visit.player_id)
        game = Game.objects.lock(visit.game_id)
        rules = rules_of(game)
        found = rows_for(visit)
        rows = [row for row in found if row.player_id == player.pk]
        repeated = repeat_of(visit, rules, found)
        if repeated:
            opens = next_opening(rules, visit.at, done_in(rows))
            return reply(repeated, player, rules, "already", opens)
        check_may(game, player, rules, visit.at)
        row = record(visit, player, game, rules, rows)
        on_commit(events.player_changed, player.pk, None, visit.origin)
        opens = next_opening(rules, visit.at, done_in([*rows, row]))
        return reply(row, player, rules, "done", opens)


def rows_for(visit: CheckInRequest) -> list[CheckIn]:
    """The player's check-ins in the game, and those of the guests they were before.

    `Refused` if the id is of another game.
    """
    wanted = Q(game=visit.game_id) | Q(key=visit.key)
    same = Player.objects.same_as(visit.player_id).values("pk")
    rows = list(CheckIn.objects.filter(wanted, player__in=same))
    if any(row.game_id != visit.game_id for row in rows):
        raise Refused("invalid", _("This id was used in another game."), field="id")
    return rows


def done_in(rows: list[CheckIn]) -> list[CompletedDay]:
    return [row.as_done() for row in rows]


def rules_of(game: Game) -> CheckinSettings:
    if game.kind != "checkin":
        raise Refused("invalid", "This game takes no check-ins.", field="type")
    return cast(CheckinSettings, game.rules)


def repeat_of(
    visit: CheckInRequest, rules: CheckinSettings, rows: list[CheckIn]
) -> CheckIn | None:
    """The row that this visit made before, or that is already there for its date."""
    for row in rows:
        if row.key == visit.key:
            return row
    if rules.mode == "calendar" and visit.day is not None:
        return next((row for row in rows if row.day == visit.day), None)
    today = rules.date_at(visit.at)
    latest = max(rows, key=lambda row: row.date, default=None)
    return latest if latest and latest.date >= today else None


def check_may(
    game: Game, player: Player, rules: CheckinSettings, now: datetime
) -> None:
    """`Refused`, with when to come back, unless the game is open to this player."""
    try:
        game.check_open(now)
    except Refused as refused:
        if game.state_at(now) is State.SCHEDULED:
            first = rules.starts_at(rules.first_day)
            refused.more["next_open_at"] = to_ms(max(game.opens_at or first, first))
        raise
    if not game.admits(player):
        raise Refused("not_eligible")


def record(
    visit: CheckInRequest,
    player: Player,
    game: Game,
    rules: CheckinSettings,
    rows: list[CheckIn],
) -> CheckIn:
    """The row of a new day, its price taken and its rewards given."""
    found = available_day(rules, done_in(rows), visit.at, visit.day)
    check_price(visit.price, found.price)
    row = row_of(visit, found, rules, game)
    row.completes = is_complete(rules, done_in([*rows, row]))
    pay(player, row, found.price)
    give(player, row, rules, visit.source)
    row.save(force_insert=True)
    return row


def row_of(
    visit: CheckInRequest, found: AvailableDay, rules: CheckinSettings, game: Game
) -> CheckIn:
    day = rules.days[found.number - 1]
    return CheckIn(
        game=game,
        player_id=visit.player_id,
        run=found.run,
        day=found.number,
        date=found.date,
        key=visit.key,
        at=visit.at,
        made_up=found.price > 0,
        coins=day.coins,
        pool=pool_named(game, day.pool),
    )


def pool_named(game: Game, name: str) -> Pool | None:
    """The pool of that name, made empty if staff have not made it: codes are owed."""
    return Pool.objects.get_or_create(game=game, name=name)[0] if name else None


def pay(player: Player, row: CheckIn, price: int) -> None:
    if price:
        CoinEntry.objects.record(
            player,
            -price,
            CoinEntry.Reason.MAKE_UP,
            key=f"make-up:{row.claim}",
            at=row.at,
            refers_to=row.claim,
        )


def give(player: Player, row: CheckIn, rules: CheckinSettings, source: Source) -> None:
    """The day's coins and code and, with the last day, those for all days."""
    browser = browser_in(row.game_id, source.browser) or ""
    whence = browser, source.address(row.game_id)
    give_coins(player, row, row.coins, CoinEntry.Reason.CHECK_IN, row.claim)
    if row.pool and not row.pool.give_or_owe(Claim(player, row.claim, *whence), row.at):
        row.pool, row.won_here = None, True
    if row.completes:
        claim = row.completing_claim
        coins = rules.completed_coins
        give_coins(player, row, coins, CoinEntry.Reason.COMPLETED, claim)
        pool = pool_named(row.game, rules.completed_pool)
        if pool and not pool.give_or_owe(Claim(player, claim, *whence), row.at):
            row.won_here = True


def give_coins(
    player: Player, row: CheckIn, coins: int, reason: CoinEntry.Reason, claim: str
) -> None:
    if coins:
        CoinEntry.objects.record(
            player, coins, reason, key=claim, at=row.at, refers_to=claim
        )


def reply(
    row: CheckIn,
    player: Player,
    rules: CheckinSettings,
    status: str,
    next_open_at: int | None,
) -> dict[str, Any]:
    """The reply's fields: the same for the first time and for every repeat."""
    return {
        "status": status,
        "day": row.day,
        "date": row.date.isoformat(),
        "reward": rewards_of([row], rules)[row.pk],
        "next_open_at": next_open_at,
        "coins": player.coins,
    }
