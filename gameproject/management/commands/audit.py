"""`manage.py audit`: check on a live database what must never be broken."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from answers import invariants as answers
from checkins import invariants as checkins
from core.invariants import Finding, Provable
from games import invariants as games
from users import invariants as users

RULES: list[Provable] = [*users.RULES, *games.RULES, *answers.RULES, *checkins.RULES]

# One moment of a database that others go on writing to. Nothing is written here, so
# nobody waits. Long tables may take longer than a request may.
BEGIN = {
    "postgresql": [
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        "SET LOCAL statement_timeout = 0",
    ],
    "sqlite": ["BEGIN DEFERRED"],
}


class Command(BaseCommand):
    help = "Check the rules that must always hold; exit with 1 if one is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        findings = audit()
        for finding in findings:
            self.stdout.write("\n".join(finding.lines()))
        broken = sum(finding.fails for finding in findings)
        if broken:
            raise CommandError(f"{broken} of {len(findings)} rules are broken.")


def audit() -> list[Finding]:
    """Check every rule, all at the same moment of the database."""
    with moment():
        return [rule.check() for rule in RULES]


@contextmanager
def moment() -> Iterator[None]:
    with connection.cursor() as cursor:
        for statement in BEGIN[connection.vendor]:
            cursor.execute(statement)
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")
