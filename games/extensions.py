"""What higher apps hand down to games, put together in `gameproject/apps.py`.

Imports run one way, so `games` can't ask `answers` for anything by name. It asks here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db.models import Expression

if TYPE_CHECKING:
    from games.models import Game


@dataclass(frozen=True)
class PublicPart:
    """What everybody sees of a game beside its own public state.

    `read` is a value from the database, had in the same statement as the game, and
    `shown` makes of it what is added to the public state.
    """

    read: Expression
    shown: Callable[[Game, Any], dict[str, Any]]


# How many players have answered, and how many rightly, by game id.
Counts: TypeAlias = "Callable[[Iterable[int]], Mapping[int, dict[str, int]]]"


@dataclass
class Registry:
    """Filled once at start."""

    public: dict[str, PublicPart] = field(default_factory=dict)
    counts: Counts = lambda game_ids: {}
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


registry = Registry()
