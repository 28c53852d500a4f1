"""Queries for games, as queryset methods to chain."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django.db import connection, models
from django.db.models import Aggregate, Case, Exists, OuterRef, Q, Subquery, When

from games.extensions import registry
from games.models.lines import Invitation
from games.models.prizes import Code
from games.states import PUBLISHED, Access, State
from users.models import Player

if TYPE_CHECKING:
    from games.models.game import Game


class JSONList(Aggregate):
    """All values as one JSON list."""

    function = "JSONB_AGG"
    output_field = models.JSONField()

    def as_sqlite(self, *args: Any, **kwargs: Any) -> Any:
        return self.as_sql(*args, function="JSON_GROUP_ARRAY", **kwargs)


class GameQuerySet(models.QuerySet["Game"]):
    def published(self) -> "GameQuerySet":
        """Not a draft, not archived."""
        return self.filter(state__in=PUBLISHED)

    def for_everybody(self) -> "GameQuerySet":
        """Published, and not only for players on a list."""
        return self.published().exclude(access=Access.LISTED)

    def visible_to(self, player: Player | None) -> "GameQuerySet":
        """Published, except games for a list that this player isn't on."""
        if player is None:
            return self.for_everybody()
        listed = self.model.objects.listed_for(player).values("pk")
        return self.published().filter(~Q(access=Access.LISTED) | Q(pk__in=listed))

    def listed_for(self, player: Player | None) -> "GameQuerySet":
        """Published for a list that this player is on."""
        return self.listed_for_any([player] if player else [])

    def listed_for_any(self, players: Sequence[Player]) -> "GameQuerySet":
        """Published for a list that one of these players is on."""
        on_it = Q(access=Access.LISTED, invitations__player__in=players)
        return self.published().filter(on_it)

    def only_if_on_any_list(self, player: Player | None) -> "GameQuerySet":
        """These games if this player is on the list of any game, else none."""
        if player is None:
            return self.none()  # no query
        return self.filter(Exists(self.model.objects.listed_for(player)))

    def annotate_listed(self, players: Sequence[Player]) -> "GameQuerySet":
        """Set `listed`: the ids of these players who are on the game's list."""
        rows = Invitation.objects.filter(game=OuterRef("pk"), player__in=players)
        ids = rows.values("game").annotate(ids=JSONList("player"))
        return self.annotate(listed=Subquery(ids.values("ids")))

    def with_public_state(self) -> "GameQuerySet":
        """With all that `Game.public` needs, so that it takes no other statement."""
        codes = Code.objects.filter(pool__game=OuterRef("pk"))
        sold_out = Exists(codes) & ~Exists(codes.unclaimed())
        parts = {name: part.read for name, part in registry.public.items()}
        return self.annotate(sold_out=sold_out, **parts)

    def in_order_of_interest(self) -> "GameQuerySet":
        """Open, paused, scheduled, revealed, closed; in each state the newest first."""
        order = (
            State.OPEN,
            State.PAUSED,
            State.SCHEDULED,
            State.REVEALED,
            State.CLOSED,
        )
        places = [When(state=state, then=place) for place, state in enumerate(order)]
        place = Case(*places, default=len(order))
        return self.annotate(place=place).order_by("place", "-id")

    def after(self, place: int, number: int) -> "GameQuerySet":
        """Those after this place and id, in the order of interest."""
        return self.filter(Q(place__gt=place) | Q(place=place, id__lt=number))

    def due(self, now: datetime) -> "GameQuerySet":
        """Those whose opening or closing time has passed, but not their state."""
        return self.filter(
            Q(state=State.SCHEDULED, opens_at__lte=now)
            | Q(state__in=(State.OPEN, State.PAUSED), closes_at__lte=now)
        )

    def next_seq(self, pk: int) -> int:
        """Raise the game's `seq` for a broadcast, and return it: one statement."""
        sql = "UPDATE games_game SET seq = seq + 1 WHERE id = %s RETURNING seq"
        with connection.cursor() as cursor:
            cursor.execute(sql, [pk])
            if row := cursor.fetchone():
                return int(row[0])
        raise self.model.DoesNotExist

    def lock(self, pk: int) -> "Game":
        """The game, locked so that no verb of staff changes it in this transaction.

        Many answers share the lock (`FOR KEY SHARE`); a verb waits for them
        (`FOR UPDATE`). On SQLite write transactions run one after the other anyway.
        """
        if connection.vendor != "postgresql":
            return self.get(pk=pk)
        sql = "SELECT * FROM games_game WHERE id = %s FOR KEY SHARE"
        for game in self.raw(sql, [pk]):
            return cast("Game", game)
        raise self.model.DoesNotExist
