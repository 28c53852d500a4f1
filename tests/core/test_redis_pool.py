"""If all connections to Redis are in use, a caller waits: that is no outage."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import caches
from django_redis import get_redis_connection

from core.cache import outage

pytestmark = pytest.mark.usefixtures("runs_servers")


@pytest.mark.parametrize("alias", ["strict", "default"])
def test_caller_waits_for_a_connection_if_all_are_in_use(alias: str) -> None:
    caches[alias].set("here", 1)
    pool = get_redis_connection(alias).connection_pool
    taken = [pool.get_connection() for _place in range(pool.max_connections)]
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(lambda: caches[alias].get("here"))
        while not pool.pool.not_empty._waiters:  # until it waits
            assert not asked.done()
        for connection in taken:
            pool.release(connection)
        assert asked.result() == 1
    assert not outage.away
