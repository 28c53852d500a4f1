"""Asks staff before new settings give answers another meaning."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import ngettext

from core.admin.asking import Question
from core.admin.forms import digest
from games.extensions import registry
from games.models import Game

MAX_SHOWN = 50


def questions(game: Game, new: Mapping[str, Any]) -> list[Question]:
    """The question about answers that get another meaning, if there are any."""
    touched = registry.touched_by(game, dict(new))
    if not touched:
        return []
    context = {
        "touched": touched[:MAX_SHOWN],
        "untold": max(0, len(touched) - MAX_SHOWN),
    }
    return [
        Question(
            f"meanings: {digest(new)}",
            text_for(sum(change.answers for change in touched)),
            template="admin/games/_meanings.html",
            context=context,
        )
    ]


def text_for(count: int) -> str:
    text = ngettext(
        "One answer would get another meaning.",
        "%(count)d answers would get another meaning.",
        count,
    )
    return text % {"count": count}
