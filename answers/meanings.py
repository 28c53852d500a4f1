"""What a change of a game's settings would make of the answers that there are."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from games.kinds.base import QuestionKind
from games.models import Game


@dataclass(frozen=True)
class Touched:
    """Answers that would say something else; `after` is None where they say nothing."""

    before: str
    after: str | None
    answers: int


def touched_by(game: Game, new: Mapping[str, Any]) -> list[Touched]:
    """The current answers that these settings give another meaning, most first."""
    kind, old = game.of_kind, game.rules
    if not (isinstance(kind, QuestionKind) and kind.refers_to_settings):
        return []
    rules = kind.Settings.model_validate(new)
    found: Counter[tuple[str, str | None]] = Counter()
    for question, value, count in said_in(game):
        before = kind.meaning(old, question, value)
        after = kind.meaning(rules, question, value)
        if before is not None and before != after:
            found[before, after] += count
    return [Touched(*pair, count) for pair, count in found.most_common()]


def said_in(game: Game) -> Any:
    """Each question's different answers, and how many players gave them."""
    rows = game.answers.current().order_by().values_list("question", "value")
    return rows.annotate(Count("pk"))
