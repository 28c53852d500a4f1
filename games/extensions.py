"""What `games` needs from higher apps; `gameproject/apps.py` fills it in.

Imports run one way, so `games` can't import from `answers`. It calls these instead.
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
    """A part of a game's public state that a higher app adds.

    `read` is an expression, queried in the same statement as the game. `shown` turns
    its value into entries of the public state.
    """

    read: Expression
    shown: Callable[[Game, Any], dict[str, Any]]


# How many players have answered, and how many are right, by game id.
Counts: TypeAlias = "Callable[[Iterable[int]], Mapping[int, dict[str, int]]]"


@dataclass
class Registry:
    """Filled in once, at start."""

    public: dict[str, PublicPart] = field(default_factory=dict)
    counts: Counts = lambda game_ids: {}
    reveal: Callable[[Game, datetime], None] = lambda game, now: None
    # `Refused`, at a setting, if new settings would lose what players did.
    check_change: Callable[[Game, Any], None] = lambda game, new: None
    # The answers that would get another meaning from new settings.
    touched_by: Callable[[Game, dict[str, Any]], list[Any]] = lambda game, new: []
    # The grades that new settings would change, and the verb that changes them.
    changed_by: Callable[[Game, dict[str, Any]], list[Any]] = lambda game, new: []
    regrade: Callable[[Game, dict[str, Any], datetime], None] = lambda *_what: None
    # Those of these codes, by id, that staff have voided.
    void_codes: Callable[[Iterable[int]], set[int]] = lambda code_ids: set()


registry = Registry()
