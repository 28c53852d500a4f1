"""Opening and closing at set times, with or without a visitor.

A thread in every process, so that nothing depends on the server's loop. What players
may do follows `Game.state_at` anyway; this notes the change and tells them of it.
"""

import logging
import threading
from datetime import datetime, timedelta

from django.db import DatabaseError, close_old_connections, transaction
from django.db.models import Min, Q
from django.utils import timezone

from games.models import Game, Pool
from games.states import State

logger = logging.getLogger(__name__)

LONGEST_SLEEP = timedelta(seconds=1)  # another process may set a new time


def follow(now: datetime) -> int:
    """Open and close what is due; how many. Processes share the work."""
    with transaction.atomic():
        due = list(Game.objects.due(now).select_for_update(skip_locked=True))
        for game in due:
            game.follow_clock(now)
    return len(due)


def pay_debts() -> None:
    """Give owed codes that have come free since."""
    for pool in Pool.objects.in_debt():
        with transaction.atomic():
            pool.pay_debts()


def next_time(now: datetime) -> datetime:
    """When to look again: at the next opening or closing, or soon."""
    times = Game.objects.aggregate(
        opens=Min("opens_at", filter=Q(state=State.SCHEDULED)),
        closes=Min("closes_at", filter=Q(state__in=(State.OPEN, State.PAUSED))),
    )
    return min([t for t in times.values() if t] + [now + LONGEST_SLEEP])


class Clock(threading.Thread):
    """Looks at the clock until the process ends."""

    def __init__(self) -> None:
        super().__init__(name="clock", daemon=True)
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        while not self._stopped.wait(self._tick()):
            pass

    def _tick(self) -> float:
        """Follow the clock; the seconds to sleep."""
        try:
            follow(timezone.now())
            pay_debts()
            wait = next_time(timezone.now()) - timezone.now()
        except DatabaseError as error:
            logger.error("The clock could not be followed: %s", error)
            wait = LONGEST_SLEEP
        finally:
            close_old_connections()
        return max(wait.total_seconds(), 0.01)
