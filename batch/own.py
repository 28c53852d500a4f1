"""Readers of personal items, for many players at once; nothing is cached."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from answers.models import Answer
from batch.askers import Asker, Data, Items, ids_of, players_of
from checkins.models import CheckIn
from core.caching import CacheBatch
from core.paging import Page
from core.refusals import Refused
from core.timestamps import to_ms
from games.models import Game
from live.welcome import Personal, states_in

FIRST = Page()  # a batch has first pages only; the route of the list has the others


def read_answers(_cached: CacheBatch, askers: Sequence[Asker]) -> list[Items]:
    return read_own(askers, "answers", Answer.objects.current(), Answer.own)


def read_checkins(_cached: CacheBatch, askers: Sequence[Asker]) -> list[Items]:
    return read_own(askers, "checkins", CheckIn.objects.all(), CheckIn.public)


def read_own(
    askers: Sequence[Asker],
    type_: str,
    rows: QuerySet[Any],
    show: Callable[[Any], Data],
) -> list[Items]:
    """Each asker's own rows, by slug; an empty slug means all games."""
    rows_of = (
        newest_by_player(of_askers(rows, askers, type_)) if players_of(askers) else {}
    )

    def item(asker: Asker, slug: str) -> Data | Refused:
        if asker.player is None:
            return Refused("not_signed_in")
        own = rows_of.get(asker.player.pk, [])
        shown, next_cursor = FIRST.first_of(
            [row for row in own if slug in ("", row.game.slug)]
        )
        return {type_: [show(row) for row in shown], "next": next_cursor}

    return [{slug: item(asker, slug) for slug in asker.ids[type_]} for asker in askers]


def of_askers(
    rows: QuerySet[Any], askers: Sequence[Asker], type_: str
) -> QuerySet[Any]:
    """The askers' rows in the games asked for; all rows of those who ask for all."""
    of_all = players_of(asker for asker in askers if "" in asker.ids[type_])
    games = Q(game__slug__in=ids_of(askers, type_)) | Q(player__in=of_all)
    return rows.filter(games, player__in=players_of(askers))


def newest_by_player(rows: QuerySet[Any]) -> dict[int, list[Any]]:
    """By player id, the newest rows: a first page of each game, in one statement."""
    place = Window(
        RowNumber(),
        partition_by=[F("player"), F("game")],
        order_by=F("pk").desc(),
    )
    by_player: dict[int, list[Any]] = defaultdict(list)
    for row in (
        FIRST.begin(rows.select_related("game"))
        .annotate(place=place)
        .filter(place__lte=FIRST.limit + 1)
    ):
        by_player[row.player_id].append(row)
    return by_player


def read_mine(_cached: CacheBatch, askers: Sequence[Asker]) -> list[Items]:
    """The `me` and `mine` of a welcome, for one game per asker.

    A game takes several statements. Each asker's further games are refused.
    """
    refused = Refused("invalid", "Ask for one game at a time.", field="id")
    now = to_ms(timezone.now())
    states = states_by_game(askers)
    replies: list[Items] = []
    for asker in askers:
        slug, *_others = asker.ids["mine"]
        mine = mine_of(asker, states.get(slug), now)
        replies.append(dict.fromkeys(asker.ids["mine"], refused) | {slug: mine})
    return replies


def states_by_game(askers: Sequence[Asker]) -> dict[str, dict[int, Personal]]:
    """By slug of the first game that each asks for: personal states, by player id."""
    by_slug: dict[str, list[Asker]] = defaultdict(list)
    for asker in askers:
        by_slug[asker.ids["mine"][0]].append(asker)
    games = Game.objects.published().filter(slug__in=list(by_slug))
    players = {game: players_of(by_slug[game.slug]) for game in games}
    return {
        game.slug: states_in(game, members) if members else {}
        for game, members in players.items()
    }


def mine_of(
    asker: Asker, states: dict[int, Personal] | None, now: int
) -> Data | Refused:
    if states is None:
        return Refused("not_found")
    if asker.player is None:
        return {"now": now, "me": None, "mine": {}}
    own = states[asker.player.pk]
    return {"now": now, "me": own.me, "mine": own.mine}
