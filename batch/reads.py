"""Many reads answered together: one trip to the cache, at most one query a type.

No type gives more than its own route would.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from answers.board import boards_of
from answers.models import Answer
from checkins.models import CheckIn
from games import kept as games
from games.arrivals import states_in
from games.models import Game
from games.moments import in_ms
from users import api as users
from users.cache import Key, keep_many, read_many
from users.models import Player
from users.refusals import STATUS, Refused

Data = dict[str, Any]
MOST_ROWS = 200


@dataclass(frozen=True)
class Wanted:
    """One item of a batch: `id` is a slug, a player's number, or empty."""

    type: str
    id: str = ""


class Batch:
    """The answers to many items; equal items are worked out once."""

    def __init__(self, wanted: Iterable[Wanted], player: Player | None) -> None:
        self.player = player
        self.ids: dict[str, list[str]] = defaultdict(list)
        for one in dict.fromkeys(wanted):
            self.ids[one.type].append(one.id)
        self.kept, self.marks = read_many(self._keys())
        self.fresh: dict[Key, Any] = {}

    def answers(self) -> dict[Wanted, Data | Refused]:
        """Data or a refusal for each item."""
        found = {
            Wanted(type_, id_): data
            for type_, ids in self.ids.items()
            for id_, data in READERS[type_](self, ids).items()
        }
        keep_many(self.fresh, self.marks)
        return found

    def _keys(self) -> list[Key]:
        keys = [games.key_of(slug) for slug in self.ids.get("game", [])]
        keys += [
            users.key_of(int(id_)) for id_ in self.ids.get("user", []) if is_number(id_)
        ]
        return keys + ([games.list_key()] if "games" in self.ids else [])

    def _take(self, key: Key, compute: Callable[[], Any]) -> Any:
        """The kept value or, to be kept, the computed one."""
        if key not in self.kept:
            self.kept[key] = self.fresh[key] = compute()
        return self.kept[key]

    # One reader a type

    def game(self, slugs: Sequence[str]) -> Mapping[str, Data | Refused]:
        missing = [slug for slug in slugs if games.key_of(slug) not in self.kept]
        rows = list(Game.objects.seen().filter(slug__in=missing)) if missing else []
        states = {state["slug"]: state for state in games.states(rows)} if rows else {}
        return {
            slug: self._take(games.key_of(slug), lambda: states.get(slug))  # noqa: B023
            or Refused("not_found")
            for slug in slugs
        }

    def games(self, ids: Sequence[str]) -> Mapping[str, Data | Refused]:
        everybodys = self._take(games.list_key(), games.everybodys_games)
        shown = games.with_listed(everybodys, self.player)
        return {id_: {"games": shown} for id_ in ids}

    def user(self, ids: Sequence[str]) -> Mapping[str, Data | Refused]:
        player = self.player
        if player is None:
            return dict.fromkeys(ids, Refused("not_signed_in"))
        seen = [i for i in ids if is_number(i) and users.may_see(player, int(i))]
        missing = [i for i in seen if users.key_of(int(i)) not in self.kept]
        rows = Player.objects.in_bulk([int(i) for i in missing]) if missing else {}
        for id_ in missing:
            row = rows.get(int(id_))
            self._take(users.key_of(int(id_)), row.public if row else lambda: None)
        return {
            id_: (self.kept[users.key_of(int(id_))] or Refused("not_found"))
            if id_ in seen
            else Refused("forbidden")
            for id_ in ids
        }

    def own_answers(self, slugs: Sequence[str]) -> Mapping[str, Data | Refused]:
        if self.player is None:
            return dict.fromkeys(slugs, Refused("not_signed_in"))
        rows = Answer.objects.current().filter(player=self.player)
        shown = [
            {"game": row.game.slug, **row.public()}
            for row in of_games(rows, slugs).order_by("-pk")
        ]
        return {slug: {"answers": only(shown, slug)} for slug in slugs}

    def own_checkins(self, slugs: Sequence[str]) -> Mapping[str, Data | Refused]:
        if self.player is None:
            return dict.fromkeys(slugs, Refused("not_signed_in"))
        rows = CheckIn.objects.filter(player=self.player)
        shown = [row.public() for row in of_games(rows, slugs).order_by("-date", "-pk")]
        return {slug: {"checkins": only(shown, slug)} for slug in slugs}

    def mine(self, slugs: Sequence[str]) -> Mapping[str, Data | Refused]:
        """The `me` and `mine` of a welcome, which take several statements: so of the
        first game asked for only."""
        others = Refused("invalid", "Ask for one game at a time.", field="id")
        return dict.fromkeys(slugs, others) | {slugs[0]: self._mine(slugs[0])}

    def _mine(self, slug: str) -> Data | Refused:
        game = Game.objects.seen().filter(slug=slug).first()
        if game is None:
            return Refused("not_found")
        now = in_ms(timezone.now())
        if self.player is None:
            return {"now": now, "me": None, "mine": {}}
        own = states_in(game, [self.player])[self.player.pk]
        return {"now": now, "me": own.me, "mine": own.mine}

    def board(self, slugs: Sequence[str]) -> Mapping[str, Data | Refused]:
        found = boards_of(slugs)
        return {
            slug: {"top": found[slug]} if slug in found else Refused("not_found")
            for slug in slugs
        }


READERS: dict[str, Callable[[Batch, Sequence[str]], Mapping[str, Data | Refused]]] = {
    "game": Batch.game,
    "games": Batch.games,
    "user": Batch.user,
    "answers": Batch.own_answers,
    "checkins": Batch.own_checkins,
    "mine": Batch.mine,
    "board": Batch.board,
}


def of_games(rows: Any, slugs: Sequence[str]) -> Any:
    """The rows of these games; an empty slug stands for all."""
    rows = rows.select_related("game")
    return rows if "" in slugs else rows.filter(game__slug__in=slugs)


def only(shown: list[Data], slug: str) -> list[Data]:
    return [one for one in shown if slug in ("", one["game"])][:MOST_ROWS]


def is_number(id_: str) -> bool:
    return id_.isascii() and id_.isdigit() and len(id_) < 19


def result_of(wanted: Wanted, found: Data | Refused) -> Data:
    """One item of the reply."""
    said = {"type": wanted.type, "id": wanted.id}
    if isinstance(found, Refused):
        return {**said, "status": STATUS[found.code], "error": found.body()}
    return {**said, "status": 200, "data": found}
