"""Token buckets: exact at their limits, over many threads, and without Redis."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import LazySettings
from django.core.cache import caches
from django.test import RequestFactory

from core import token_buckets
from core.addresses import client_network
from core.cache import outage
from core.rates import Rate, parse_rate
from core.token_buckets import Bucket, Local, Shared
from tests.clocks import Clock

pytestmark = pytest.mark.usefixtures("runs_servers")

TEN = Bucket("ten", 10, Rate(10, 300))
DOOR = Bucket("door", 3000, Rate(1000, 3600))


@pytest.fixture(params=["redis", "memory"])
def _store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs a test with the buckets in Redis, and with them in local memory."""
    monkeypatch.setattr(token_buckets, "local", Local())
    if request.param == "memory":
        monkeypatch.setattr(Shared, "is_there", lambda _shared: False)
    else:
        assert token_buckets.shared.is_there()


@pytest.fixture
def _redis_away(settings: LazySettings) -> Iterator[None]:
    """Redis is configured at a port where nothing listens."""
    before = settings.CACHES
    settings.CACHES = {**before, "strict": {**before["strict"], "LOCATION": NOWHERE}}
    yield
    outage.away = False
    token_buckets.shared.come_back()


NOWHERE = "redis://127.0.0.1:1/0"


@pytest.mark.usefixtures("_store")
@pytest.mark.parametrize("bucket", [TEN, DOOR])
def test_bucket_gives_what_it_holds_and_no_more(clock: Clock, bucket: Bucket) -> None:
    waits = [bucket.take("alice") for _time in range(bucket.capacity)]
    assert set(waits) == {0}
    assert bucket.take("alice") == -(-bucket.refill.seconds // bucket.refill.most)
    assert bucket.take("bob") == 0


@pytest.mark.usefixtures("_store")
def test_bucket_is_refilled_little_by_little(clock: Clock) -> None:
    assert TEN.take("alice", n=10) == 0
    clock.now += 29.9
    assert TEN.take("alice") == 1
    clock.now += 0.1
    assert TEN.take("alice") == 0
    assert TEN.take("alice") == 30
    clock.now += 3000
    assert TEN.take("alice", n=10) == 0
    assert TEN.take("alice") == 30


@pytest.mark.usefixtures("_store")
def test_unused_tokens_are_given_back(clock: Clock) -> None:
    TEN.take("alice", n=10)
    TEN.give_back("alice", n=2)
    assert [TEN.take("alice") for _time in range(3)] == [0, 0, 30]
    TEN.give_back("bob", n=5)
    assert TEN.take("bob", n=11) > 0


@pytest.mark.usefixtures("_store")
def test_several_buckets_give_all_or_none(clock: Clock) -> None:
    both = [TEN.of("alice"), DOOR.of("venue")]
    TEN.take("alice", n=10)
    assert token_buckets.take(both) == 30
    assert DOOR.take("venue", n=3000) == 0


@pytest.mark.usefixtures("_store")
def test_clock_set_back_keeps_nobody_out_for_long(clock: Clock) -> None:
    TEN.take("alice")
    clock.now -= 3600
    assert TEN.take("alice") == 30
    assert TEN.take("bob", n=10) == 0


@pytest.mark.usefixtures("_store")
def test_many_threads_get_no_more_than_it_holds() -> None:
    barrier = threading.Barrier(16)

    def rush(_place: int) -> list[int]:
        barrier.wait()
        return [TEN.take("alice") for _time in range(10)]

    with ThreadPoolExecutor(16) as threads:
        waits = [wait for waits in threads.map(rush, range(16)) for wait in waits]
    assert waits.count(0) == 10


def test_key_in_redis_expires() -> None:
    TEN.take("alice")
    [key] = caches["strict"].keys("bucket:*")
    assert 28 <= caches["strict"].ttl(key) <= 30


@pytest.mark.usefixtures("_redis_away")
def test_process_counts_for_itself_while_redis_is_away(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_buckets, "local", Local())
    assert [TEN.take("alice") for _time in range(11)] == [0] * 10 + [30]
    assert outage.away


def test_local_memory_is_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Local, "MAX_BUCKETS", 100)
    local = Local()
    for place in range(1000):
        local.move([(f"p{place}", 1_000_000, 10_000_000)], 0)
    assert len(local._full_at) == 100


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("10/5m", (10, 300)),
        ("60/30s", (60, 30)),
        ("10/s", (10, 1)),
        ("9/2h", (9, 7200)),
    ],
)
def test_rate_is_parsed(text: str, rate: tuple[int, int]) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "10", "10/5", "0/5m", "10/0s", "-1/s", "1e3/s"])
def test_text_that_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        parse_rate(text)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.9", "10.0.0.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.9", "10.0.0.9"),
        ("unix:", "127.0.0.1"),
    ],
)
def test_addresses_of_one_client_are_one(address: str, network: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=address)
    assert client_network(request) == network
