"""One reader per type of item: its cache keys, and how to read items for many askers.

A reader sets in the `CacheBatch` what it had to read from the database.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from answers import leaderboard as boards
from batch import own
from batch.askers import Asker, Data, Items, distribute, ids_of, players_of
from core.cache import Key
from core.caching import CacheBatch
from core.http_cache import with_etag
from core.refusals import Refused
from games import cached as games
from games.first_pages import first_pages
from games.models import games_with_public_state
from users import api as users
from users.models import Player


def no_keys(_askers: Sequence[Asker]) -> list[Key]:
    return []


@dataclass(frozen=True)
class Reader:
    """`read` returns the items of each asker; every asker asks for this type."""

    read: Callable[[CacheBatch, Sequence[Asker]], list[Items]]
    keys: Callable[[Sequence[Asker]], list[Key]] = no_keys


def game_keys(askers: Sequence[Asker]) -> list[Key]:
    return [games.key_of(slug) for slug in ids_of(askers, "game")]


def read_games(cached: CacheBatch, askers: Sequence[Asker]) -> list[Items]:
    slugs = ids_of(askers, "game")
    missing = [slug for slug in slugs if games.key_of(slug) not in cached]
    rows = games_with_public_state().published().filter(slug__in=missing)
    states = {state["slug"]: state for state in games.states(rows if missing else ())}
    for slug in missing:
        state = states.get(slug)
        cached[games.key_of(slug)] = with_etag(state) if state else None
    entries = {slug: cached[games.key_of(slug)] for slug in slugs}
    items = {
        slug: entry["data"] if entry else Refused("not_found")
        for slug, entry in entries.items()
    }
    return distribute(askers, "game", items)


def list_keys(askers: Sequence[Asker]) -> list[Key]:
    return [games.list_key()] if ids_of(askers, "games") else []


def read_lists(cached: CacheBatch, askers: Sequence[Asker]) -> list[Items]:
    """The shared list of games; an own one for players who are on a game's list."""
    key, players = games.list_key(), players_of(askers)
    own_lists: dict[int, Data] = {}
    if players or key not in cached:
        own_lists, everybodys = first_pages(players, only_listed=key in cached)
        if key not in cached:
            cached[key] = with_etag(everybodys)
    shared = cached[key]["data"]
    return [
        dict.fromkeys(
            asker.ids["games"],
            own_lists.get(asker.player.pk, shared) if asker.player else shared,
        )
        for asker in askers
    ]


def player_keys(askers: Sequence[Asker]) -> list[Key]:
    return [
        users.key_of(number)
        for asker in askers
        for number in asker.visible_players().values()
    ]


def read_players(cached: CacheBatch, askers: Sequence[Asker]) -> list[Items]:
    visible = [asker.visible_players() for asker in askers]
    numbers = {number for ids in visible for number in ids.values()}
    missing = [number for number in numbers if users.key_of(number) not in cached]
    rows = Player.objects.in_bulk(missing) if missing else {}
    for number in missing:
        row = rows.get(number)
        cached[users.key_of(number)] = row.public() if row else None
    return [
        hidden_players(asker)
        | {i: cached[users.key_of(n)] or Refused("not_found") for i, n in ids.items()}
        for asker, ids in zip(askers, visible)
    ]


def hidden_players(asker: Asker) -> dict[str, Refused]:
    """A refusal for every `user` id asked for; visible ones are put over these."""
    code = "forbidden" if asker.player else "not_signed_in"
    return dict.fromkeys(asker.ids["user"], Refused(code))


def board_keys(askers: Sequence[Asker]) -> list[Key]:
    return [boards.key_of(slug) for slug in ids_of(askers, "board")]


def read_boards(cached: CacheBatch, askers: Sequence[Asker]) -> list[Items]:
    slugs = ids_of(askers, "board")
    missing = [slug for slug in slugs if boards.key_of(slug) not in cached]
    rows = boards.boards_of(missing) if missing else {}
    for slug in missing:
        cached[boards.key_of(slug)] = rows.get(slug)
    tops = {slug: cached[boards.key_of(slug)] for slug in slugs}
    not_found = Refused("not_found")
    items = {s: {"top": t} if t is not None else not_found for s, t in tops.items()}
    return distribute(askers, "board", items)


READERS = {
    "game": Reader(read_games, game_keys),
    "games": Reader(read_lists, list_keys),
    "user": Reader(read_players, player_keys),
    "answers": Reader(own.read_answers),
    "checkins": Reader(own.read_checkins),
    "mine": Reader(own.read_mine),
    "board": Reader(read_boards, board_keys),
}
