"""The cache: values computed once, invalidated on commit, stale while refreshed."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.core.cache import caches
from django.test import Client

from core import cache, caching
from core.cache import MISS_SECONDS, STALE_TIMES, Key, invalidate
from core.caching import get_or_compute
from games.models import Game

pytestmark = pytest.mark.usefixtures("runs_servers")

MakeGame = Callable[..., Game]


class Counted:
    """A computation that counts its calls and can be paused in the middle."""

    def __init__(self, value: Any = "value") -> None:
        self.value = value
        self.times = 0
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self) -> Any:
        self.times += 1
        value = self.value
        self.begun.set()
        assert self.go_on.wait(10)
        return value


@pytest.fixture(autouse=True)
def _no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """No outage is known before a test, or after it."""
    monkeypatch.setattr(cache.outage, "away", False)


KEY = Key("page", "game", 60)


def ask(compute: Counted) -> Any:
    return get_or_compute(KEY, compute)


@pytest.fixture
def crowd() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as pool:
        yield pool


def test_value_is_computed_once() -> None:
    compute = Counted()
    assert [ask(compute) for _time in range(5)] == ["value"] * 5
    assert compute.times == 1


def test_missing_value_is_cached_for_seconds_only() -> None:
    compute = Counted(None)
    assert [ask(compute) for _time in range(5)] == [None] * 5
    assert compute.times == 1
    assert caches["strict"].ttl(KEY.name) <= MISS_SECONDS * STALE_TIMES < KEY.lifetime


@pytest.mark.parametrize("where", ["redis", "local memory"])
def test_many_callers_at_once_wait_for_one_computation(
    crowd: ThreadPoolExecutor, settings: LazySettings, where: str
) -> None:
    if where == "local memory":
        local = "django.core.cache.backends.locmem.LocMemCache"
        strict = {"BACKEND": local, "LOCATION": uuid4().hex}
        settings.CACHES = {**settings.CACHES, "strict": strict}
    compute = Counted()
    compute.go_on.clear()
    asked = [crowd.submit(ask, compute) for _place in range(32)]
    assert compute.begun.wait(10)
    compute.go_on.set()
    assert {one.result(10) for one in asked} == {"value"}
    assert compute.times == 1


def test_invalidated_value_is_computed_again() -> None:
    compute = Counted("old")
    ask(compute)
    invalidate("other game")
    assert ask(compute) == "old"
    invalidate("game")
    compute.value = "new"
    assert ask(compute) == "new"


def test_value_invalidated_while_computed_is_not_returned(
    crowd: ThreadPoolExecutor,
) -> None:
    compute = Counted("old")
    compute.go_on.clear()
    asked = crowd.submit(ask, compute)
    assert compute.begun.wait(10)
    invalidate("game")
    compute.value = "new"
    compute.go_on.set()
    assert asked.result(10) == "new"
    assert ask(compute) == "new"


def test_stale_value_is_served_while_one_refreshes(
    crowd: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute = Counted("old")
    ask(compute)
    later = cache.time.time() + 100
    monkeypatch.setattr(cache.time, "time", lambda: later)
    compute.value = "new"
    compute.go_on.clear()
    compute.begun.clear()
    refreshing = crowd.submit(ask, compute)
    assert compute.begun.wait(10)
    assert ask(compute) == "old"
    compute.go_on.set()
    assert refreshing.result(10) == "new"
    assert ask(compute) == "new"


def test_waiter_computes_for_itself_when_the_other_takes_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(caching, "WAIT_SECONDS", 0.05)
    caches["strict"].add("lock:page", 1, 60)  # left by a process that died
    assert ask(Counted()) == "value"


def test_failure_is_not_cached() -> None:
    class Fails(Counted):
        def __call__(self) -> Any:
            raise LookupError

    with pytest.raises(LookupError):
        ask(Fails())
    assert ask(Counted()) == "value"


def test_waiter_takes_over_from_a_caller_that_failed(crowd: ThreadPoolExecutor) -> None:
    class Fails(Counted):
        def __call__(self) -> Any:
            super().__call__()
            raise LookupError

    failing, compute = Fails(), Counted()
    failing.go_on.clear()
    first = crowd.submit(ask, failing)
    assert failing.begun.wait(10)
    second = crowd.submit(ask, compute)
    failing.go_on.set()
    assert second.result(10) == "value"
    assert isinstance(first.exception(10), LookupError)


@pytest.fixture
def redis_away(settings: LazySettings) -> None:
    """Redis is configured at a port where nothing listens."""
    if "redis" not in settings.CACHES["strict"]["BACKEND"]:
        pytest.fail("REDIS_URL is not set; `make test` sets it")
    away = {**settings.CACHES["strict"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {**settings.CACHES, "strict": away}


@pytest.mark.usefixtures("redis_away")
def test_without_redis_everybody_computes_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    compute = Counted()
    with caplog.at_level(logging.ERROR, logger="core.cache"):
        assert [ask(compute) for _time in range(3)] == ["value"] * 3
    assert compute.times == 3
    assert len(caplog.records) == 1


@pytest.mark.django_db
def test_site_goes_on_without_redis_and_the_log_says_so_once(
    as_alice: Client,
    make_game: MakeGame,
    settings: LazySettings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    make_game(slug="one")
    address = "redis://127.0.0.1:1/0"
    settings.CACHES = {
        name: {**alias, "LOCATION": address} for name, alias in settings.CACHES.items()
    }
    wanted = {"requests": [{"type": "game", "id": "one"}, {"type": "answers"}]}
    for _time in range(2):
        for path in ("/", "/me/", "/games/one/", "/api/games/one", "/api/answers"):
            assert as_alice.get(path).status_code == 200, path
        batch = as_alice.post("/api/batch", wanted, content_type="application/json")
        assert [one["status"] for one in batch.json()["results"]] == [200, 200]
    loggers = [record.name for record in caplog.records if record.levelname == "ERROR"]
    assert loggers == ["core.cache"]
    answer = {"game": "one", "id": str(uuid4()), "value": "elephant"}
    refused = as_alice.post("/api/answers", answer, content_type="application/json")
    assert (refused.status_code, refused["Retry-After"]) == (503, "2")


def test_values_cached_together_do_not_expire_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = cache.time.time()
    monkeypatch.setattr(cache.time, "time", lambda: now)
    for place in range(50):
        get_or_compute(Key(f"page-{place}", "game", 100), Counted())
    entries = caches["strict"].get_many(f"page-{place}" for place in range(50))
    lifetimes = sorted(entry["fresh_until"] - now for entry in entries.values())
    assert 90 <= lifetimes[0] < lifetimes[-1] <= 100
    assert len(set(lifetimes)) > 40


@pytest.mark.usefixtures("redis_away")
def test_invalidation_that_redis_missed_is_repeated(settings: LazySettings) -> None:
    here = {**settings.CACHES, "strict": settings.CACHES["default"]}
    with_redis = {**here["strict"], "KEY_PREFIX": "made-up"}
    away = settings.CACHES
    settings.CACHES = {**here, "strict": with_redis}
    compute = Counted("old")
    ask(compute)
    settings.CACHES = away
    invalidate("game")
    settings.CACHES = {**here, "strict": with_redis}
    compute.value = "new"
    get_or_compute(Key("another", "another", 60), Counted())
    assert ask(compute) == "new"
