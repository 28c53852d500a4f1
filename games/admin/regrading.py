"""Asking before grades that players know are changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from games.forms.pictures import keep
from games.kinds.base import Verdict
from games.models import Game

MOST_SHOWN = 200
VERDICTS: Mapping[str, str | Promise] = {
    Verdict.PENDING: _("pending"),
    Verdict.RIGHT: _("right"),
    Verdict.WRONG: _("wrong"),
}


class Unconfirmed(Exception):
    """Saving would change these grades, and staff haven't been asked yet.

    Raised inside the request's transaction, so that nothing at all is saved.
    """

    def __init__(self, game: Game, changes: Sequence[Any]) -> None:
        super().__init__()
        self.game, self.changes = game, changes


@dataclass(frozen=True)
class Shown:
    """One changed grade, in words."""

    player: Any
    answer: str
    before: str
    after: str


def page(
    request: HttpRequest, asked: Unconfirmed, context: dict[str, Any]
) -> HttpResponse:
    """Who would be graded otherwise, and the form sent again with a yes."""
    context |= {
        "total": len(asked.changes),
        "unseen": max(0, len(asked.changes) - MOST_SHOWN),
        "changes": list(shown(asked.game, asked.changes[:MOST_SHOWN])),
        "sent": list(sent_again(request, asked.game)),
    }
    return TemplateResponse(request, "admin/games/regrade.html", context)


def shown(game: Game, changes: Sequence[Any]) -> Iterator[Shown]:
    rules, kind = game.rules, game.of_kind
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
    return text % {"verdict": VERDICTS[verdict], "n": points}


def sent_again(request: HttpRequest, game: Game) -> Iterator[tuple[str, str]]:
    """Names and values for hidden inputs. A file can't be sent again: it is kept."""
    for name, values in request.POST.lists():
        if name != "csrfmiddlewaretoken":
            yield from ((name, value) for value in values)
    if request.FILES.get("picture"):
        yield "picture-kept", keep(str(game.picture.name))


def told(count: int) -> str:
    text = ngettext(
        "%(count)d answer was graded again.",
        "%(count)d answers were graded again.",
        count,
    )
    return text % {"count": count}
