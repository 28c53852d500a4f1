"""Other servers work too, only slower; an import starts and changes nothing."""

import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

import pytest

from gameproject.boundary import MAX_BODY
from gameproject.ops.collector import COLLECT_EVERY
from live.consumer import FLOODED, MAX_FRAME, MAX_QUEUE_LENGTH
from tests.stack import ROOT, Stack

PUZZLE = {"accepted": ["elephant"]}
SERVERS = {
    "uvicorn": "-m uvicorn --log-level warning --host 127.0.0.1 --port",
    "daphne": "-m daphne -v 0 -b 127.0.0.1 -p",
}

IMPORTING = """
import gc, sys, threading
import autobahn.twisted.websocket, daphne.cli, daphne.server
from twisted.internet import reactor

def attributes():
    theirs = [(name, module) for name, module in sys.modules.items()
              if name.partition(".")[0] in ("autobahn", "daphne", "twisted", "txaio")]
    found = {name: dict(vars(module)) for name, module in theirs}
    found["reactor"] = dict(vars(reactor))
    for _name, module in theirs:
        for one in list(vars(module).values()):
            if isinstance(one, type):
                found[one] = dict(vars(one))
    return found

before, modules = attributes(), set(sys.modules)
collects = gc.get_threshold()
import gameproject.asgi
after = attributes()
for place, names in before.items():
    for name, value in names.items():
        if after[place].get(name) is not value and name != "_subclasses":
            print("changed", place, name)
assert "gameproject.ops.server" not in sys.modules
print(threading.active_count(), gc.get_threshold() == collects, gc.get_freeze_count())
"""

STARTING = """
import asyncio, gc, json, sys, threading
from gameproject.asgi import application

async def main():
    told, said = asyncio.Queue(), asyncio.Queue()
    lifespan = asyncio.create_task(
        application({"type": "lifespan"}, told.get, said.put))
    for what in ("startup", "shutdown"):
        await told.put({"type": f"lifespan.{what}"})
        assert (await said.get())["type"] == f"lifespan.{what}.complete"
        if what == "startup":
            [clock] = [one for one in threading.enumerate() if one.name == "clock"]
            print(gc.get_freeze_count(), gc.get_threshold()[0], clock.is_alive())
    clock.join(20)
    print(clock.is_alive())
    await lifespan

asyncio.run(main())
"""


def said_by(code: str, folder: Path) -> list[str]:
    """The output of a new process, with a migrated database."""
    stack = Stack(folder, 0, DATABASE_URL=f"sqlite:///{folder}/db", REDIS_URL="")
    stack.manage("migrate", "-v0")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=stack.env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_import_changes_no_class_of_others_and_starts_nothing(tmp_path: Path) -> None:
    assert said_by(IMPORTING, tmp_path) == ["1 True 0"]


def test_lifespan_starts_the_clock_and_stops_it(tmp_path: Path) -> None:
    started, stopped = said_by(STARTING, tmp_path)
    frozen, every, ticks = started.split()
    assert int(frozen) > 100_000  # the collector skips loaded objects in a rush
    assert int(every) == COLLECT_EVERY[0]
    assert (ticks, stopped) == ("True", "False")


class Elsewhere(Stack):
    """The site under another server than ours."""

    def __init__(self, folder: Path, server: str) -> None:
        self.server = server
        database = f"sqlite:///{folder}/db.sqlite3"
        super().__init__(folder, 1, DATABASE_URL=database, REDIS_URL="")

    def _serve(self, port: int) -> "subprocess.Popen[bytes]":
        command = [sys.executable, *SERVERS[self.server].split(), str(port)]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*command, "gameproject.asgi:application"],
                env=self.env,
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    def post(self, path: str, body: bytes, session: str) -> tuple[int, bytes]:
        http = HTTPConnection("127.0.0.1", self.ports[0], timeout=30)
        token = "a" * 32
        cookies = f"sessionid={session}; csrftoken={token}"
        headers = {
            "Content-Type": "application/json",
            "Cookie": cookies,
            "X-CSRFToken": token,
        }
        http.request("POST", path, body, headers)
        response = http.getresponse()
        said = response.status, response.read()
        http.close()
        return said


@pytest.fixture(scope="module", params=SERVERS)
def site(
    request: pytest.FixtureRequest,
    runs_servers: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Elsewhere]:
    stack = Elsewhere(tmp_path_factory.mktemp(request.param), request.param)
    stack.start()
    yield stack
    stack.stop()


def make_scheduled(stack: Stack) -> str:
    """The slug of a game that opens in a second."""
    return stack.run(
        "slug = 'at-a-time'\n"
        "game = Game.objects.create(slug=slug, title='A game', kind='puzzle',"
        " settings={'accepted': ['elephant']}, state=State.SCHEDULED,"
        " opens_at=now + timedelta(seconds=1))\n"
        "out = slug"
    )


async def test_scheduled_game_opens(site: Elsewhere) -> None:
    if site.server == "uvicorn":  # its lifespan has started the scheduler
        slug = make_scheduled(site)
        noted = "out = Game.objects.get(slug=given['slug']).state"
        deadline = time.monotonic() + 60
        while site.run(noted, slug=slug) != "OPEN":
            assert time.monotonic() < deadline
        return
    async with site.socket("any"):  # the first scope
        slug = make_scheduled(site)
        async with site.socket(slug) as player:
            while (await player.hear("game"))["game"]["state"] != "OPEN":
                pass


async def test_player_plays_by_socket_and_by_http(site: Elsewhere) -> None:
    slug = site.make_game("puzzle", PUZZLE, codes=1)
    [session] = site.make_players(1)
    async with site.socket(slug, session) as player:
        assert (await player.hear("welcome"))["me"]
        reply = await player.ask("answer", value="elephant")
        assert (reply["verdict"], reply["code"][:4]) == ("right", "CODE")
        body = b'{"game": "%s", "id": "%s", "value": "cat"}'
        said = body % (slug.encode(), str(uuid4()).encode())
        assert site.post("/api/answers", said, session)[0] == 200
        await player.hear("tally", answered=1)


async def test_sizes_and_rates_hold_on_a_socket(site: Elsewhere) -> None:
    slug = site.make_game("puzzle", PUZZLE)
    [session] = site.make_players(1)
    async with site.socket(slug, session) as player:
        await player.hear("welcome")
        await player.say("x" * (MAX_FRAME + 1))
        assert (await player.hear("error"))["code"] == "too_large"
        ids = [str(uuid4()) for _place in range(MAX_QUEUE_LENGTH - 2)]
        for id_ in ids:
            await player.say(f'{{"type": "answer", "id": "{id_}", "value": "cat"}}')
        codes = {(await player.reply_to(id_)).get("code") for id_ in ids}
        assert "rate_limited" in codes


async def test_junk_ends_a_socket(site: Elsewhere) -> None:
    slug = site.make_game("puzzle", PUZZLE)
    async with site.socket(slug) as player:
        for _time in range(100):
            await player.say("no json")
        assert await player.end() == FLOODED


def test_body_is_bounded(site: Elsewhere) -> None:
    [session] = site.make_players(1)
    body = b"x" * (MAX_BODY + 1)
    try:
        status, _said = site.post("/api/answers", body, session)
    except (BrokenPipeError, ConnectionResetError):  # refused before it was sent
        return
    assert status == 413


def test_nothing_failed_on_the_way(site: Elsewhere) -> None:
    assert site.logged_errors() == ""
