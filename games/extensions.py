"""What higher apps hand down to games, put together in `gameproject/apps.py`.

Imports run one way, so `games` can't ask `answers` for anything by name. It asks here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db.models import Expression

from games.sources import NOWHERE, Source

if TYPE_CHECKING:
    from core.refusals import Refused
    from games.models import Game
    from users.models import Player

# A player's own things in a game, by player id: `(game, players) -> values`.
Part: TypeAlias = "Callable[[Game, list[Player]], Mapping[int, Any]]"

# The same, worked out from the parts: `(game, players, parts by name) -> values`.
FurtherPart: TypeAlias = (
    "Callable[[Game, list[Player], Mapping[str, Mapping[int, Any]]], Mapping[int, Any]]"
)


@dataclass(frozen=True)
class PublicPart:
    """What everybody sees of a game beside its own public state.

    `read` is a value from the database, had in the same statement as the game, and
    `shown` makes of it what is added to the public state.
    """

    read: Expression
    shown: Callable[[Game, Any], dict[str, Any]]


@dataclass(frozen=True)
class Call:
    """A command as it came in over a socket; `at` is when, `origin` the socket."""

    player: Player
    game_id: int
    frame: dict[str, Any]
    at: datetime
    origin: str
    version: str | None = None  # of what the socket was last shown
    source: Source = NOWHERE


# A socket command: the reply's fields. It runs in a thread and may raise `Refused`.
Command: TypeAlias = Callable[[Call], dict[str, Any]]

# The same for calls that arrive together: a reply or a refusal for each.
Together: TypeAlias = "Callable[[Sequence[Call]], Sequence[dict[str, Any] | Refused]]"

# The places of these players in a game, with points and company, by player id.
Places: TypeAlias = "Callable[[int, Iterable[int]], Mapping[int, dict[str, Any]]]"

# How many players have answered, and how many rightly, by game id.
Counts: TypeAlias = "Callable[[Iterable[int]], Mapping[int, dict[str, int]]]"


@dataclass
class Handover:
    """Filled once at start."""

    commands: dict[str, Command] = field(default_factory=dict)
    together: dict[str, Together] = field(default_factory=dict)
    mine: dict[str, Part] = field(default_factory=dict)
    further: dict[str, FurtherPart] = field(default_factory=dict)
    public: dict[str, PublicPart] = field(default_factory=dict)
    # The leaders of games, by slug.
    boards: Callable[[Sequence[str]], Mapping[str, list[dict[str, Any]]]] = (
        lambda slugs: {}
    )
    counts: Counts = lambda game_ids: {}
    places: Places = lambda game_id, player_ids: {}
    reveal: Callable[[Game, datetime], None] = lambda game, now: None
    # `Refused`, by the name of a setting, where new ones would lose what players did.
    check_change: Callable[[Game, Any], None] = lambda game, new: None
    # The answers to which new settings would give another meaning.
    touched_by: Callable[[Game, dict[str, Any]], list[Any]] = lambda game, new: []
    # Who would be graded otherwise by new settings, and the change itself.
    changed_by: Callable[[Game, dict[str, Any]], list[Any]] = lambda game, new: []
    regrade: Callable[[Game, dict[str, Any], datetime], None] = lambda *_what: None
    # Which of these codes, by id, staff have taken back.
    void_codes: Callable[[Iterable[int]], set[int]] = lambda code_ids: set()


given = Handover()
