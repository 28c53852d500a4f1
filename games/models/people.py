"""The guests of a game."""

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.refusals import Refused
from users.models import Player
from users.names import normalize_key

TAKEN = _("That nickname is taken.")
REPEATED = timedelta(minutes=10)  # for so long a stranger's form may be sent again


class GuestManager(models.Manager["Guest"]):
    def admit(
        self,
        game_id: int,
        player: Player | None,
        nickname: str,
        join_id: UUID | None = None,
    ) -> "Guest":
        """The guest of this player, or of a stranger, in the game; made if need be.

        Sent again, however fast, it is the same one: by the player or, for a stranger,
        by the `join_id` of the form. A nickname that somebody else has is refused.
        """
        already = self.already(game_id, player, nickname, join_id)
        if already:
            return already
        try:
            with transaction.atomic():
                return self.create(
                    game_id=game_id,
                    player=player or Player.objects.create_guest(nickname),
                    nickname=nickname,
                    nickname_key=normalize_key(nickname),
                    join_id=None if player else join_id,
                )
        except IntegrityError:
            # In this moment the same was sent twice, or two chose one nickname.
            already = self.already(game_id, player, nickname, join_id)
        if already is None:  # what was in the way is gone, or the game is
            raise Refused("unavailable", retry_after=1)
        return already

    def already(
        self, game_id: int, player: Player | None, nickname: str, join_id: UUID | None
    ) -> "Guest | None":
        """The guest they are already; `Refused` where only the nickname is there."""
        key = normalize_key(nickname)
        own = Q(player=player) if player else Q(join_id=join_id, join_id__isnull=False)
        in_the_way = own | Q(nickname_key=key)
        rows = list(self.filter(in_the_way, game_id=game_id).select_related("player"))
        for row in rows:
            if row.player == player or (not player and row.repeats(key, join_id)):
                return row
        if rows:
            raise Refused("invalid", TAKEN, field="nickname")
        return None


class Guest(models.Model):
    """A guest in one game, under a nickname nobody else there has."""

    game = models.ForeignKey("games.Game", models.CASCADE, related_name="guests")
    player = models.ForeignKey(Player, models.CASCADE, related_name="guest_in")
    nickname = models.CharField(_("nickname"), max_length=20)
    nickname_key = models.CharField(max_length=40)
    # Made by the page in which a stranger joined, so that two taps make one guest.
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

    def repeats(self, nickname_key: str, join_id: UUID | None) -> bool:
        """Whether a stranger's form is the one that made this guest just now."""
        same = join_id is not None and self.join_id == join_id
        recent = timezone.now() - self.player.joined_at < REPEATED
        return (
            same
            and self.nickname_key == nickname_key
            and recent
            and self.player.is_active
        )
