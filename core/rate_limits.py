"""Rate limits: per player, or per address for anonymous clients.

Each kind of request has a window and a burst (`settings.RATE_LIMITS`). Over HTTP
django-ratelimit counts in Redis for all processes; requests that arrive together are
counted in the same windows in one round trip. On sockets each process counts in memory,
because an answer must not wait for Redis. Costly requests of anonymous clients also
take from a token bucket per address (`settings.ADDRESS_LIMITS`).
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
    """The window and the burst of one kind of request, each `times` as large."""
    parsed = [parse_rate(rate) for rate in settings.RATE_LIMITS[what]]
    return [Rate(most * times, seconds) for most, seconds in parsed]


# Over HTTP


def check(request: HttpRequest, what: str, *, reads: bool = False) -> None:
    """Count this request; `Refused("rate_limited")` if it is over a limit.

    `what` is a key of `settings.RATE_LIMITS`. `reads` says that the request changes
    nothing, whatever its method. Without Redis reads are allowed uncounted, and others
    are `Refused("unavailable")`.
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
    """`check` in order, in one round trip to Redis: for each None or the refusal."""
    try:
        exceeded = count_many([_windows(request, what) for request in requests])
    except RedisError as error:
        outage.begins(error)
        return [_uncounted(request, reads) for request in requests]
    return [
        Refused("rate_limited", retry_after=window.seconds_left) if window else None
        for window in exceeded
    ]


def _check(request: HttpRequest, what: str) -> None:
    for rate in _rates_of(request, what):
        usage = get_usage(
            request, group=_group(what, rate), key=_client, rate=rate, increment=True
        )
        if usage and usage["should_limit"]:
            # `time_left` leaves out the last second, which belongs to the window.
            raise Refused("rate_limited", retry_after=usage["time_left"] + 1)


def _windows(request: HttpRequest, what: str) -> list[Window]:
    return [
        Window.current(group := _group(what, rate), _client(group, request), rate)
        for rate in _rates_of(request, what)
    ]


def _rates_of(request: HttpRequest, what: str) -> list[Rate]:
    """The limits; higher for anonymous clients, as a venue may share one address."""
    return rates(what, 1 if request.user.is_authenticated else settings.VENUE_SIZE)


def _group(what: str, rate: Rate) -> str:
    return f"{what}:{rate.seconds}"


def _client(_group: str, request: HttpRequest) -> str:
    """Whose count it is: the player's, or that of an anonymous client's network."""
    signed_in = request.user.is_authenticated
    return f"player:{request.user.pk}" if signed_in else client_network(request)


def _uncounted(request: HttpRequest, reads: bool) -> Refused | None:
    """Without Redis: the refusal of a request, or None for a read."""
    if reads or request.method in SAFE:
        return None
    return Refused("unavailable", retry_after=2)


def limited(
    what: str, *, reads: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorates a view whose requests are limited by `check`."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            check(request, what, reads=reads)
            return view(request, *args, **kwargs)

        return counted

    return decorate


# Anonymous clients, by address

BURST = 3  # a bucket holds this many times what its rate refills in one period
TOO_MANY = {
    "joins": _(
        "Too many people have joined from your network. Wait a moment, then try again."
    ),
    "sign-ups": _(
        "Too many accounts were made from your network. Wait a moment, then try again."
    ),
}


def take_for_address(request: HttpRequest, what: str) -> None:
    """Take a token for a request of an anonymous client, or `Refused("rate_limited")`.

    `what` is a key of `settings.ADDRESS_LIMITS`. The token isn't given back if the
    request fails. Without Redis each process has buckets of its own.
    """
    [refused] = take_many_for_address([request], what)
    if refused:
        raise refused


def take_many_for_address(
    requests: Sequence[HttpRequest], what: str
) -> list[Refused | None]:
    """The same in order, in one round trip to Redis: for each None or the refusal."""
    bucket, detail = of_address(what), TOO_MANY.get(what, "")
    waits = take_many([[bucket.of(client_network(request))] for request in requests])
    return [
        Refused("rate_limited", detail, retry_after=wait) if wait else None
        for wait in waits
    ]


def of_address(what: str) -> Bucket:
    """The token bucket for this kind of request, with one key per address."""
    rate = parse_rate(settings.ADDRESS_LIMITS[what])
    return Bucket(what, BURST * rate.most, rate)


# On sockets


class Counter:
    """Fixed windows, counted in the memory of this process."""

    MAX_COUNTS = 20_000  # beyond this, those of past windows are removed
    CLEANUP_SECONDS = 1.0  # between two cleanups: each goes through all counts

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, int, int], int] = {}
        self._cleaned_at = 0.0

    def check(self, what: str, who: str) -> None:
        """Count one command of `who`; `Refused("rate_limited")` if over a limit."""
        now = time.time()
        for most, seconds in rates(what):
            window = int(now // seconds)
            key = (what, who, seconds, window)
            self._counts[key] = self._counts.get(key, 0) + 1
            if self._counts[key] > most:
                wait = (window + 1) * seconds - now
                raise Refused("rate_limited", retry_after=max(1, round(wait)))
        if len(self._counts) > self.MAX_COUNTS and self._cleanup_is_due(now):
            self._remove_past_windows(now)

    def _cleanup_is_due(self, now: float) -> bool:
        return abs(now - self._cleaned_at) >= self.CLEANUP_SECONDS

    def _remove_past_windows(self, now: float) -> None:
        self._cleaned_at = now
        self._counts = {
            key: count
            for key, count in self._counts.items()
            if key[3] >= int(now // key[2])
        }


on_sockets = Counter()
