"""Requests counted together: as if one by one, in one round trip to Redis."""

import inspect
from collections.abc import Iterator
from uuid import uuid4

import django_ratelimit
import pytest
from django.conf import LazySettings
from django.contrib.auth.models import AnonymousUser
from django.core.cache import caches
from django.http import HttpRequest
from django.test import RequestFactory
from django_ratelimit import core as theirs

from core import token_buckets
from core.cache import outage
from core.rate_limits import (
    check,
    check_many,
    rates,
    take_for_address,
    take_many_for_address,
)
from core.refusals import Refused
from core.token_buckets import Local, shared
from tests.clocks import Clock
from tests.trips import Trips
from users.models import Player

pytestmark = pytest.mark.usefixtures("runs_servers")

NOWHERE = "redis://127.0.0.1:1/0"
LOCAL = "django.core.cache.backends.locmem.LocMemCache"
BURST = rates("answers")[1].most


def asked(
    pk: int | None, method: str = "POST", address: str = "10.0.0.1"
) -> HttpRequest:
    """A request of the player with this id or, for None, of an anonymous client."""
    request = RequestFactory().generic(method, "/", REMOTE_ADDR=address)
    request.user = Player(pk=pk) if pk else AnonymousUser()
    return request


def codes(outcomes: list[Refused | None]) -> list[str]:
    return [refused.code if refused else "" for refused in outcomes]


def one_by_one(request: HttpRequest, times: int) -> list[Refused | None]:
    outcomes: list[Refused | None] = []
    for _time in range(times):
        try:
            outcomes.append(check(request, "answers"))  # type: ignore[func-returns-value]
        except Refused as refused:
            outcomes.append(refused)
    return outcomes


def together(request: HttpRequest, times: int) -> list[Refused | None]:
    return check_many([request] * times, "answers")


def wait_of(outcome: Refused | None) -> int:
    return outcome.retry_after if outcome else 0


@pytest.fixture(params=["redis", "memory"])
def _store(request: pytest.FixtureRequest, settings: LazySettings) -> None:
    """Runs a test with the counts in Redis, and with them in local memory."""
    if request.param == "memory":
        strict = {"BACKEND": LOCAL, "LOCATION": uuid4().hex}
        settings.CACHES = {**settings.CACHES, "strict": strict}
    else:
        assert hasattr(caches["strict"], "client")


@pytest.fixture
def _redis_away(settings: LazySettings) -> Iterator[None]:
    """Redis is configured at a port where nothing listens."""
    before = settings.CACHES
    settings.CACHES = {**before, "strict": {**before["strict"], "LOCATION": NOWHERE}}
    yield
    outage.away = False
    shared.come_back()


@pytest.mark.usefixtures("_store")
def test_requests_of_one_player_count_one_after_the_other(clock: Clock) -> None:
    requests = [asked(1) for _time in range(BURST + 2)]
    requests.insert(3, asked(2))
    outcomes = check_many(requests, "answers")
    assert codes(outcomes) == [""] * (BURST + 1) + ["rate_limited"] * 2
    assert [refused.retry_after for refused in outcomes if refused] == [1, 1]
    clock.now += 1
    assert codes(check_many([asked(1)], "answers")) == [""]


@pytest.mark.usefixtures("_store")
@pytest.mark.parametrize(
    "request_", [asked(1), asked(None), asked(None, address="2001:db8::7")]
)
def test_single_and_batched_requests_share_a_count(
    clock: Clock, settings: LazySettings, request_: HttpRequest
) -> None:
    settings.VENUE_SIZE = 1
    assert codes(one_by_one(request_, 4)) == [""] * 4
    outcomes = together(request_, BURST - 3)
    assert codes(outcomes) == [""] * (BURST - 4) + ["rate_limited"]
    assert codes(one_by_one(request_, 1)) == ["rate_limited"]


