"""What `manage.py audit` proves of players and coins, and what a rule is.

A rule is two statements over whole tables. It stands in the lowest app because every
app has its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from core import triggers as ledger_triggers
from users import session_triggers
from users.models import CoinEntry, Player

MOST_LISTED = 20


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
    listed = list(rows.values_list("pk", flat=True)[: MOST_LISTED + 1])
    many = len(listed) > MOST_LISTED
    return rows.count() if many else len(listed), listed[:MOST_LISTED]


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


@dataclass(frozen=True)
class TriggersStand:
    """The rule that the database still guards ledger and sessions itself.

    SQLite drops a table's triggers without a word when a migration rebuilds it.
    """

    says: str = "the triggers of ledger and sessions stand"

    def check(self) -> Finding:
        wanted = [*ledger_triggers.NAMES[connection.vendor], *session_triggers.NAMES]
        with connection.cursor() as cursor:
            cursor.execute(STANDING[connection.vendor])
            missing = sorted(set(wanted) - {name for (name,) in cursor.fetchall()})
        return Finding(self.says, len(wanted), "without", len(missing), missing)


STANDING = {
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'",
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
}

Reason = CoinEntry.Reason
joined = CoinEntry.objects.filter(reason=Reason.JOINED, amount=-OuterRef("amount"))

RULES: list[Provable] = [
    TriggersStand(),
    Rule(
        "every balance is the sum of its coin entries",
        Player.objects.annotate(total=Coalesce(Sum("coin_entries__amount"), 0)),
        Q(coins=F("total")),
    ),
    Rule("no balance is below zero", Player.objects.all(), Q(coins__gte=0)),
    Rule("no coin entry is of nothing", CoinEntry.objects.all(), ~Q(amount=0)),
    unique("no two coin entries have one key", CoinEntry.objects.all(), "key"),
    Rule(
        "every guest's account is an account, and has the guest's coins",
        Player.objects.exclude(account=None),
        Q(account__is_guest=False, coins=0),
    ),
    Rule(
        "coins that came with a guest are what the guest had",
        CoinEntry.objects.filter(reason=Reason.JOINED),
        Q(Exists(joined.filter(player=OuterRef("player__account"))))
        | Q(Exists(joined.filter(player__account=OuterRef("player")))),
    ),
]
