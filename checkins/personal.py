"""The check-ins and purchases of a player, for the welcome."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from checkins.award_codes import rewards_of
from checkins.checks import rules_of
from checkins.days import calendar, next_opening
from checkins.models import CheckIn, Redemption
from games.kinds.checkin import CheckinSettings
from games.models import Game
from users.models import Player


def checkins_of(game: Game, players: list[Player]) -> dict[int, dict[str, Any]]:
    """The calendar of each of these players, by player id; empty in other games."""
    if game.kind != "checkin":
        return {}
    rules, now = rules_of(game), timezone.now()
    rows: dict[int, list[CheckIn]] = defaultdict(list)
    days = CheckIn.objects.filter(game=game, player__in=players).select_related("pool")
    for row in days.order_by("date"):
        rows[row.player_id].append(row)
    rewards = rewards_of([row for own in rows.values() for row in own], rules)
    return {
        player.pk: calendar_of(rules, rows.get(player.pk, []), rewards, now)
        for player in players
    }


def calendar_of(
    rules: CheckinSettings,
    rows: Sequence[CheckIn],
    rewards: dict[int, dict[str, Any]],
    now: datetime,
) -> dict[str, Any]:
    """`days.calendar`, with the reward of each day done and `next_open_at`."""
    done = [row.as_done() for row in rows]
    by_date = {row.date.isoformat(): rewards[row.pk] for row in rows}
    state = calendar(rules, done, now)
    days = [
        {**day, "reward": by_date.get(day.get("date", ""))} for day in state["days"]
    ]
    return {**state, "days": days, "next_open_at": next_opening(rules, now, done)}


def purchases_of(game: Game, players: list[Player]) -> dict[int, list[dict[str, Any]]]:
    """The purchases of each of these players in the game's shop, newest first."""
    if game.kind != "checkin":
        return {}
    purchases: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rows = Redemption.objects.filter(item__pool__game=game, player__in=players)
    for row in rows.select_related("item", "code__pool", "payment").order_by("-pk"):
        purchases[row.player_id].append(row.public())
    return purchases
