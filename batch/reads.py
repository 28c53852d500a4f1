"""Many reads answered together: one trip to the cache, at most one query a type.

What is missing there takes a few trips more, as many for one item as for fifty.

No type gives more than its own route would.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from answers import leaderboard as boards
from answers.models import Answer
from checkins.models import CheckIn
from core import metrics
from core.cache import Key
from core.caching import CacheBatch, get_or_compute_many
from core.http_cache import with_etag
from core.outages import OUTAGES
from core.paging import Page
from core.refusals import STATUS, Refused
from core.timestamps import to_ms
from games import cached as games
from games.models import Game, games_with_public_state
from live.welcome import states_in
from users import api as users
from users.models import Player

logger = logging.getLogger(__name__)

Data = dict[str, Any]
FIRST = Page()  # the others are to be had from the route


@dataclass(frozen=True)
class ReadRequest:
    """One item of a batch: `id` is a slug, a player's number, or empty."""

    type: str
    id: str = ""


class Batch:
    """The answers to many items; equal items are worked out once."""

    def __init__(self, wanted: Iterable[ReadRequest], player: Player | None) -> None:
        self.player = player
        self.ids: dict[str, list[str]] = defaultdict(list)
        for one in dict.fromkeys(wanted):
            self.ids[one.type].append(one.id)
        self.cached: CacheBatch

    def answers(self) -> dict[ReadRequest, Data | Refused]:
        """Data or a refusal for each item."""
        return get_or_compute_many(self._keys(), self._read)

    def _read(self, cached: CacheBatch) -> dict[ReadRequest, Data | Refused]:
        self.cached = cached
        return {
            ReadRequest(type_, id_): data
            for type_, ids in self.ids.items()
            for id_, data in self._read_type(type_, ids).items()
        }

    def _read_type(
        self, type_: str, ids: Sequence[str]
    ) -> Mapping[str, Data | Refused]:
        """The items of one type; a bug of ours there doesn't spoil the others."""
        try:
            return READERS[type_](self, ids)
        except OUTAGES:
            raise
        except Exception:
            logger.exception("Items of a batch could not be read: %s", type_)
            metrics.failures.labels("batch").inc()
            return dict.fromkeys(ids, Refused("server_error"))

    def _keys(self) -> list[Key]:
        keys = [games.key_of(slug) for slug in self.ids.get("game", [])]
        keys += [boards.key_of(slug) for slug in self.ids.get("board", [])]
        seen = self._seen(self.ids.get("user", [])).values()
        keys += [users.key_of(number) for number in seen]
        return keys + ([games.list_key()] if "games" in self.ids else [])

    def _seen(self, ids: Sequence[str]) -> dict[str, int]:
        """The numbers of the players among these that whoever asks may see; an empty
        one stands for oneself."""
        player = self.player
        if player is None:
            return {}
        numbers = {i: int(i or player.pk) for i in ids if not i or is_number(i)}
        return {i: n for i, n in numbers.items() if users.may_see(player, n)}

    # One reader a type

    def game(self, slugs: Sequence[str]) -> Mapping[str, Data | Refused]:
        missing = [slug for slug in slugs if games.key_of(slug) not in self.cached]
        rows = (
            games_with_public_state().published().filter(slug__in=missing)
            if missing
            else ()
        )
        states = {state["slug"]: state for state in games.states(rows)}
        for slug in missing:
            state = states.get(slug)
            self.cached[games.key_of(slug)] = with_etag(state) if state else None
        found = {slug: self.cached[games.key_of(slug)] for slug in slugs}
        return {
            slug: state["data"] if state else Refused("not_found")
            for slug, state in found.items()
        }

    def games(self, ids: Sequence[str]) -> Mapping[str, Data | Refused]:
        key = games.list_key()
        if key in self.cached:
            own = games.listed_games(self.player)
            return dict.fromkeys(ids, own or self.cached[key]["data"])
        found, everybodys = games.first_games(self.player)
        if everybodys:
            self.cached[key] = with_etag(found)
        return dict.fromkeys(ids, found)

    def user(self, ids: Sequence[str]) -> Mapping[str, Data | Refused]:
        if self.player is None:
            return dict.fromkeys(ids, Refused("not_signed_in"))
        seen = self._seen(ids)
        missing = {n for n in seen.values() if users.key_of(n) not in self.cached}
        rows = Player.objects.in_bulk(missing) if missing else {}
        for number in missing:
            row = rows.get(number)
            self.cached[users.key_of(number)] = row.public() if row else None
        return {
            id_: (self.cached[users.key_of(seen[id_])] or Refused("not_found"))
            if id_ in seen
            else Refused("forbidden")
            for id_ in ids
        }

    def my_answers(self, slugs: Sequence[str]) -> Mapping[str, Data | Refused]:
        if self.player is None:
            return dict.fromkeys(slugs, Refused("not_signed_in"))
        rows = Answer.objects.current().filter(player=self.player)
        return {
            slug: {
                "answers": [row.own() for row in shown],
                "next": next_cursor,
            }
            for slug, (shown, next_cursor) in first_pages(rows, slugs).items()
        }

    def my_checkins(self, slugs: Sequence[str]) -> Mapping[str, Data | Refused]:
        if self.player is None:
            return dict.fromkeys(slugs, Refused("not_signed_in"))
        rows = CheckIn.objects.filter(player=self.player)
        return {
            slug: {"checkins": [row.public() for row in shown], "next": next_cursor}
            for slug, (shown, next_cursor) in first_pages(rows, slugs).items()
        }

    def mine(self, slugs: Sequence[str]) -> Mapping[str, Data | Refused]:
        """The `me` and `mine` of a welcome, which take several statements: so of the
        first game asked for only."""
        others = Refused("invalid", "Ask for one game at a time.", field="id")
        return dict.fromkeys(slugs, others) | {slugs[0]: self._mine(slugs[0])}

    def _mine(self, slug: str) -> Data | Refused:
        game = Game.objects.published().filter(slug=slug).first()
        if game is None:
            return Refused("not_found")
        now = to_ms(timezone.now())
        if self.player is None:
            return {"now": now, "me": None, "mine": {}}
        own = states_in(game, [self.player])[self.player.pk]
        return {"now": now, "me": own.me, "mine": own.mine}

    def board(self, slugs: Sequence[str]) -> Mapping[str, Data | Refused]:
        missing = [slug for slug in slugs if boards.key_of(slug) not in self.cached]
        found = boards.boards_of(missing) if missing else {}
        for slug in missing:
            self.cached[boards.key_of(slug)] = found.get(slug)
        tops = {slug: self.cached[boards.key_of(slug)] for slug in slugs}
        return {
            slug: {"top": top} if top is not None else Refused("not_found")
            for slug, top in tops.items()
        }


