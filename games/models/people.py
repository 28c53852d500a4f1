"""Who may play a game, and its guests."""

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from users.models import Player
from users.names import fold
from users.refusals import Refused


class GuestManager(models.Manager["Guest"]):
    def admit(self, game_id: int, player: Player, nickname: str) -> "Guest":
        """The player under this nickname, or under the one they have there already.

        A nickname that somebody else has is refused.
        """
        already = self.filter(game_id=game_id, player=player).first()
        if already:
            return already
        with transaction.atomic():
            guest, made = self.get_or_create(
                game_id=game_id,
                nickname_key=fold(nickname),
                defaults={"player": player, "nickname": nickname},
            )
        if not made:
            raise Refused("invalid", _("That nickname is taken."), field="nickname")
        return guest


class Invitation(models.Model):
    """A name on the list of who may play a game. The account may come later."""

    game = models.ForeignKey("games.Game", models.CASCADE, related_name="invitations")
    name = models.CharField(max_length=40)
    name_key = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint("game", "name_key", name="invitation_once_a_game")
        ]

    def __str__(self) -> str:
        return self.name


class Guest(models.Model):
    """A guest in one game, under a nickname nobody else there has."""

    game = models.ForeignKey("games.Game", models.CASCADE, related_name="guests")
    player = models.ForeignKey(Player, models.CASCADE, related_name="guest_in")
    nickname = models.CharField(_("nickname"), max_length=20)
    nickname_key = models.CharField(max_length=40)

    objects = GuestManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "game", "nickname_key", name="guest_nickname_once_a_game"
            ),
            models.UniqueConstraint("game", "player", name="guest_once_a_game"),
        ]

    def __str__(self) -> str:
        return self.nickname
