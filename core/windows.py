"""django-ratelimit's fixed windows, for many requests in one round trip to Redis.

`django_ratelimit.core.get_usage` takes two to four round trips per request. The keys,
values and expiry here are the same as there, so both share their counts.
"""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.core.cache import caches
from django_ratelimit import ALL
from django_ratelimit.core import EXPIRATION_FUDGE, _get_window, _make_cache_key

from core.rates import Rate

# ARGV: the number of windows of each request, then limit and lifetime of each window.
# Counts a request in its windows in order, up to the first that is over its limit.
# Returns for each request the position of that window, from 1; or 0.
SCRIPT = """
local each, positions = tonumber(ARGV[1]), {}
for first = 0, #KEYS - 1, each do
  local position = 0
  for place = 1, each do
    local i = first + place
    local count = redis.call('INCR', KEYS[i])
    if count == 1 then redis.call('EXPIRE', KEYS[i], ARGV[2 * i + 1]) end
    if count > tonumber(ARGV[2 * i]) then position = place; break end
  end
  positions[#positions + 1] = position
end
return positions
"""


class Window(NamedTuple):
    """The current window of one client and one rate."""

    key: str
    rate: Rate
    ends_at: int  # in s since 1970; that second still belongs to the window

    @classmethod
    def current(cls, group: str, client: str, rate: Rate) -> "Window":
        ends_at = _get_window(client, rate.seconds)
        return cls(_make_cache_key(group, ends_at, rate, client, ALL), rate, ends_at)

    @property
    def lifetime(self) -> int:
        """Seconds until its count expires."""
        return int(self.rate.seconds + EXPIRATION_FUDGE)

    @property
    def seconds_left(self) -> int:
        return self.ends_at - int(time.time()) + 1


def count_many(requests: Sequence[Sequence[Window]]) -> list[Window | None]:
    """Count each request in its windows; for each, the window over its limit, or None.

    All requests have the same number of windows. After a window that is over its limit,
    the request isn't counted in the next ones. Raises `RedisError`.
    """
    if not requests:
        return []
    count = _in_redis if hasattr(caches["strict"], "client") else _in_memory
    return [
        windows[place - 1] if place else None
        for windows, place in zip(requests, count(requests))
    ]


def _in_redis(requests: Sequence[Sequence[Window]]) -> list[int]:
    client: Any = caches["strict"].client  # type: ignore[attr-defined]
    windows = [window for request in requests for window in request]
    keys = [str(client.make_key(window.key)) for window in windows]
    args = [part for window in windows for part in (window.rate.most, window.lifetime)]
    script = client.get_client(write=True).register_script(SCRIPT)
    places: list[int] = script(keys, [len(requests[0]), *args])
    return places


def _in_memory(requests: Sequence[Sequence[Window]]) -> list[int]:
    return [_first_over(windows) for windows in requests]


def _first_over(windows: Sequence[Window]) -> int:
    for place, window in enumerate(windows, 1):
        if _count(window) > window.rate.most:
            return place
    return 0


def _count(window: Window) -> int:
    strict = caches["strict"]
    if strict.add(window.key, 1, window.lifetime):
        return 1
    try:
        return strict.incr(window.key)
    except ValueError:  # local memory was full and dropped it just now
        strict.set(window.key, 1, window.lifetime)
        return 1
