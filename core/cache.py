"""Where what is kept for everybody stands, and how a change drops it; see `shelf`.

It stands in the lowest app because every app keeps something. A kept value carries the
mark of its subject. `invalidate` sets a new mark, so whatever was being computed
from before the change is nobody's from then on.
"""

import logging
import random
import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.core.cache import caches
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

STALE_TIMES = 3  # a value is kept this many lifetimes, to be served while refreshed
JITTER = 0.1
MISS_SECONDS = 2  # for which it is kept that something isn't there


@dataclass(frozen=True)
class Key:
    """Where a value is kept, what a change of which drops it, and for how many s."""

    name: str
    subject: str
    lifetime: int


class _Outage:
    """Says in the log when Redis goes and when it is back; drops missed are made up."""

    def __init__(self) -> None:
        self.away = False
        self.missed: set[str] = set()

    def begins(self, error: Exception) -> None:
        if not self.away:
            self.away = True
            logger.error("The cache is away, going on without: %r", error)

    def is_over(self) -> None:
        if self.away:
            self.away = False
            logger.warning("The cache is back.")
            missed, self.missed = self.missed, set()
            invalidate(*missed)


outage = _Outage()


def lifetime_of(key: Key, value: Any) -> int:
    """In s. Of what isn't there strangers can name any number: it is kept briefly."""
    return min(key.lifetime, MISS_SECONDS) if value is None else key.lifetime


def is_fresh(entry: dict[str, Any]) -> bool:
    return bool(entry["fresh_until"] > time.time())


def entry_of(value: Any, mark: str, lifetime: int) -> dict[str, Any]:
    """A value as it is kept; its end is jittered, so that keys don't end together."""
    jittered = lifetime * random.uniform(1 - JITTER, 1)  # noqa: S311
    return {"value": value, "mark": mark, "fresh_until": time.time() + jittered}


def invalidate(*subjects: str) -> None:
    """Forget all that was kept of these subjects. Called on commit of a change."""
    marks = {version_key(subject): uuid4().hex for subject in subjects}
    try:
        caches["strict"].set_many(marks, timeout=None)
    except RedisError as error:
        outage.begins(error)
        outage.missed |= set(subjects)


def version_key(subject: str) -> str:
    return f"mark:{subject}"
