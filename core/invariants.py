"""Rules that must hold of every row, and what `manage.py audit` finds of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import Exists, OuterRef, Q, QuerySet

MAX_LISTED = 20


@dataclass(frozen=True)
class Finding:
    """What the audit found of one rule: how many rows, and which of them break it.

    What is only `told` may be so for a while, and is for staff to look at.
    """

    says: str
    checked: int
    what: str
    broken: int = 0
    listed: Sequence[object] = ()
    told: bool = False
    # Rows that would break it, had staff not said yes to them.
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
            said = self.rows(self.accepted_rows, self.accepted)
            lines.append(f"{said}, to which staff said yes")
        return lines

    def rows(self, listed: Sequence[object], total: int) -> str:
        rows, more = ", ".join(map(str, listed)), total - len(listed)
        tail = f" and {more:,} more" if more else ""
        return f"{'':17}{self.what} {rows}{tail}: {total:,} in all"


class Provable(Protocol):
    """Anything the audit can ask."""

    def check(self) -> Finding: ...


@dataclass(frozen=True)
class Rule:
    """One thing that holds of every one of these rows."""

    says: str
    rows: QuerySet[Any]
    holds: Q | Exists
    told: bool = False
    # Rows of which staff said that they may be so: told, and no fault.
    accepted: QuerySet[Any] | None = None

    def check(self) -> Finding:
        broken, listed = found_in(self.rows.filter(~Q(self.holds)))
        none: tuple[int, list[object]] = (0, [])
        yes = none if self.accepted is None else found_in(self.accepted)
        accepted, accepted_rows = yes
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


def found_in(rows: QuerySet[Any]) -> tuple[int, list[object]]:
    """How many rows there are, and the first of them."""
    rows = rows.order_by("pk")
    listed = list(rows.values_list("pk", flat=True)[: MAX_LISTED + 1])
    many = len(listed) > MAX_LISTED
    return rows.count() if many else len(listed), listed[:MAX_LISTED]


def unique(
    says: str,
    rows: QuerySet[Any],
    *fields: str,
    accepted: QuerySet[Any] | None = None,
) -> Rule:
    """The rule that no two of these rows have all these fields in common."""
    same = {field: OuterRef(field) for field in fields}
    twins = rows.filter(**same).exclude(pk=OuterRef("pk"))
    return Rule(says, rows, ~Q(Exists(twins)), accepted=accepted)
