"""The guests of a game."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, OperationalError, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.refusals import Refused
from games.models.admissions import TAKEN, AdmissionBatch, AdmitRequest
from users.models import Player
from users.names import MAX_NICKNAME_LENGTH

__all__ = ["TAKEN", "AdmitRequest", "Guest"]

REPEATABLE = timedelta(minutes=10)  # how long a stranger's form may be sent again
MAX_TRIES = 2  # for all requests together, before each is tried alone
DEADLOCK = "40P01"  # PostgreSQL's SQLSTATE


class GuestManager(models.Manager["Guest"]):
    def admit(
        self,
        game_id: int,
        player: Player | None,
        nickname: str,
        join_id: UUID | None = None,
    ) -> "Guest":
        """`admit_many` for one request; raises `Refused`."""
        request = AdmitRequest(game_id, player, nickname, join_id)
        [outcome] = self.admit_many([request])
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    def admit_many(self, requests: Sequence[AdmitRequest]) -> "list[Guest | Refused]":
        """The guest of each request, made if there is none yet; or its refusal.

        A repeated request gets the same guest, by its player or, for a stranger, by
        the form's `join_id`. A nickname that somebody else has, or asked for earlier
        in `requests`, is refused. All run in one transaction. If it fails twice, each
        request gets its own, so that none makes the others fail.
        """
        for _try in range(MAX_TRIES):
            try:
                return AdmissionBatch(self, requests).outcomes()
            except IntegrityError:
                pass  # another process wrote the same just now: read again
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", "") != DEADLOCK:
                    raise
        if len(requests) == 1:  # the conflicting guest, or the game, is gone again
            return [Refused("unavailable", retry_after=1)]
        return [self.admit_many([request])[0] for request in requests]


class Guest(models.Model):
    """A guest in one game, with a nickname that nobody else has there."""

    game = models.ForeignKey("games.Game", models.CASCADE, related_name="guests")
    player = models.ForeignKey(Player, models.CASCADE, related_name="guest_in")
    nickname = models.CharField(_("nickname"), max_length=MAX_NICKNAME_LENGTH)
    nickname_key = models.CharField(max_length=40)
    # Made by a stranger's page, so that two taps make only one guest.
    join_id = models.UUIDField(null=True, editable=False)

    objects = GuestManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "game", "nickname_key", name="guest_nickname_once_a_game"
            ),
            models.UniqueConstraint("game", "player", name="guest_once_a_game"),
            models.UniqueConstraint("game", "join_id", name="guest_once_a_form"),
        ]

    def __str__(self) -> str:
        return self.nickname

    def repeats(self, earlier: "Guest") -> bool:
        """Whether a request for this guest repeats that for the earlier one."""
        if self.player_id:
            return self.player_id == earlier.player_id
        same_form = self.join_id is not None and self.join_id == earlier.join_id
        same_name = self.nickname_key == earlier.nickname_key
        return same_form and same_name and earlier.is_new()

    def is_new(self) -> bool:
        """Whether the guest was made a short time ago, and isn't banned."""
        if self._state.adding:
            return True
        recent = timezone.now() - self.player.joined_at < REPEATABLE
        return recent and self.player.is_active
