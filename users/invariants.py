"""What `manage.py audit` checks about players, sessions and coins."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.db.models.functions import Coalesce

from core.invariants import Finding, Provable, Rule, unique
from users import ledger_triggers, session_triggers
from users.models import CoinEntry, Player


@dataclass(frozen=True)
class TriggersStand:
    """The triggers that guard ledger and sessions are still in the database.

    SQLite silently drops a table's triggers when a migration rebuilds the table.
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
