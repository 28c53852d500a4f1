"""What check-ins gave, as their owner may see it."""

from collections.abc import Iterable
from typing import Any

from checkins.models import CheckIn
from games.kinds.checkin import CheckinSettings
from games.models import Code


def rewards_of(
    rows: Iterable[CheckIn], rules: CheckinSettings
) -> dict[int, dict[str, Any]]:
    """Each row's reward by its id, in one statement for all.

    `coins`, and `code` or `pending` where one is owed; `completed` holds the same for
    the reward of all days.
    """
    rows = list(rows)
    claims = [row.claim for row in rows if row.pool_id]
    claims += [row.completing_claim for row in rows if row.completes]
    codes = (
        dict(Code.objects.filter(claim__in=claims).values_list("claim", "text"))
        if claims
        else {}
    )
    return {row.pk: _reward(row, rules, codes) for row in rows}


def _reward(
    row: CheckIn, rules: CheckinSettings, codes: dict[str | None, str]
) -> dict[str, Any]:
    reward: dict[str, Any] = {"coins": row.coins}
    if row.pool:
        reward |= {"pool": row.pool.name} | _code(codes.get(row.claim))
    if row.won_here:
        reward["won_here"] = True
    if row.completes:
        reward["completed"] = {"coins": rules.completed_coins}
        if rules.completed_pool and not row.won_here:
            reward["completed"] |= _code(codes.get(row.completing_claim))
    return reward


def _code(text: str | None) -> dict[str, Any]:
    return {"code": text} if text else {"pending": True}
