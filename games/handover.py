"""What higher apps hand down to games, put together in `gameproject/apps.py`.

Imports run one way, so `games` can't ask `answers` for anything by name. It asks here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from games.models import Game
from users.models import Player

# A player's own things in a game, by player id: `(game, players) -> values`.
Part = Callable[[Game, list[Player]], Mapping[int, Any]]

# A socket command: `(player, game id, frame, now, origin) -> the reply's fields`.
# It runs in a thread and may raise `Refused`.
Command = Callable[[Player, int, dict[str, Any], datetime, str], dict[str, Any]]

# How many players have answered, and how many rightly, by game id.
Counts = Callable[[Iterable[int]], Mapping[int, dict[str, int]]]


@dataclass
class Handover:
    """Filled once at start."""

    commands: dict[str, Command] = field(default_factory=dict)
    mine: dict[str, Part] = field(default_factory=dict)
    counts: Counts = lambda game_ids: {}
    reveal: Callable[[Game, datetime], None] = lambda game, now: None
    # Who would be graded otherwise by new settings, and the change itself.
    changed_by: Callable[[Game, dict[str, Any]], list[Any]] = lambda game, new: []
    regrade: Callable[[Game, dict[str, Any], datetime], None] = lambda game, new, now: (
        None
    )


given = Handover()
