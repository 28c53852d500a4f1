"""The leaderboard of a game, and each player's own rank."""

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
CACHE_SECONDS = 2  # over HTTP, so that not every request computes it
ORDER: Any = [F("total").desc(nulls_last=True), F("last"), F("player")]


def key_of(slug: str) -> Key:
    """The cache key of a game's leaderboard."""
    return Key(f"board:{slug}", f"game:{slug}", CACHE_SECONDS)


def boards_of(slugs: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The leaderboards of those of these games that players may see: one statement.

    Most points first, then the earliest. Only points that players know of count. Guests
    appear under their nickname, which is public; account names are masked.
    """
    boards: dict[str, list[dict[str, Any]]] = {}
    for row in _leaders(slugs):
        board = boards.setdefault(row["slug"], [])
        if row["player"] is not None:
            name = row["nickname"] or mask(row["scored__player__name"])
            points = row["total"]
            board.append({"place": row["place"], "name": name, "points": points})
    return boards


def ranks_of(game_id: int, player_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The rank of each of these players on the leaderboard: one statement.

    `of` is the number of ranked players. A player without points has no rank.
    """
    rows = (
        Answer.objects.current()
        .filter(game=game_id, points__gt=0)
        .values("player")
        .annotate(total=Sum("points"), last=Max("submitted_at"))
        .annotate(
            place=Window(RowNumber(), order_by=ORDER),
            of=Window(Count("*")),
            # Also a window, so that the filter applies after the ranks are known.
            ranked=Window(FirstValue("player"), partition_by="player"),
        )
        .filter(ranked__in=list(player_ids))
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
    """One row per leader; a game without leaders has one row without a player."""
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
        .annotate(place=Window(RowNumber(), partition_by=F("slug"), order_by=ORDER))
        .filter(place__lte=TOP)
        .order_by("slug", "place")
    )
