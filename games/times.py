"""What new opening and closing times would do to a published game."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from core.calendars import written
from games.states import State

LONG_AGO = timedelta(days=366)
ON = (State.OPEN, State.PAUSED)
OVER = (State.CLOSED, State.REVEALED)


@dataclass(frozen=True)
class Change:
    """New times of a game in this state; only those in `moved` have changed."""

    state: State
    opens_at: datetime | None
    closes_at: datetime | None
    moved: frozenset[str]  # of the two names above

    def surprises(self, now: datetime) -> Iterator[str]:
        """Texts about effects that staff may not expect."""
        if "opens_at" in self.moved:
            yield from self.of_opening(now)
        if "closes_at" in self.moved:
            yield from self.of_closing(now)

    def of_opening(self, now: datetime) -> Iterator[str]:
        if self.opens_at is None:
            if self.state is State.SCHEDULED:
                yield _("Without an opening time the game never opens by itself.")
        elif self.opens_at > now:
            if self.state in ON:
                text = _(
                    "The game is open, and stays open: it doesn't wait for %(at)s."
                )
                yield text % {"at": written(self.opens_at)}
            elif self.state in OVER:
                text = _("The game is closed, and doesn't open again at %(at)s.")
                yield text % {"at": written(self.opens_at)}
        elif self.opens_at < now - LONG_AGO:
            text = _("Opens: %(at)s is more than a year ago.")
            yield text % {"at": written(self.opens_at)}
        elif self.state is State.SCHEDULED and not self.is_over(now):
            yield _("The opening time has passed: the game opens as soon as you save.")

    def of_closing(self, now: datetime) -> Iterator[str]:
        if self.is_over(now) and self.state in ON:
            yield _("The closing time has passed: the game closes as soon as you save.")
        elif self.is_over(now) and self.state is State.SCHEDULED:
            yield _(
                "The closing time has passed: the game closes without having opened."
            )
        elif self.closes_at and self.closes_at > now and self.state in OVER:
            yield _("The game is closed, and stays closed: press “Extend” to open it.")

    def is_over(self, now: datetime) -> bool:
        return self.closes_at is not None and self.closes_at <= now
