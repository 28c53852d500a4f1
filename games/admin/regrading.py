"""Asks staff before new settings change grades that players know."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.admin.asking import Question
from core.admin.forms import digest
from games.models import Game
from games.verdicts import FOR_STAFF

MAX_SHOWN = 200


@dataclass(frozen=True)
class Shown:
    """One changed grade, in words."""

    player: Any
    answer: str
    before: str
    after: str


def question(game: Game, new: Mapping[str, Any], changes: Sequence[Any]) -> Question:
    """The question about grades that these settings would change."""
    return Question(
        f"regrade: {digest(new)}",
        change_text(len(changes)),
        title=_("Change the grades?"),
        yes=_("Save and grade again"),
        template="admin/games/_regrade.html",
        context={
            "total": len(changes),
            "unseen": max(0, len(changes) - MAX_SHOWN),
            "changes": list(shown(game, changes[:MAX_SHOWN])),
        },
    )


def change_text(count: int) -> str:
    text = ngettext(
        "One grade would change.",
        "%(total)s grades would change.",
        count,
    )
    return text % {"total": count}


def shown(game: Game, changes: Sequence[Any]) -> Iterator[Shown]:
    rules, kind = game.rules, game.question_kind
    for change in changes:
        answer, grade = change.answer, change.grade
        yield Shown(
            answer.player,
            kind.in_words(rules, answer.question, answer.value),
            in_words(answer.verdict, answer.points),
            in_words(grade.verdict, grade.points),
        )


def in_words(verdict: str, points: int) -> str:
    text = ngettext("%(verdict)s, %(n)d point", "%(verdict)s, %(n)d points", points)
    return text % {"verdict": FOR_STAFF[verdict], "n": points}


def changed_text(count: int) -> str:
    text = ngettext(
        "%(count)d grade has changed.",
        "%(count)d grades have changed.",
        count,
    )
    return text % {"count": count}
