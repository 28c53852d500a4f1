"""Lines of lists: names that staff enter, each bound to a player or to nobody.

Anybody may take a free name. So a line is bound to the account that has the name when
staff save the list. Somebody who takes the name later gets nothing, unless staff bind
the line to them.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self, TypeVar

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from core.on_commit import on_commit
from games import events
from users.models import Player
from users.names import MAX_LISTED_LENGTH, key_on_list, normalize_display

if TYPE_CHECKING:
    from games.models.game import Game

BATCH = 1000  # names in one statement

L = TypeVar("L", bound="Line")


class LineQuerySet(models.QuerySet[L]):
    def nobodys(self) -> Self:
        """Lines that are bound to no player yet."""
        return self.filter(player=None)

    def write(self, game: "Game", names: Iterable[str]) -> None:
        """Make these names the game's list.

        A line that stays keeps its player. A new one is bound to the account that has
        its name now, or to nobody.
        """
        wanted = {
            key: normalize_display(name) for name in names if (key := key_on_list(name))
        }
        with transaction.atomic():
            lines = self.filter(game=game)
            before = {line.name_key: line for line in lines}
            if {key: line.name for key, line in before.items()} == wanted:
                return
            lines.delete()
            accounts = accounts_named(wanted.keys() - before.keys())
            self.bulk_create(
                self.model(
                    game=game,
                    name=name,
                    name_key=key,
                    player_id=before[key].player_id
                    if key in before
                    else accounts.get(key),
                    chosen=key in before and before[key].chosen,
                )
                for key, name in wanted.items()
            )

    def copy(self, source: "Game", target: "Game") -> None:
        """Give a game the list of another, with its players."""
        columns = ("name", "name_key", "player_id", "chosen")
        rows = self.filter(game=source).order_by("pk").values(*columns)
        self.bulk_create([self.model(game=target, **row) for row in rows])

    def bind_by_name(self) -> int:
        """Bind unbound lines to the accounts that have their names now; how many."""
        lines = list(self.nobodys())
        accounts = accounts_named({line.name_key for line in lines})
        matching = [line for line in lines if line.name_key in accounts]
        with transaction.atomic():
            for line in matching:
                line.bind(accounts[line.name_key], chosen=False)
        return len(matching)


def accounts_named(keys: Iterable[str]) -> dict[str, int]:
    """The ids of the accounts that have these names now, by key."""
    wanted, accounts = list(keys), dict[str, int]()
    for start in range(0, len(wanted), BATCH):
        part = wanted[start : start + BATCH]
        rows = Player.objects.filter(name_key__in=part).values_list("name_key", "pk")
        accounts |= {str(key): pk for key, pk in rows}
    return accounts


class Line(models.Model):
    """A name on a game's list, and the player it is bound to."""

    game: models.ForeignKey["Game"]
    game_id: int
    name = models.CharField(_("name"), max_length=300)
    name_key = models.CharField(max_length=MAX_LISTED_LENGTH, editable=False)
    player = models.ForeignKey(
        Player,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("player"),
        help_text=_("The number of the account or guest. Empty: no player yet."),
    )
    # Whether staff chose the player, who may then have any name.
    chosen = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def bind(self, player_id: int | None, *, chosen: bool = True) -> None:
        """Bind it to this player, or to nobody; broadcast to the old and new player.

        For a guest who has signed in to an account, the account gets it.
        """
        with transaction.atomic():
            joined = Player.objects.filter(guests=player_id or 0)
            player_id = joined.values_list("pk", flat=True).first() or player_id
            rows = type(self)._default_manager.select_for_update(of=("self",))
            players = {rows.get(pk=self.pk).player_id, player_id}
            self.player_id, self.chosen = player_id, chosen and player_id is not None
            self.save(update_fields=["player", "chosen"])
            for pk in players - {None}:
                assert pk is not None
                on_commit(events.player_changed, pk, self.game_id)


class Invitation(Line):
    """A name on a game's list of players. The account may come later."""

    game = models.ForeignKey(
        "games.Game",
        models.CASCADE,
        related_name="invitations",
        verbose_name=_("game"),
    )

    objects = LineQuerySet["Invitation"].as_manager()

    class Meta:
        verbose_name = _("name on a list of players")
        verbose_name_plural = _("lists of players")
        constraints = [
            models.UniqueConstraint("game", "name_key", name="invitation_once_a_game")
        ]


class WinnerQuerySet(LineQuerySet["Winner"]):
    def make_for(self, game: "Game") -> None:
        """Write a line for each name that the game's settings give one."""
        self.write(game, game.of_kind.names(game.rules))


class Winner(Line):
    """A name on a winners' list. The prize is in the game's settings."""

    game = models.ForeignKey(
        "games.Game", models.CASCADE, related_name="winners", verbose_name=_("game")
    )

    objects = WinnerQuerySet.as_manager()

    class Meta:
        verbose_name = _("name on a winners' list")
        verbose_name_plural = _("winners' lists")
        constraints = [
            models.UniqueConstraint("game", "name_key", name="winner_once_a_game")
        ]
