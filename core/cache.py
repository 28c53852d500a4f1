"""Keys of the shared cache, and invalidation by tag; `core.caching` reads and fills it.

It is in the lowest app because every app caches something. A cached value holds the
version token that its tag had. `invalidate` gives the tag a new token, so no value
computed from data before the change is served after it.
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

STALE_TIMES = 3  # lifetimes in Redis: an old value is served while one refreshes
JITTER = 0.1  # of a lifetime
MISS_SECONDS = 2  # TTL of the fact that something doesn't exist


@dataclass(frozen=True)
class Key:
    """Cache key: name, invalidation tag, TTL in seconds."""

    name: str
    tag: str
    lifetime: int


class _Outage:
    """Logs once when Redis goes away and once when it is back.

    Then it repeats the invalidations that Redis missed.
    """

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
    """The TTL in seconds; short for None, because anyone can ask for any missing id."""
    return min(key.lifetime, MISS_SECONDS) if value is None else key.lifetime


def is_fresh(entry: dict[str, Any]) -> bool:
    return bool(entry["fresh_until"] > time.time())


def entry_of(value: Any, version: str, lifetime: int) -> dict[str, Any]:
    """The entry to store; the jitter keeps entries from expiring together."""
    jittered = lifetime * random.uniform(1 - JITTER, 1)  # noqa: S311
    return {"value": value, "mark": version, "fresh_until": time.time() + jittered}


def invalidate(*tags: str) -> None:
    """Invalidate every value with one of these tags. Call it on commit of a change."""
    versions = {version_key(tag): uuid4().hex for tag in tags}
    try:
        caches["strict"].set_many(versions, timeout=None)
    except RedisError as error:
        outage.begins(error)
        outage.missed |= set(tags)


def version_key(tag: str) -> str:
    """The cache key of a tag's version token."""
    return f"mark:{tag}"  # as in older releases, which may run beside this one
