"""Across processes: one computation at a time, and nothing old after a commit."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import SETTINGS
from tests.stack import ROOT, Stack

PROCESSES, THREADS = 4, 125

# On "ask", many threads read a game at once. On "hold", one reads it and is paused
# while it computes.
ASKER = """
import sys, django
django.setup()
from concurrent.futures import ThreadPoolExecutor
import json, threading
from django.core.cache import caches
from batch.reads import ReadRequest, read_many
from games import cached

slug, threads = sys.argv[1], int(sys.argv[2])
together = threading.Barrier(threads)
compute, held = cached.states, False

def counted(games):
    states = compute(games)
    if states:
        caches["strict"].incr("computed")
    if held:
        wait_for_word("held")
    return states

def by_route():
    return cached.public_of(slug)["data"]["state"]

def by_batch():
    item = ReadRequest("game", slug)
    [reply] = read_many([([item], None)])
    return reply[item]["state"]

def wait_for_word(reply):
    global held
    print(json.dumps(reply), flush=True)
    held = False
    return sys.stdin.readline().strip()

def ask(_place):
    together.wait(60)
    return state_now()

state_now = {"route": by_route, "batch": by_batch}[sys.argv[3]]
cached.states = counted
with ThreadPoolExecutor(threads) as crowd:
    word = wait_for_word("ready")
    while word:
        held = word == "hold"
        if held:
            reply = state_now()
        else:
            reply = list(crowd.map(ask, range(threads)))
        word = wait_for_word(reply)
"""


# Makes the cached game stale: the next reader refreshes it.
AGE = """
key = f"public:{game.slug}"
entry = caches["strict"].get(key)
caches["strict"].set(key, {**entry, "fresh_until": 0})
"""


class Asker:
    """One process that reads a game when told to."""

    def __init__(self, stack: Stack, slug: str, way: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", ASKER, slug, str(THREADS), way],
            env={**stack.env, "DJANGO_SETTINGS_MODULE": "gameproject.settings"},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, word: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

    def hear(self) -> Any:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())


class Askers:
    """Several processes that read one game, by its own route or in a batch."""

    def __init__(self, stack: Stack, way: str) -> None:
        self.stack = stack
        self.slug = stack.make_game("puzzle", SETTINGS["puzzle"])
        self.run("caches['strict'].set('computed', 0)")
        self.all = [Asker(stack, self.slug, way) for _process in range(PROCESSES)]
        for asker in self.all:
            assert asker.hear() == "ready"

    def run(self, code: str) -> Any:
        """Run code in another process; its changes are committed when this returns."""
        names = (
            "from django.core.cache import caches\nfrom core.cache import invalidate\n"
        )
        game = "game = Game.objects.get(slug=given['slug'])\n"
        return self.stack.run(names + game + code, slug=self.slug)

    def computed(self) -> int:
        return int(self.run("out = caches['strict'].get('computed')"))

    def ask(self) -> list[str]:
        """The states that all threads of all processes got, all asking at once."""
        for asker in self.all:
            asker.tell("ask")
        return [state for asker in self.all for state in asker.hear()]


@pytest.fixture(params=["route", "batch"])
def askers(on_postgres: Stack, request: pytest.FixtureRequest) -> Iterator[Askers]:
    askers = Askers(on_postgres, request.param)
    yield askers
    for asker in askers.all:
        asker.process.communicate()


def test_500_who_miss_a_game_at_once_in_four_processes_share_one_computation(
    askers: Askers,
) -> None:
    everybody = PROCESSES * THREADS
    assert askers.ask() == ["OPEN"] * everybody
    assert askers.computed() == 1
    askers.run("game.pause(now)")
    assert askers.ask() == ["PAUSED"] * everybody
    assert askers.computed() == 2


def test_nobody_gets_the_old_game_after_a_commit_in_the_middle_of_a_refresh(
    askers: Askers,
) -> None:
    holder, *others = askers.all
    assert set(askers.ask()) == {"OPEN"}
    askers.run(AGE)
    holder.tell("hold")
    assert holder.hear() == "held"  # it has read the game and is about to store it
    askers.run("game.pause(now)")
    for asker in others:
        asker.tell("ask")
    holder.tell("go on")
    assert holder.hear() == "PAUSED"
    for asker in others:
        assert asker.hear() == ["PAUSED"] * THREADS
    before = askers.computed()
    assert askers.ask() == ["PAUSED"] * PROCESSES * THREADS
    assert askers.computed() == before
