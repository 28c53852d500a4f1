"""The board: who leads a game, and everybody's own place in it."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import (
    Count,
    F,
    FilteredRelation,
    Max,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Window,
)
from django.db.models.functions import FirstValue, RowNumber

from answers.models import Answer
from core.cache import Key
from games.kinds.announce import mask
from games.models import Game, Guest

TOP = 10
KEPT_SECONDS = 2  # over HTTP, where each request would otherwise work it out
FIRST: Any = [F("total").desc(nulls_last=True), F("last"), F("player")]


def key_of(slug: str) -> Key:
    """Where the leaders of a game are kept."""
    return Key(f"board:{slug}", f"game:{slug}", KEPT_SECONDS)


def boards_of(slugs: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The leaders of each of these games that players may see: one statement.

    The best points first, then who was first; only points that were told count. Guests
    go by their nickname, which they chose for others to see; of an account's name only
    the beginning is shown.
    """
    boards: dict[str, list[dict[str, Any]]] = {}
    for row in _leaders(slugs):
        board = boards.setdefault(row["slug"], [])
        if row["player"] is not None:
            name = row["nickname"] or mask(row["scored__player__name"])
            points = row["total"]
            board.append({"place": row["place"], "name": name, "points": points})
    return boards


def places_of(game_id: int, player_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The places of these players, by the board's rule: one statement.

    `of` is how many have a place at all; who has no points yet has none.
    """
    rows = (
        Answer.objects.current()
        .filter(game=game_id, points__gt=0)
        .values("player")
        .annotate(total=Sum("points"), last=Max("submitted_at"))
        .annotate(
            place=Window(RowNumber(), order_by=FIRST),
            of=Window(Count("*")),
            # A window too, so that only those who have their places are filtered.
            who=Window(FirstValue("player"), partition_by="player"),
        )
        .filter(who__in=list(player_ids))
    )
    return {
        row["player"]: {
            "place": row["place"],
            "points": row["total"],
            "of": row["of"],
        }
        for row in rows
    }


def _leaders(slugs: Sequence[str]) -> Any:
    """A row a leader; a game that nobody leads has one without a player."""
    scored = Q(answers__current=True, answers__points__gt=0)
    nickname = Guest.objects.filter(game=OuterRef("pk"), player=OuterRef("player"))
    return (
        Game.objects.published()
        .filter(slug__in=slugs)
        .annotate(
            scored=FilteredRelation("answers", condition=scored),
            player=F("scored__player"),
        )
        .values("slug", "player", "scored__player__name")
        .annotate(
            total=Sum("scored__points"),
            last=Max("scored__submitted_at"),
            nickname=Subquery(nickname.values("nickname")[:1]),
        )
        .annotate(place=Window(RowNumber(), partition_by=F("slug"), order_by=FIRST))
        .filter(place__lte=TOP)
        .order_by("slug", "place")
    )
