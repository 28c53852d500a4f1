"""The codes that check-ins gave, for their owners and for staff."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from checkins.models import CheckIn
from games.kinds.checkin import CheckinSettings
from games.models import Backorder, Code

# Codes by what they were given for.
Codes = dict[str | None, str]


def rewards_of(
    rows: Iterable[CheckIn], rules: CheckinSettings
) -> dict[int, dict[str, Any]]:
    """The reward of each check-in, by its id, as its owner may see it: one statement.

    `coins`; `code`, or `pending` where one is owed; `completed` holds the same for the
    reward of all days.
    """
    rows = list(rows)
    claims = claims_of(rows)
    codes = codes_by(claims) if claims else {}
    return {row.pk: _reward(row, rules, codes) for row in rows}


def annotate_codes(rows: Sequence[Any]) -> None:
    """Set `day_code` and `all_days_code` on each check-in, for staff: two statements.

    An owed code is the word "owed"; no code is an empty text.
    """
    claims = claims_of(rows)
    owed = Backorder.objects.filter(claim__in=claims).values_list("claim", flat=True)
    codes: Codes = {**dict.fromkeys(owed, _("owed")), **codes_by(claims)}
    for row in rows:
        row.day_code = codes.get(row.claim, "")
        row.all_days_code = codes.get(row.completing_claim, "") if row.completes else ""


def claims_of(rows: Iterable[CheckIn]) -> list[str]:
    """What codes may have been given for: days with a pool, and all days."""
    days = [row.claim for row in rows if row.pool_id]
    return days + [row.completing_claim for row in rows if row.completes]


def codes_by(claims: Sequence[str]) -> Codes:
    return dict(Code.objects.filter(claim__in=claims).values_list("claim", "text"))


def _reward(row: CheckIn, rules: CheckinSettings, codes: Codes) -> dict[str, Any]:
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
