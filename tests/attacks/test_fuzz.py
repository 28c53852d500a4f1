"""Whatever one sends, no door answers with an error of ours, and nobody else suffers.

`make fuzz` sends 100,000 inputs under another seed. FUZZ_SEED, which each run prints,
sends the same again; what was found and mended stands in `fuzz/seeds`, for ever.
"""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.attacks.fuzz import run, seeds
from tests.attacks.fuzz.canary import Canaries
from tests.attacks.fuzz.doors import Door
from tests.attacks.fuzz.run import Site
from tests.fronted import Fronted, nginx
from tests.stack import REDIS, Stack, fresh_database

# So many ask so fast that limits would hide the code behind them.
WIDE = {
    **dict.fromkeys(
        ("LIMIT_GAME", "LIMIT_GAMES", "LIMIT_ANSWERS", "LIMIT_CHECKINS", "LIMIT_USER"),
        "1000000/s",
    ),
    **dict.fromkeys(
        ("SIGN_IN_FAILURES_ACCOUNT", "SIGN_IN_FAILURES_ADDRESS"), "99999/s"
    ),
    "VENUE_SIZE": "1000000",
    "METRICS_TOKEN": "x" * 16,
}


@pytest.fixture(scope="module")
def doors(
    runs_servers: None, runs_nginx: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Door]]:
    """nginx and the daphnes behind it, on PostgreSQL; and one daphne on SQLite."""
    folder = tmp_path_factory.mktemp("small")
    database = f"sqlite:///{folder}/db.sqlite3"
    small = Stack(folder, 1, DATABASE_URL=database, REDIS_URL="", **WIDE)
    with fresh_database() as url:
        folder = tmp_path_factory.mktemp("large")
        large = Fronted(folder, DATABASE_URL=url, REDIS_URL=REDIS, **WIDE)
        small.start()
        large.start()
        try:
            with nginx(large.site):
                yield doors_of(large, small)
        finally:
            stop(large, small)


def stop(*stacks: Stack) -> None:
    """Also where a daphne hears nothing any more: it must not outlive the tests."""
    try:
        for stack in stacks:
            stack.stop()
    finally:
        for daphne in (one for stack in stacks for one in stack.daphnes):
            daphne.kill()


def doors_of(large: Fronted, small: Stack) -> list[Door]:
    origin = f"http://{large.site.listen}"
    local = [f"127.0.0.1:{port}" for port in (*large.ports, *small.ports)]
    return [
        Door("nginx", large, large.site.listen, origin),
        Door("daphne 0", large, local[0], origin, believes_headers=True),
        Door("SQLite", small, local[2], f"http://{local[2]}"),
        Door("daphne 1", large, local[1], origin, believes_headers=True),
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(doors: list[Door]) -> AsyncIterator[Site]:
    site = Site(doors, Canaries(doors))
    site.renew()
    async with site.canaries:
        yield site


def memory(doors: list[Door]) -> list[int]:
    """What each daphne holds, in MiB."""
    return [
        int(line.split()[1]) // 1024
        for stack in dict.fromkeys(door.stack for door in doors)
        for daphne in stack.daphnes
        for line in Path(f"/proc/{daphne.pid}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    ]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", seeds.names())
async def test_what_was_found_once_is_answered(site: Site, name: str) -> None:
    await run.replay(site, name)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("kind", run.SHARES)
async def test_whatever_one_sends_is_answered(
    site: Site, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = memory(site.doors)
    site.outcomes.clear()
    await run.fuzz(site, kind)
    with capsys.disabled():
        sys.stdout.write(
            f"\nFUZZ_SEED={run.SEED}, {kind}: {dict(sorted(site.outcomes.items()))}; "
            f"MiB {before} to {memory(site.doors)}\n"
        )


@pytest.mark.asyncio(loop_scope="module")
async def test_others_played_on_meanwhile(site: Site) -> None:
    canaries = site.canaries
    assert await canaries.hear_of_newcomers() == len(site.doors)
    assert canaries.answered == canaries.asked
    site.judge()