READERS: dict[str, Callable[[Batch, Sequence[str]], Mapping[str, Data | Refused]]] = {
    "game": Batch.game,
    "games": Batch.games,
    "user": Batch.user,
    "answers": Batch.my_answers,
    "checkins": Batch.my_checkins,
    "mine": Batch.mine,
    "board": Batch.board,
}


def first_pages(
    rows: QuerySet[Any], slugs: Sequence[str]
) -> dict[str, tuple[list[Any], str | None]]:
    """The first page of the rows of each game, and its `next`: one statement.

    An empty slug stands for all games.
    """
    rows = rows if "" in slugs else rows.filter(game__slug__in=slugs)
    place = Window(RowNumber(), partition_by=F("game"), order_by=F("pk").desc())
    found = list(
        FIRST.begin(rows.select_related("game"))
        .annotate(place=place)
        .filter(place__lte=FIRST.limit + 1)
    )
    return {
        slug: FIRST.first_of([row for row in found if slug in ("", row.game.slug)])
        for slug in slugs
    }


def is_number(id_: str) -> bool:
    return id_.isascii() and id_.isdigit() and len(id_) < 19


def result_of(wanted: ReadRequest, found: Data | Refused) -> Data:
    """One item of the reply."""
    said = {"type": wanted.type, "id": wanted.id}
    if isinstance(found, Refused):
        return {**said, "status": STATUS[found.code], "error": found.body()}
    return {**said, "status": 200, "data": found}
