"""What is worked out once and kept for everybody, across all processes.

One computation a key at a time, however many ask; stale while one refreshes; dropped on
commit of a change. Redis away: everybody computes for themselves, which the log says
once. It stands in the lowest app because every app keeps something.

A kept value carries the mark of its subject. `drop` sets a new mark, so whatever was
being computed from before the change is nobody's from then on.
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.core.cache import caches
from redis.exceptions import RedisError

from users import counts

logger = logging.getLogger(__name__)

LOCK_SECONDS = 10  # longer than any computation takes
WAIT_SECONDS = 2.0  # for another's computation, before one computes oneself
LOOK_SECONDS = 0.02
STALE_TIMES = 3  # a value is kept this many lifetimes, to be served while refreshed
JITTER = 0.1
TRIES = 5  # computations for one asker, if the subject changes every time

Compute = Callable[[], Any]


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
            drop(*missed)


outage = _Outage()


def kept(key: str, subject: str, lifetime: int, compute: Compute) -> Any:
    """The JSON-like value of `key`, computed if need be, at most `lifetime` s old.

    `subject` is what a change of which makes the value wrong; see `drop`.
    """
    try:
        value = _kept(key, subject, lifetime, compute)
        outage.is_over()
    except RedisError as error:
        outage.begins(error)
        counts.cache.labels("away").inc()
        return compute()
    return value


def is_fresh(entry: dict[str, Any]) -> bool:
    return bool(entry["fresh_until"] > time.time())


def entry_of(value: Any, mark: str, lifetime: int) -> dict[str, Any]:
    """A value as it is kept; its end is jittered, so that keys don't end together."""
    jittered = lifetime * random.uniform(1 - JITTER, 1)  # noqa: S311
    return {"value": value, "mark": mark, "fresh_until": time.time() + jittered}


def drop(*subjects: str) -> None:
    """Forget all that was kept of these subjects. Called on commit of a change."""
    marks = {mark_key(subject): uuid4().hex for subject in subjects}
    try:
        caches["strict"].set_many(marks, timeout=None)
    except RedisError as error:
        outage.begins(error)
        outage.missed |= set(subjects)


def mark_key(subject: str) -> str:
    return f"mark:{subject}"


def lock_key(name: str) -> str:
    return f"lock:{name}"


def _read(key: str, subject: str) -> tuple[dict[str, Any] | None, str]:
    """The entry, if it is of today's mark, and that mark: one round trip."""
    found = caches["strict"].get_many([key, mark_key(subject)])
    mark = found.get(mark_key(subject), "")
    entry = found.get(key)
    return (entry if entry and entry["mark"] == mark else None), mark


def _kept(key: str, subject: str, lifetime: int, compute: Compute) -> Any:
    entry, _mark = _read(key, subject)
    if entry and is_fresh(entry):
        counts.cache.labels("hit").inc()
        return entry["value"]
    if caches["strict"].add(lock_key(key), 1, LOCK_SECONDS):
        try:
            return _compute(key, subject, lifetime, compute)
        finally:
            caches["strict"].delete(lock_key(key))
    if entry:
        counts.cache.labels("stale").inc()
        return entry["value"]
    return _wait(key, subject, lifetime, compute)


def _compute(key: str, subject: str, lifetime: int, compute: Compute) -> Any:
    """Compute, keep, and return what no change has overtaken."""
    for _try in range(TRIES):
        entry, mark = _read(key, subject)
        if entry and is_fresh(entry):
            return entry["value"]  # another's, of just now
        value = compute()
        counts.cache.labels("computed").inc()
        entry = entry_of(value, mark, lifetime)
        caches["strict"].set(key, entry, lifetime * STALE_TIMES)
        current, _mark = _read(key, subject)
        if current:
            break
    return value


def _wait(key: str, subject: str, lifetime: int, compute: Compute) -> Any:
    """Another's computation or, if that takes too long, one's own."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
        entry, _mark = _read(key, subject)
        if entry:
            counts.cache.labels("waited").inc()
            return entry["value"]
    return _compute(key, subject, lifetime, compute)
