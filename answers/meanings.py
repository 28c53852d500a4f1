"""Which answers would change their meaning if a game's settings changed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from games.kinds.base import QuestionKind
from games.models import Game


@dataclass(frozen=True)
class Touched:
    """Answers that change their meaning; `after` is None if they lose it."""

    before: str
    after: str | None
    answers: int


def touched_by(game: Game, new: Mapping[str, Any]) -> list[Touched]:
    """The current answers that change their meaning with these settings, most first."""
    kind, old = game.of_kind, game.rules
    if not (isinstance(kind, QuestionKind) and kind.refers_to_settings):
        return []
    rules = kind.Settings.model_validate(new)
    counts: Counter[tuple[str, str | None]] = Counter()
    for question, value, count in distinct_answers(game):
        before = kind.meaning(old, question, value)
        after = kind.meaning(rules, question, value)
        if before is not None and before != after:
            counts[before, after] += count
    return [Touched(*pair, count) for pair, count in counts.most_common()]


def distinct_answers(game: Game) -> Any:
    """Rows of question, value and the number of players who gave this answer."""
    rows = game.answers.current().order_by().values_list("question", "value")
    return rows.annotate(Count("pk"))
