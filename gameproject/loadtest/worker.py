"""A client process: runs the coordinator's orders for its share of the players."""

import asyncio
import gc
import random
import signal
import time
from array import array
from collections import defaultdict
from collections.abc import Awaitable, Iterable
from multiprocessing.connection import Connection
from typing import Any

from gameproject.loadtest import baseline
from gameproject.loadtest.client import TimedResponse
from gameproject.loadtest.plan import Address
from gameproject.loadtest.player import Credentials, Player
from gameproject.loadtest.visitor import LET_IN, NICKNAME, Visitor
from gameproject.ops.collector import collect_seldom

TICK_SECONDS = 0.02  # between measurements of how late our own loop is
PROGRESS_SECONDS = 0.2  # between progress reports to the coordinator
RETRY_SECONDS = 1.0  # before a second try on average; the third waits twice as long


def run(pipe: Connection, address: Address, credentials: list[Credentials]) -> None:
    """The process's main function; ends when the coordinator closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator hears Ctrl-C
    collect_seldom()  # pauses here would look like the server's
    players = [Player(address, each) for each in credentials]
    asyncio.run(Worker(pipe, players).run_orders())


class Worker:
    def __init__(self, pipe: Connection, players: list[Player]) -> None:
        self.pipe, self.players = pipe, players
        self.visitors = visitors_of(players)
        self.late: list[float] = []
        self.done = 0

    async def run_orders(self) -> None:
        """Run orders, each a method and its arguments, until the pipe is closed."""
        loop = asyncio.get_running_loop()
        while order := await loop.run_in_executor(None, self._next_order):
            method, arguments = order
            self.late, self.done = [], 0
            watching = asyncio.create_task(self._watch())
            started, cpu = time.monotonic(), time.process_time()
            results = await getattr(self, method)(**arguments)
            watching.cancel()
            spent = time.process_time() - cpu
            busy = spent / max(time.monotonic() - started, 0.001)
            self.pipe.send(("done", results, self.late, busy))
            gc.collect()  # now, not during the next phase

    def _next_order(self) -> Any:
        try:
            return self.pipe.recv()
        except EOFError:
            return None

    async def _watch(self) -> None:
        """Measure how late the loop is, and report progress to the coordinator."""
        reported = time.monotonic()
        while True:
            before = time.monotonic()
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            self.late.append(now - before - TICK_SECONDS)
            if now - reported > PROGRESS_SECONDS:
                reported = now
                self.pipe.send(("progress", self.done))

    async def _all(self, tasks: Iterable[Awaitable[Any]]) -> list[Any]:
        async def counted(task: Awaitable[Any]) -> Any:
            result = await task
            self.done += 1
            return result

        return await asyncio.gather(*(counted(task) for task in tasks))

    # Orders

    async def arrive(
        self, slug: str, at: float, ramp: float, as_baseline: bool
    ) -> list[dict[str, Any]]:
        async def play(player: Player) -> dict[str, Any]:
            await sleep_until(at + random.uniform(0, ramp))  # noqa: S311
            if as_baseline:
                return await baseline.arrive(player, slug)
            return await player.arrive(slug)

        for player in self.players:
            player.drop()  # a browser leaves the page before
        return await self._all(play(player) for player in self.players)

    async def warm(self, slug: str) -> list[TimedResponse]:
        """One player requests the page before the rush."""
        return [await self.players[0].page(f"/games/{slug}/")]

    async def wait(self, seconds: float) -> list[dict[str, Any]]:
        """Stay connected; each player's frames and lost connections."""
        for player in self.players:
            player.frames = player.lost = 0
        await asyncio.sleep(seconds)
        return [{"frames": p.frames, "lost": p.lost} for p in self.players]

    async def hold(self, seconds: float) -> list[dict[str, Any]]:
        """Stay connected while one player comes and goes, so that tallies change.

        Returns lost connections, and the arrival times of each tally by its `seq`.
        """
        tallies: dict[int, array[float]] = defaultdict(lambda: array("d"))
        restless, *others = self.players
        for player in others:
            player.lost, player.on_tally = 0, lambda seq, now: tallies[seq].append(now)
        end = time.time() + seconds
        while time.time() < end:
            await asyncio.sleep(1)
            restless.drop()
            await asyncio.sleep(1)
            await restless.connect(restless.slug)
        return [{"lost": sum(p.lost for p in others), "tallies": dict(tallies)}]

    async def see(self, state: str, since: float, within: float) -> list[float | None]:
        return await self._all(p.see(state, since, within) for p in self.players)

    async def answer(
        self, at: float, value: Any, question: str, count: int, within: float
    ) -> list[dict[str, Any]]:
        async def play(player: Player) -> dict[str, Any]:
            await sleep_until(at)
            before = player.frames
            outcome = await player.answer(value, question, within)
            return {**outcome, "frames": player.frames - before}

        return await self._all(play(player) for player in self.players[:count])

    async def drop(self, at: float) -> list[dict[str, Any]]:
        await sleep_until(at)
        for player in self.players:
            player.drop()
        dropped = time.time()
        return await self._all(p.come_back(dropped) for p in self.players)

    async def enter(
        self, door: str, people: str, at: float, tries: int, **arguments: Any
    ) -> list[dict[str, Any]]:
        """All these people go to a door, a method of `Visitor`, at the same moment."""

        async def play(visitor: Visitor) -> dict[str, Any]:
            await sleep_until(at)
            return await enter(visitor, door, tries, arguments)

        return await self._all(play(visitor) for visitor in self.visitors[people])

    async def enter_both(
        self, at: float, first: dict[str, Any], second: dict[str, Any], after: float
    ) -> list[dict[str, Any]]:
        """Two orders to `enter`, the second some seconds after the first."""
        both = self.enter(at=at, **first), self.enter(at=at + after, **second)
        pairs = zip(*await asyncio.gather(*both))
        return [{"first": first, "second": second} for first, second in pairs]

    async def leave(self, within: float) -> list[None]:
        groups = self.visitors.values()
        everybody = [visitor.player for group in groups for visitor in group]
        leaving = [player.leave() for player in everybody]
        closing = [future for future in leaving if future]
        if closing:
            await asyncio.wait(closing, timeout=within)
        return []


def visitors_of(players: list[Player]) -> dict[str, list[Visitor]]:
    """The groups of people: the players, and two groups of as many strangers."""
    return {
        "players": [Visitor(player, player.credentials.name) for player in players],
        "guests": [stranger_beside(player, "a") for player in players],
        "newcomers": [stranger_beside(player, "b") for player in players],
    }


def stranger_beside(player: Player, group: str) -> Visitor:
    """A stranger with a unique nickname, which has the player's number in it."""
    nickname = f"{NICKNAME}{player.credentials.player_id}{group}"
    return Visitor(Player(player.address, Credentials(0, "")), nickname)


async def enter(
    visitor: Visitor, door: str, tries: int, arguments: dict[str, Any]
) -> dict[str, Any]:
    """`let_in`: the seconds until success, or None; `outcome`: why not."""
    started = time.time()
    for attempt in range(tries):
        if attempt:
            await asyncio.sleep(random.uniform(0, 2 * attempt * RETRY_SECONDS))  # noqa: S311
        outcome, ended = await getattr(visitor, door)(**arguments)
        if outcome == LET_IN:
            return {"let_in": ended - started, "outcome": outcome}
    return {"let_in": None, "outcome": outcome}


async def sleep_until(at: float) -> None:
    """Sleep until this time, in s since 1970."""
    await asyncio.sleep(max(0.0, at - time.time()))