@pytest.mark.usefixtures("_store")
@pytest.mark.parametrize("limit", [["3/30s", "2/s"], ["2/30s", "3/s"], ["3/7m"]])
def test_batched_requests_are_refused_as_single_ones_are(
    clock: Clock, settings: LazySettings, limit: list[str]
) -> None:
    """With the same `retry_after`, and the same later counts."""
    settings.RATE_LIMITS = {"answers": limit}
    start, found = clock.now, []
    for place, ask in enumerate((one_by_one, together)):
        clock.now = start + place * 4200  # at the same position in each window
        for _second in range(4):
            found.append([wait_of(outcome) for outcome in ask(asked(1), 5)])
            clock.now += 1
    assert found[:4] == found[4:]
    assert any(map(any, found))


def test_a_hundred_requests_take_as_many_trips_as_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trips, few = Trips(monkeypatch), [asked(1)]
    many = [asked(pk) for pk in range(1, 91)] + [asked(None)] * 10
    assert trips.of(lambda: check_many(few, "answers")) == 1
    assert trips.of(lambda: check_many(many, "answers")) == 1
    assert trips.of(lambda: take_many_for_address(few, "joins")) == 1
    assert trips.of(lambda: take_many_for_address(many, "joins")) == 1
    assert trips.of(lambda: check_many([], "answers")) == 0
    assert trips.of(lambda: take_many_for_address([], "joins")) == 0


def test_count_expires_with_its_window() -> None:
    check_many([asked(1)], "answers")
    strict = caches["strict"]
    lives = sorted(strict.ttl(key) for key in strict.keys("rl:*"))
    longest = sorted(
        rate.seconds + theirs.EXPIRATION_FUDGE for rate in rates("answers")
    )
    assert all(most - 5 <= life <= most for life, most in zip(lives, longest))
    assert len(lives) == len(longest)


@pytest.mark.usefixtures("_redis_away")
def test_without_redis_reads_are_allowed_and_writes_are_refused() -> None:
    requests = [asked(1), asked(1, "GET"), asked(None)]
    assert codes(check_many(requests, "answers")) == ["unavailable", "", "unavailable"]
    assert codes(check_many(requests, "answers", reads=True)) == [""] * 3
    assert outage.away


# Anonymous clients, by address


@pytest.fixture
def _small_venue(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> None:
    """Three may join at once, and one more per minute."""
    monkeypatch.setattr(token_buckets, "local", Local())
    settings.ADDRESS_LIMITS = {"joins": "1/1m"}


@pytest.mark.usefixtures("_store", "_small_venue")
def test_joins_from_one_address_count_one_after_the_other(clock: Clock) -> None:
    take_for_address(asked(None), "joins")
    requests = [asked(None)] * 3 + [asked(None, address="10.0.0.2")]
    outcomes = take_many_for_address(requests, "joins")
    assert codes(outcomes) == ["", "", "rate_limited", ""]
    assert [refused.retry_after for refused in outcomes if refused] == [60]
    with pytest.raises(Refused):
        take_for_address(asked(None), "joins")


@pytest.mark.usefixtures("_redis_away", "_small_venue")
def test_without_redis_each_process_counts_for_itself(clock: Clock) -> None:
    requests = [asked(None)] * 4
    outcomes = take_many_for_address(requests, "joins")
    assert codes(outcomes) == [""] * 3 + ["rate_limited"]
    assert outage.away


# What we rely on in django-ratelimit


def test_django_ratelimit_has_the_names_we_use() -> None:
    """`core.windows` uses its keys, windows and lifetimes."""
    parameters = {
        theirs._get_window: ["value", "period"],
        theirs._make_cache_key: ["group", "window", "rate", "value", "methods"],
    }
    for function, names in parameters.items():
        assert [*inspect.signature(function).parameters] == names
    assert isinstance(theirs.EXPIRATION_FUDGE, int)
    assert inspect.signature(theirs.get_usage).parameters["method"].default == (
        django_ratelimit.ALL
    )
    assert theirs._split_rate(rates("answers")[0]) == rates("answers")[0]
