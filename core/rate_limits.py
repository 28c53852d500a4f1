"""How often one may ask: by player; by address only where nobody is signed in.

Each kind of request has a window and a burst (`settings.RATE_LIMITS`). Over HTTP
django-ratelimit counts in Redis, across processes; requests that arrive together are
counted in the same windows in one trip. On sockets, where an answer must not wait for
that, each process counts for itself. What costs more of a stranger has a bucket for
each address beside (`settings.ADDRESS_LIMITS`).
"""

import logging
import time
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError

from core.addresses import client_network
from core.cache import outage
from core.rates import Rate, parse_rate
from core.refusals import Refused
from core.token_buckets import Bucket, take_many
from core.windows import Window, count_many

logger = logging.getLogger(__name__)

SAFE = ("GET", "HEAD", "OPTIONS")


def rates(what: str, times: int = 1) -> list[Rate]:
    """The window and the burst of one kind of request."""
    found = [parse_rate(rate) for rate in settings.RATE_LIMITS[what]]
    return [Rate(most * times, seconds) for most, seconds in found]


# Over HTTP


def check(request: HttpRequest, what: str, *, reads: bool = False) -> None:
    """Count this request; `Refused("rate_limited")` if it is one too many.

    With Redis away reads go on uncounted, and writes are refused as unavailable.
    `reads`: this one changes nothing, whatever its method.
    """
    try:
        _check(request, what)
    except RedisError as error:
        outage.begins(error)
        if refused := _uncounted(request, reads):
            raise refused from error


def check_many(
    requests: Sequence[HttpRequest], what: str, *, reads: bool = False
) -> list[Refused | None]:
    """`check` for many, in their order and in one trip to Redis: None, or why not."""
    try:
        full = count_many([_windows(request, what) for request in requests])
    except RedisError as error:
        outage.begins(error)
        return [_uncounted(request, reads) for request in requests]
    return [
        Refused("rate_limited", retry_after=window.seconds_left) if window else None
        for window in full
    ]


def _check(request: HttpRequest, what: str) -> None:
    for rate in _rates_of(request, what):
        usage = get_usage(
            request, group=_group(what, rate), key=_client, rate=rate, increment=True
        )
        if usage and usage["should_limit"]:
            # The last second of the window counts as part of it.
            raise Refused("rate_limited", retry_after=usage["time_left"] + 1)


def _windows(request: HttpRequest, what: str) -> list[Window]:
    return [
        Window.current(group := _group(what, rate), _client(group, request), rate)
        for rate in _rates_of(request, what)
    ]


def _rates_of(request: HttpRequest, what: str) -> list[Rate]:
    """Many strangers may share an address: a whole venue fits behind it."""
    return rates(what, 1 if request.user.is_authenticated else settings.VENUE_SIZE)


def _group(what: str, rate: Rate) -> str:
    return f"{what}:{rate.seconds}"


def _client(_group: str, request: HttpRequest) -> str:
    """Who is counted: the player, or the address of a stranger."""
    known = request.user.is_authenticated
    return f"player:{request.user.pk}" if known else client_network(request)


def _uncounted(request: HttpRequest, reads: bool) -> Refused | None:
    """Why a request that can't be counted is refused, if it is."""
    if reads or request.method in SAFE:
        return None
    return Refused("unavailable", retry_after=2)


def limited(
    what: str, *, reads: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorates a view that counts as this kind of request; see `check`."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            check(request, what, reads=reads)
            return view(request, *args, **kwargs)

        return counted

    return decorate


# Strangers, by address

BURST = 3  # times as many at once as come back in the period
TOO_MANY = {
    "joins": _(
        "Too many people have joined from your network. Wait a moment, then try again."
    ),
    "sign-ups": _(
        "Too many accounts were made from your network. Wait a moment, then try again."
    ),
}


def take_for_address(request: HttpRequest, what: str) -> None:
    """Count what a stranger does; `Refused("rate_limited")` if it is one too many.

    It is counted before it is done, and whatever becomes of it. With Redis away each
    process counts for itself: a limit is no reason to keep everybody out.
    """
    [refused] = take_many_for_address([request], what)
    if refused:
        raise refused


def take_many_for_address(
    requests: Sequence[HttpRequest], what: str
) -> list[Refused | None]:
    """The same for many, in their order and in one trip to Redis: None, or why not."""
    bucket, detail = of_address(what), TOO_MANY.get(what, "")
    waits = take_many([[bucket.of(client_network(request))] for request in requests])
    return [
        Refused("rate_limited", detail, retry_after=wait) if wait else None
        for wait in waits
    ]


def of_address(what: str) -> Bucket:
    rate = parse_rate(settings.ADDRESS_LIMITS[what])
    return Bucket(what, BURST * rate.most, rate)


# On sockets


class Counter:
    """Fixed windows, counted in this process."""

    MOST = 20_000  # counts kept before those of past windows are forgotten
    LOOK = 1.0  # seconds between two looks for them, each at all counts

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, int, int], int] = {}
        self._looked = 0.0

    def check(self, what: str, who: str) -> None:
        """Count one command of this player or stranger; `Refused` if too many."""
        now = time.time()
        for most, seconds in rates(what):
            window = int(now // seconds)
            key = (what, who, seconds, window)
            self._counts[key] = self._counts.get(key, 0) + 1
            if self._counts[key] > most:
                wait = (window + 1) * seconds - now
                raise Refused("rate_limited", retry_after=max(1, round(wait)))
        if len(self._counts) > self.MOST and abs(now - self._looked) >= self.LOOK:
            self._forget(now)

    def _forget(self, now: float) -> None:
        self._looked = now
        self._counts = {
            key: count
            for key, count in self._counts.items()
            if key[3] >= int(now // key[2])
        }


on_sockets = Counter()
