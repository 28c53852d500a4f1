"""Consistency rules over rows, and what `manage.py audit` reports about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import Exists, OuterRef, Q, QuerySet

MAX_LISTED = 20  # primary keys in a report


@dataclass(frozen=True)
class Finding:
    """The result of one rule: `checked` rows of `what`, of which `broken` break it.

    `listed` has the primary keys of the first broken rows. A rule that is only `told`
    may be broken for a while: that is reported and doesn't fail the audit.
    """

    says: str
    checked: int
    what: str
    broken: int = 0
    listed: Sequence[object] = ()
    told: bool = False
    # Rows that would break the rule if staff had not confirmed them.
    accepted: int = 0
    accepted_rows: Sequence[object] = ()

    @property
    def fails(self) -> bool:
        return self.broken > 0 and not self.told

    def lines(self) -> list[str]:
        state = "FAIL" if self.fails else "note" if self.broken else "ok"
        lines = [f"{state:4} {self.checked:>10,}  {self.says}"]
        if self.broken:
            lines.append(self.rows(self.listed, self.broken))
        if self.accepted:
            rows = self.rows(self.accepted_rows, self.accepted)
            lines.append(f"{rows}, to which staff said yes")
        return lines

    def rows(self, listed: Sequence[object], total: int) -> str:
        keys, more = ", ".join(map(str, listed)), total - len(listed)
        tail = f" and {more:,} more" if more else ""
        return f"{'':17}{self.what} {keys}{tail}: {total:,} in all"


class Provable(Protocol):
    """Anything the audit can check."""

    def check(self) -> Finding: ...


@dataclass(frozen=True)
class Rule:
    """`holds` is true for every one of `rows`; `says` is the rule in words."""

    says: str
    rows: QuerySet[Any]
    holds: Q | Exists
    told: bool = False
    # Rows that staff have confirmed: reported, but not broken.
    accepted: QuerySet[Any] | None = None

    def check(self) -> Finding:
        broken, listed = count_and_list(self.rows.filter(~Q(self.holds)))
        accepted, accepted_rows = count_and_list(self.accepted)
        return Finding(
            self.says,
            self.rows.count(),
            self.rows.model._meta.label,
            broken,
            listed,
            self.told,
            accepted,
            accepted_rows,
        )


def count_and_list(rows: QuerySet[Any] | None) -> tuple[int, list[object]]:
    """The number of rows, and the primary keys of the first `MAX_LISTED`."""
    if rows is None:
        return 0, []
    rows = rows.order_by("pk")
    listed = list(rows.values_list("pk", flat=True)[: MAX_LISTED + 1])
    has_more = len(listed) > MAX_LISTED
    return rows.count() if has_more else len(listed), listed[:MAX_LISTED]


def unique(
    says: str,
    rows: QuerySet[Any],
    *fields: str,
    accepted: QuerySet[Any] | None = None,
) -> Rule:
    """The rule that no two of these rows have the same values in all these fields."""
    same = {field: OuterRef(field) for field in fields}
    twins = rows.filter(**same).exclude(pk=OuterRef("pk"))
    return Rule(says, rows, ~Q(Exists(twins)), accepted=accepted)
