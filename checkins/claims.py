"""The codes that check-ins gave, as staff see them."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from checkins.models import CheckIn
from games.models import Backorder, Code


def mark(rows: Sequence[Any]) -> None:
    """Write `day_code` and `all_days_code` onto each, in two statements for all.

    A code that is still owed is called so; where there was none, there is nothing.
    """
    texts = texts_by_claim(rows)
    for row in rows:
        row.day_code = texts.get(row.claim, "")
        row.all_days_code = texts.get(row.completing_claim, "") if row.completes else ""


def texts_by_claim(rows: Sequence[CheckIn]) -> dict[str | None, str]:
    claims = [row.claim for row in rows if row.pool_id]
    claims += [row.completing_claim for row in rows if row.completes]
    owed = Backorder.objects.filter(claim__in=claims).values_list("claim", flat=True)
    texts: dict[str | None, str] = dict.fromkeys(owed, _("owed"))
    texts.update(Code.objects.filter(claim__in=claims).values_list("claim", "text"))
    return texts
