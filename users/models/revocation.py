"""Ended sessions, for processes that still have an open socket of theirs."""

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now


class RevocationQuerySet(models.QuerySet["Revocation"]):
    def of_the_last(self, period: timedelta) -> "RevocationQuerySet":
        """Those of the last `period`, by the database's clock."""
        return self.filter(at__gt=Now() - period)


class Revocation(models.Model):
    """A session that was deleted, or a player who has a new password or was banned.

    Triggers write it (`users/session_triggers.py`), whatever makes the change.
    """

    session_key = models.CharField(max_length=40, blank=True, default="")
    # No foreign key: the row must outlive the player.
    player_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(db_index=True)

    objects = RevocationQuerySet.as_manager()

    def __str__(self) -> str:
        return f"session {self.session_key or 'of player ' + str(self.player_id)}"
