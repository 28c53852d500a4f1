"""Single-flight, stale-while-revalidate cache, shared by all processes.

One caller computes a key at a time; meanwhile the others get the stale value or wait.
No value from before an invalidation is returned. Many keys take as many round trips as
one. Without Redis every caller computes for itself, and the log says so once.
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

T = TypeVar("T")

LOCK_SECONDS = 10  # longer than any computation takes
WAIT_SECONDS = 2.0  # for another caller's computation, before computing it oneself
POLL_SECONDS = 0.02
# Per process, one thread per key polls: hundreds polling would starve the thread that
# computes, until each of them times out and computes as well.
POLL_LOCKS = [threading.Lock() for _ in range(64)]
MAX_RETRIES = 5  # computations per caller, if the tag is invalidated every time


def get_or_compute(key: Key, compute: Callable[[], T]) -> T:
    """The cached value of `key` or, if missing, that of `compute`; it must be JSON."""

    def read(cached: CacheBatch) -> T:
        if key not in cached:
            cached[key] = compute()
        value: T = cached[key]
        return value

    return get_or_compute_many([key], read)


def get_or_compute_many(keys: Iterable[Key], read: Callable[["CacheBatch"], T]) -> T:
    """The result of `read`, which gets the cached values and adds those missing.

    It is called again if a tag was invalidated meanwhile, `MAX_RETRIES` times in all.
    """
    keys = list(dict.fromkeys(keys))
    for _try in range(MAX_RETRIES):
        cached = CacheBatch(keys)
        with cached.open():
            result = read(cached)
        if cached.is_current():
            break
    return result


class CacheBatch:
    """The cached values of some keys. The caller computes and sets those missing."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = keys
        self._values: dict[Key, Any] = {}
        self._stale: dict[Key, Any] = {}
        self._versions: dict[str, str] = {}
        self._locked: set[Key] = set()
        self._computed: set[Key] = set()

    def __contains__(self, key: Key) -> bool:
        return key in self._values

    def __getitem__(self, key: Key) -> Any:
        return self._values[key]

    def __setitem__(self, key: Key, value: Any) -> None:
        """Add a value that was missing and has been computed."""
        self._values[key] = value
        self._computed.add(key)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Fetch the cached values; on exit, store those computed meanwhile.

        Without Redis every value is missing, and none is stored.
        """
        with tolerate_cache_outage():
            self._fetch()
        try:
            yield
            if self._versions:
                with tolerate_cache_outage():
                    self._store()
        finally:
            with tolerate_cache_outage():
                self._unlock()

    def is_current(self) -> bool:
        """Whether no tag of a computed value was invalidated since it was read."""
        before = self._versions
        if self._computed and before:
            with tolerate_cache_outage():
                self._read(self._computed)
        return self._versions == before

    def _fetch(self) -> None:
        self._read(self._keys)
        metrics.cache.labels("hit").inc(len(self._values))
        if self._missing():
            self._share_work()

    def _share_work(self) -> None:
        """Wait up to `WAIT_SECONDS` for values that other callers compute already."""
        deadline = time.monotonic() + WAIT_SECONDS
        awaited = others = self._others()
        while others and (left := deadline - time.monotonic()) > 0:
            with poll_slot(others[0], left):
                self._read(self._missing())
                others = self._others()
                if others:
                    time.sleep(POLL_SECONDS)
        metrics.cache.labels("waited").inc(len(awaited) - len(others))

    def _others(self) -> list[Key]:
        """Lock the missing keys and read them again; return those that others compute.

        A key with a stale value is not among them: its stale value is used.
        """
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
            name for key in keys for name in (key.name, cache.version_key(key.tag))
        ]
        entries = caches["strict"].get_many(names) if names else {}
        cache.outage.is_over()
        versions = {
            key.tag: entries.get(cache.version_key(key.tag), "") for key in keys
        }
        self._versions = {**self._versions, **versions}
        for key in keys:
            self._stale.pop(key, None)  # its tag may have been invalidated since
            entry = entries.get(key.name)
            if entry and entry["mark"] == versions[key.tag]:
                values = self._values if cache.is_fresh(entry) else self._stale
                values.setdefault(key, entry["value"])

    def _lock(self, keys: Iterable[Key]) -> None:
        keys = [key for key in keys if key not in self._locked]
        taken = add_many([lock_key(key.name) for key in keys])
        self._locked |= {key for key, ours in zip(keys, taken) if ours}

    def _store(self) -> None:
        metrics.cache.labels("computed").inc(len(self._computed))
        lifetimes = {key: cache.lifetime_of(key, self[key]) for key in self._computed}
        for lifetime in set(lifetimes.values()):
            entries = {
                key.name: cache.entry_of(self[key], self._versions[key.tag], lifetime)
                for key, seconds in lifetimes.items()
                if seconds == lifetime and key.tag in self._versions
            }
            caches["strict"].set_many(entries, lifetime * cache.STALE_TIMES)

    def _unlock(self) -> None:
        locks, self._locked = [lock_key(key.name) for key in self._locked], set()
        if locks:
            caches["strict"].delete_many(locks)


@contextmanager
def tolerate_cache_outage() -> Iterator[None]:
    """Skip the rest of the body if Redis is away; log and count that."""
    try:
        yield
    except RedisError as error:
        cache.outage.begins(error)
        metrics.cache.labels("away").inc()


@contextmanager
def poll_slot(key: Key, max_wait: float) -> Iterator[None]:
    """Wait for the turn to poll `key`, at most `max_wait` seconds."""
    turn = POLL_LOCKS[hash(key) % len(POLL_LOCKS)]
    ours = turn.acquire(timeout=max_wait)
    try:
        yield
    finally:
        if ours:
            turn.release()


def lock_key(name: str) -> str:
    return f"lock:{name}"


def add_many(names: list[str]) -> list[bool]:
    """Take these locks in one round trip; for each, whether it is ours now."""
    strict = caches["strict"]
    if not hasattr(strict, "client"):  # local memory
        return [strict.add(name, 1, LOCK_SECONDS) for name in names]
    pipeline = strict.client.get_client(write=True).pipeline()
    for name in names:
        strict.client.add(name, 1, LOCK_SECONDS, client=pipeline)
    return [bool(taken) for taken in pipeline.execute()]
