"""The first page of the list of games, for many players in one statement."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Exists, Q

from games.cached import states
from games.models import Game
from games.models.queryset import GameQuerySet
from games.paging import FIRST
from games.states import Access
from users.models import Player

Data = dict[str, Any]


def first_pages(
    players: Sequence[Player], *, only_listed: bool = False
) -> tuple[dict[int, Data], Data]:
    """The pages of those players who are on a list, by player id, and everybody's page.

    One statement. With `only_listed` nothing is read unless one of the players is on a
    list, and everybody's page may be empty: for callers who know it already.
    """
    rows = FirstGames(games_for_first_pages(players, only_listed))
    everybodys: frozenset[int] = frozenset()
    pages = {lists: rows.page(lists) for lists in {everybodys, *rows.lists.values()}}
    own = {player_id: pages[lists] for player_id, lists in rows.lists.items()}
    return own, pages[everybodys]


def games_for_first_pages(players: Sequence[Player], only_listed: bool) -> GameQuerySet:
    """The first games of everybody's list, and all that list these players."""
    everybodys = FIRST.begin(Game.objects.for_everybody())[: FIRST.limit + 1]
    listed = Game.objects.listed_for_any(players)
    games = Game.objects.filter(
        Q(pk__in=everybodys.values("pk")) | Q(pk__in=listed.values("pk"))
    )
    if only_listed:
        games = games.filter(Exists(listed))
    return games.annotate_listed(players).with_public_state()


class FirstGames:
    """Games in their order, their public states, and the games of each player."""

    def __init__(self, games: GameQuerySet) -> None:
        self.games = list(FIRST.begin(games))
        self.states = dict(zip(self.games, states(self.games)))
        lists: dict[int, set[int]] = defaultdict(set)
        for game in self.games:
            for player_id in (game.access == Access.LISTED and game.listed) or ():
                lists[player_id].add(game.pk)
        self.lists = {player_id: frozenset(ids) for player_id, ids in lists.items()}

    def page(self, listed: Collection[int]) -> Data:
        """The first page for a player who is on the lists of these games."""
        shown, next_cursor = FIRST.first_of(
            [g for g in self.games if g.access != Access.LISTED or g.pk in listed]
        )
        return {"games": [self.states[game] for game in shown], "next": next_cursor}
