"""The buttons of a game: what staff can do besides editing it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.refusals import Refused
from games.extensions import registry
from games.models import Game

MAX_SLUG_LENGTH = 60
A_WEEK = 7 * 24 * 60  # minutes

Act = Callable[[Game, datetime], None]


@dataclass(frozen=True)
class Verb:
    """One button. One with a `warning` has a page that asks for a yes."""

    name: str
    label: str | Promise
    success: str | Promise
    act: Act
    warning: str | Promise = ""


VERBS: Mapping[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "schedule",
            _("Publish"),
            _("Published. The game opens at its opening time."),
            Game.schedule,
        ),
        Verb("open", _("Open now"), _("The game is open."), Game.open),
        Verb(
            "withdraw",
            _("Withdraw"),
            _("The game is a draft again. Players no longer see it."),
            Game.withdraw,
        ),
        Verb(
            "pause",
            _("Pause"),
            _("The game is paused. It takes no answers."),
            Game.pause,
        ),
        Verb("resume", _("Resume"), _("The game is open again."), Game.resume),
        Verb(
            "close",
            _("Close"),
            _("The game is closed."),
            Game.close,
            _(
                "The game takes no more answers, and its closing time is set to now. "
                "Players who are still typing are too late. You can extend the game "
                "afterwards."
            ),
        ),
        Verb(
            "reveal",
            _("Reveal"),
            _("The result is revealed to everybody."),
            lambda game, now: registry.reveal(
                game, now
            ),  # set after this module is imported
            _(
                "Every answer is graded, the winners get their codes, and everybody "
                "sees the result. Codes can't be taken back from players."
            ),
        ),
        Verb(
            "archive",
            _("Archive"),
            _("Archived. Nothing is deleted."),
            Game.archive,
            _(
                "Players no longer find the game or its result. Nothing is deleted: it "
                "can be restored."
            ),
        ),
        Verb(
            "restore", _("Restore"), _("The game is out of the archive."), Game.restore
        ),
    )
}


def possible(game: Game) -> list[Verb]:
    """The buttons that the game allows in its state."""
    return [verb for name, verb in VERBS.items() if game.allows(name)]


class MinutesForm(forms.Form):
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=A_WEEK)


def minutes_in(data: Mapping[str, str]) -> int:
    """The minutes in a form, or `Refused` if they are invalid."""
    form = MinutesForm(data)
    if not form.is_valid():
        detail = _("Minutes: a whole number from 1 to %(most)d.") % {"most": A_WEEK}
        raise Refused("invalid", detail, field="minutes")
    return int(form.cleaned_data["minutes"])


def extend(game: Game, data: Mapping[str, str], now: datetime) -> None:
    """Close later by the minutes in the form."""
    game.extend(minutes_in(data), now)


def notify(game: Game, data: Mapping[str, str], now: datetime) -> None:
    """Show players the text in the form, for the minutes in the form."""
    game.notify(data.get("text", ""), now + timedelta(minutes=minutes_in(data)))


def duplicate(game: Game) -> Game:
    """A copy under the next free address."""
    slugs = copies_of(game.slug)
    return game.duplicate(next(s for s in slugs if not is_taken(s)))


def copies_of(slug: str) -> Iterator[str]:
    for number in count(1):
        end = "-copy" if number == 1 else f"-copy-{number}"
        yield slug[: MAX_SLUG_LENGTH - len(end)].rstrip("-") + end


def is_taken(slug: str) -> bool:
    return Game.objects.filter(slug=slug).exists()
