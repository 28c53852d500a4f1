"""Redis is away when the first players come: they play, and it is joined later."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis import Redis

from tests.conftest import SETTINGS
from tests.stack import (
    REDIS,
    Player,
    Stack,
    free_port,
    fresh_database,
    wait_until_served,
)

# Forwards connections from a port to another host and port.
FORWARD = """
import asyncio, sys

async def copy(reader, writer):
    while data := await reader.read(1 << 16):
        writer.write(data)
    writer.close()

async def forward(reader, writer):
    answers, asks = await asyncio.open_connection(sys.argv[2], sys.argv[3])
    await asyncio.gather(copy(reader, asks), copy(answers, writer))

async def main():
    server = await asyncio.start_server(forward, "127.0.0.1", sys.argv[1])
    await server.serve_forever()

asyncio.run(main())
"""


@contextmanager
def redis_on(port: int) -> Iterator[None]:
    """Serve the tests' Redis at this port too."""
    redis = urlsplit(REDIS)
    args = [str(port), str(redis.hostname), str(redis.port or 6379)]
    process = subprocess.Popen([sys.executable, "-c", FORWARD, *args])
    try:
        wait_until_served(port)
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def port() -> int:
    """The port at which Redis will be."""
    return free_port()


@pytest.fixture
def without_redis(runs_servers: None, tmp_path: Path, port: int) -> Iterator[Stack]:
    """Two processes whose Redis is not there yet."""
    redis = f"redis://127.0.0.1:{port}/0"
    with fresh_database() as url:
        stack = Stack(tmp_path, 2, DATABASE_URL=url, REDIS_URL=redis)
        stack.start()
        yield stack
        stack.stop()


async def test_players_are_welcomed_and_play_without_redis(
    without_redis: Stack, port: int
) -> None:
    stack = without_redis
    slug = stack.make_game("puzzle", SETTINGS["puzzle"])
    [session] = stack.make_players(1)
    bobs = stack.socket(slug, process=1)
    async with stack.socket(slug, session) as alice, bobs as bob:
        assert (await alice.hear("welcome"))["me"]
        await bob.hear("welcome")
        reply = await alice.ask("answer", value="elephant")
        assert (reply["status"], reply["verdict"]) == ("accepted", "right")
        change = "Game.objects.get(slug=given['slug'])"
        stack.run(f"{change}.pause(now)", slug=slug)
        for player in (alice, bob):
            await see(player, "PAUSED")
        with redis_on(port):
            wait_until_joined(slug, stack)
            stack.run(f"{change}.resume(now)", slug=slug)
            for player in (alice, bob):
                await see(player, "OPEN")
    log = stack.log.read_text()
    assert log.count("The channel layer is away") == 2  # once per process
    assert log.count("The channel layer is back") == 2


async def see(player: Player, state: str) -> None:
    """Wait until the player receives this state; older ones may be repeated first."""
    while (await player.hear("game"))["game"]["state"] != state:
        pass


def wait_until_joined(slug: str, stack: Stack) -> None:
    """Wait until both processes subscribe to the game's group."""
    game_id = stack.run("out = Game.objects.get(slug=given['slug']).pk", slug=slug)
    redis, group = (
        Redis.from_url(REDIS),
        f"{stack.env['REDIS_PREFIX']}__group__game.{game_id}",
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        [(_name, listeners)] = redis.pubsub_numsub(group)
        if listeners == len(stack.ports):
            return
    raise TimeoutError(f"not all processes subscribe to {group}")
