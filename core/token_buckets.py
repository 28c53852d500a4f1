"""Token buckets: a burst up to the capacity, refilled at a constant rate (GCRA).

Redis holds the buckets of all processes. Without Redis each process holds its own in
local memory: the limits are then looser, and nobody is refused because Redis is away.

One number is stored per bucket: the time at which it will be full again. One token is
one step of that time.
"""

import hashlib
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import caches
from redis.exceptions import RedisError

from core.cache import outage
from core.rates import Rate

MICROSECONDS = 1_000_000
AWAY_SECONDS = 2  # before Redis is tried again: each failed try may take as long

# All times are whole microseconds: with fractions, a thousand steps would not add up.
# ARGV: now, the number of takes, the number of keys of each take, and for each key the
# span of the tokens taken and that of a whole bucket. Returns each take's wait, or 0.
SCRIPT = """
local now, takes, waits, last = tonumber(ARGV[1]), tonumber(ARGV[2]), {}, 0

local function take(first, last)
  local wait, full_at = 0, {}
  for i = first, last do
    local spans = takes + 2 * i
    local span, whole = tonumber(ARGV[spans + 1]), tonumber(ARGV[spans + 2])
    local at = tonumber(redis.call('GET', KEYS[i]) or now)
    at = math.min(math.max(now, at), now + whole)
    full_at[i] = math.max(now, at + span)
    wait = math.max(wait, full_at[i] - now - whole)
  end
  if wait > 0 then return wait end
  for i = first, last do
    local left = full_at[i] - now
    if left > 0 then
      redis.call('SET', KEYS[i], string.format('%.0f', full_at[i]),
                 'PX', string.format('%.0f', math.ceil(left / 1000)))
    else
      redis.call('DEL', KEYS[i])
    end
  end
  return 0
end

for place = 1, takes do
  local first = last + 1
  last = last + tonumber(ARGV[2 + place])
  waits[place] = take(first, last)
end
return waits
"""


@dataclass(frozen=True)
class Bucket:
    """Buckets of `capacity` tokens, one per key, refilled at the rate `refill`."""

    name: str
    capacity: int
    refill: Rate

    def of(self, *key: str) -> "Held":
        """The bucket of one key. Its parts are hashed: they may be any text."""
        digest = hashlib.blake2b("\n".join(key).encode(), digest_size=16).hexdigest()
        return Held(self, f"bucket:{self.name}:{digest}")

    def take(self, *key: str, n: int = 1) -> int:
        """Take `n` tokens, or none: 0, or the seconds until there are `n`."""
        return take([self.of(*key)], n)

    def give_back(self, *key: str, n: int = 1) -> None:
        give_back([self.of(*key)], n)

    @property
    def step(self) -> int:
        """Microseconds until one token is refilled."""
        return max(1, self.refill.seconds * MICROSECONDS // self.refill.most)


@dataclass(frozen=True)
class Held:
    """One key's bucket."""

    bucket: Bucket
    name: str


Move = tuple[str, int, int]  # key name; spans of the step and of a whole bucket, in µs


def take(buckets: Sequence[Held], n: int = 1) -> int:
    """Take `n` tokens from each, or none: 0, or the seconds until all have `n`."""
    return take_many([buckets], n)[0]


def take_many(groups: Sequence[Sequence[Held]], n: int = 1) -> list[int]:
    """`take` from each group in order, in one round trip to Redis."""
    moves = [
        [(held.name, n * held.bucket.step, _whole(held.bucket)) for held in buckets]
        for buckets in groups
    ]
    return [math.ceil(wait / MICROSECONDS) for wait in _move(moves)] if moves else []


def give_back(buckets: Sequence[Held], n: int = 1) -> None:
    """Put `n` unused tokens back into each bucket."""
    take(buckets, -n)


def _whole(bucket: Bucket) -> int:
    """Microseconds in which an empty bucket is refilled."""
    return bucket.capacity * bucket.step


def _move(takes: Sequence[Sequence[Move]]) -> list[int]:
    """Move the full times by their steps; for each take, the microseconds to wait."""
    now = int(time.time() * MICROSECONDS)
    if shared.is_there():
        try:
            return shared.move(takes, now)
        except RedisError as error:
            outage.begins(error)
            shared.rest()
    return [local.move(moves, now) for moves in takes]


class Shared:
    """The buckets of all processes, in Redis. A key expires when its bucket is full."""

    _away_until = 0.0  # by the monotonic clock

    def is_there(self) -> bool:
        has_redis = hasattr(caches["strict"], "client")
        return has_redis and time.monotonic() >= self._away_until

    def rest(self) -> None:
        self._away_until = time.monotonic() + AWAY_SECONDS

    def come_back(self) -> None:
        self._away_until = 0.0

    def move(self, takes: Sequence[Sequence[Move]], now: int) -> list[int]:
        client: Any = caches["strict"].client  # type: ignore[attr-defined]
        moves = [move for group in takes for move in group]
        keys = [str(client.make_key(name)) for name, _span, _whole in moves]
        spans = [span for _name, *pair in moves for span in pair]
        script = client.get_client(write=True).register_script(SCRIPT)
        waits = script(keys, [now, len(takes), *map(len, takes), *spans])
        outage.is_over()
        return [int(wait) for wait in waits]


class Local:
    """The buckets of this process: the `MAX_BUCKETS` that were used last."""

    MAX_BUCKETS = 50_000

    def __init__(self) -> None:
        self._full_at: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def move(self, moves: Sequence[Move], now: int) -> int:
        with self._lock:
            after = {
                name: max(now, self._at(name, now, now + whole) + span)
                for name, span, whole in moves
            }
            waits = [after[name] - now - whole for name, _span, whole in moves]
            wait = max(waits, default=0)
            if wait > 0:
                return wait
            for name, full_at in after.items():
                self._store(name, full_at, now)
        return 0

    def _at(self, name: str, now: int, latest: int) -> int:
        """When it is full; at most `latest`, even if the clock was set back."""
        return min(max(now, self._full_at.get(name, now)), latest)

    def _store(self, name: str, full_at: int, now: int) -> None:
        self._full_at.pop(name, None)
        if full_at > now:
            self._full_at[name] = full_at
        while len(self._full_at) > self.MAX_BUCKETS:
            self._full_at.popitem(last=False)


shared, local = Shared(), Local()
