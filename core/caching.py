"""What is worked out once and kept for everybody, across all processes.

One computation of a key at a time, however many ask; stale while one refreshes; nothing
from before a change. As many trips to the cache for many keys as for one. Redis away:
everybody computes for themselves, which the log says once.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.core.cache import caches
from redis.exceptions import RedisError

from core import cache, metrics
from core.cache import Key

Found = TypeVar("Found")

LOCK_SECONDS = 10  # longer than any computation takes
WAIT_SECONDS = 2.0  # for another's computation, before one computes oneself
LOOK_SECONDS = 0.02
# Of a process's threads that wait for the same, one looks at a time: hundreds that look
# would leave the one at work no processor, and in the end each work it out.
POLL_LOCKS = [threading.Lock() for _ in range(64)]
MAX_RETRIES = 5  # computations for one asker, if the subject changes every time


def get_or_compute(key: Key, compute: Callable[[], Found]) -> Found:
    """The JSON-like value of `key`, computed if need be."""

    def read(cached: CacheBatch) -> Found:
        if key not in cached:
            cached[key] = compute()
        found: Found = cached[key]
        return found

    return get_or_compute_many([key], read)


def get_or_compute_many(
    keys: Iterable[Key], read: Callable[["CacheBatch"], Found]
) -> Found:
    """What `read` makes of the values kept, once no change has overtaken it."""
    keys = list(dict.fromkeys(keys))
    for _try in range(MAX_RETRIES):
        cached = CacheBatch(keys)
        with cached.open():
            found = read(cached)
        if cached.is_current():
            break
    return found


class CacheBatch:
    """The values kept of some keys. What is missing is computed by whoever asks."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = keys
        self._values: dict[Key, Any] = {}
        self._stale: dict[Key, Any] = {}
        self._marks: dict[str, str] = {}
        self._locked: set[Key] = set()
        self._computed: set[Key] = set()

    def __contains__(self, key: Key) -> bool:
        return key in self._values

    def __getitem__(self, key: Key) -> Any:
        return self._values[key]

    def __setitem__(self, key: Key, value: Any) -> None:
        """What was computed because it was missing."""
        self._values[key] = value
        self._computed.add(key)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Fetch what is kept; at the end, keep what was computed meanwhile.

        Redis away: everything is missing, and nothing is kept.
        """
        with tolerate_cache_outage():
            self._fetch()
        try:
            yield
            if self._marks:
                with tolerate_cache_outage():
                    self._keep()
        finally:
            with tolerate_cache_outage():
                self._unlock()

    def is_current(self) -> bool:
        """Whether what was computed is from the state that holds now."""
        before = self._marks
        if self._computed and before:
            with tolerate_cache_outage():
                self._read(self._computed)
        return self._marks == before

    def _fetch(self) -> None:
        self._read(self._keys)
        metrics.cache.labels("hit").inc(len(self._values))
        if self._missing():
            self._share_work()

    def _share_work(self) -> None:
        """Leave to others what they compute already: take theirs, for a while."""
        deadline = time.monotonic() + WAIT_SECONDS
        awaited = others = self._others()
        while others and (left := deadline - time.monotonic()) > 0:
            with poll_slot(others[0], left):
                self._read(self._missing())
                others = self._others()
                if others:
                    time.sleep(LOOK_SECONDS)
        metrics.cache.labels("waited").inc(len(awaited) - len(others))

    def _others(self) -> list[Key]:
        """Lock what is missing, and read it once more; what is left to others."""
        self._lock(self._missing())
        self._read(self._missing())
        others = [key for key in self._missing() if key not in self._locked]
        stale = {key: self._stale[key] for key in others if key in self._stale}
        self._values |= stale
        metrics.cache.labels("stale").inc(len(stale))
        return [key for key in others if key not in stale]

    def _missing(self) -> list[Key]:
        return [key for key in self._keys if key not in self._values]

    def _read(self, keys: Iterable[Key]) -> None:
        keys = list(keys)
        names = [
            name for key in keys for name in (key.name, cache.version_key(key.subject))
        ]
        found = caches["strict"].get_many(names) if names else {}
        cache.outage.is_over()
        marks = {
            key.subject: found.get(cache.version_key(key.subject), "") for key in keys
        }
        self._marks = {**self._marks, **marks}
        for key in keys:
            self._stale.pop(key, None)  # a change may have come since
            entry = found.get(key.name)
            if entry and entry["mark"] == marks[key.subject]:
                kept = self._values if cache.is_fresh(entry) else self._stale
                kept.setdefault(key, entry["value"])

    def _lock(self, keys: Iterable[Key]) -> None:
        keys = [key for key in keys if key not in self._locked]
        taken = add_many([lock_key(key.name) for key in keys])
        self._locked |= {key for key, ours in zip(keys, taken) if ours}

    def _keep(self) -> None:
        metrics.cache.labels("computed").inc(len(self._computed))
        lifetimes = {key: cache.lifetime_of(key, self[key]) for key in self._computed}
        for lifetime in set(lifetimes.values()):
            entries = {
                key.name: cache.entry_of(self[key], self._marks[key.subject], lifetime)
                for key, its_own in lifetimes.items()
                if its_own == lifetime and key.subject in self._marks
            }
            caches["strict"].set_many(entries, lifetime * cache.STALE_TIMES)

    def _unlock(self) -> None:
        locks, self._locked = [lock_key(key.name) for key in self._locked], set()
        if locks:
            caches["strict"].delete_many(locks)


@contextmanager
def tolerate_cache_outage() -> Iterator[None]:
    """Go on without Redis where it is away."""
    try:
        yield
    except RedisError as error:
        cache.outage.begins(error)
        metrics.cache.labels("away").inc()


@contextmanager
def poll_slot(key: Key, longest: float) -> Iterator[None]:
    """Wait for one's turn to look for `key`, for so many seconds at most."""
    turn = POLL_LOCKS[hash(key) % len(POLL_LOCKS)]
    ours = turn.acquire(timeout=longest)
    try:
        yield
    finally:
        if ours:
            turn.release()


def lock_key(name: str) -> str:
    return f"lock:{name}"


def add_many(names: list[str]) -> list[bool]:
    """Which of these locks are ours now: one round trip, all of them at one moment."""
    strict = caches["strict"]
    if not hasattr(strict, "client"):  # local memory
        return [strict.add(name, 1, LOCK_SECONDS) for name in names]
    pipeline = strict.client.get_client(write=True).pipeline()
    for name in names:
        strict.client.add(name, 1, LOCK_SECONDS, client=pipeline)
    return [bool(taken) for taken in pipeline.execute()]
