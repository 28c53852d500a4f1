"""Opens and closes games at their times, whether or not anybody visits.

A thread in every process, so that nothing depends on the server's loop. What players
may do depends on `Game.state_at` anyway; this saves the new state and broadcasts it.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import DatabaseError, close_old_connections, transaction
from django.db.models import Min, Model, Q
from django.utils import timezone

from core.outages import OUTAGES
from games.models import Game, Pool, Upload
from games.states import State
from users.sessions import clear_sessions

logger = logging.getLogger(__name__)

CLEAR_EVERY = timedelta(minutes=1)
MAX_SLEEP = timedelta(seconds=1)  # another process may set a new time


def apply_due_transitions(now: datetime) -> int:
    """Open and close the games that are due; how many. Processes share the work."""
    due = Game.objects.due(now)
    if not due.exists():  # no lock is taken for nothing
        return 0
    with transaction.atomic():
        due = due.select_for_update(skip_locked=True)
        return sum(
            isolated(game, partial(game.apply_schedule, now)) for game in list(due)
        )


def fill_backorders() -> None:
    """Fill the backorders for which codes have come free."""
    for pool in Pool.objects.fillable():
        isolated(pool, pool.fill_backorders)


def isolated(row: Model, act: Callable[[], None]) -> bool:
    """Act in a transaction or savepoint; log an error so that other rows go on."""
    try:
        with transaction.atomic():
            act()
    except OUTAGES:
        raise
    except Exception:
        logger.exception("The scheduler left out %r", row)
        return False
    return True


def next_time(now: datetime) -> datetime:
    """When to tick again: at the next opening or closing, or after `MAX_SLEEP`."""
    opens = Q(state=State.SCHEDULED, opens_at__gt=now)
    closes = Q(state__in=(State.OPEN, State.PAUSED), closes_at__gt=now)
    times = Game.objects.aggregate(
        opens=Min("opens_at", filter=opens), closes=Min("closes_at", filter=closes)
    )
    return min([t for t in times.values() if t] + [now + MAX_SLEEP])


class Scheduler(threading.Thread):
    """Ticks until the process ends."""

    def __init__(self) -> None:
        super().__init__(name="clock", daemon=True)
        self._stopped = threading.Event()
        self._clears_at = timezone.now() + CLEAR_EVERY

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        while not self._stopped.wait(self._tick()):
            pass

    def _clear(self, now: datetime) -> None:
        """Once a minute, delete expired sessions and uploads."""
        if now >= self._clears_at:
            self._clears_at = now + CLEAR_EVERY
            clear_sessions(now)
            Upload.objects.clear(now)

    def _tick(self) -> float:
        """Do what is due; returns the seconds to sleep."""
        try:
            now = timezone.now()
            apply_due_transitions(now)
            fill_backorders()
            self._clear(now)
            wait = next_time(now) - timezone.now()
        except DatabaseError as error:
            logger.error("The scheduler failed: %s", error)
            wait = MAX_SLEEP
        finally:
            close_old_connections()
        return max(wait.total_seconds(), 0.01)
