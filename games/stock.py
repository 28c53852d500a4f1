"""How many codes are left, and how many were given."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Count

from games.models import Code


class Stock(NamedTuple):
    given: int = 0
    total: int = 0

    @property
    def left(self) -> int:
        return self.total - self.given


def stock_by(column: str, ids: Iterable[int]) -> dict[int, Stock]:
    """The stock of each of these pools (`"pool"`) or games (`"pool__game"`), by id.

    Those without codes are missing.
    """
    rows = Code.objects.filter(**{f"{column}__in": list(ids)}).values_list(column)
    counted = rows.annotate(Count("player"), Count("pk"))
    return {pk: Stock(given, total) for pk, given, total in counted}
