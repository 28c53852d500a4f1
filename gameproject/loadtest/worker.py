"""A client process: its share of the players, obeying the coordinator."""

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
from gameproject.loadtest.client import Got
from gameproject.loadtest.plan import Address
from gameproject.loadtest.player import Player, Who
from gameproject.loadtest.visitor import LET_IN, NICKNAME, Visitor
from gameproject.ops.collector import collect_seldom

TICK = 0.02  # seconds between looks at how late our own loop is
PROGRESS = 0.2  # seconds between words to the coordinator
RETRY_SECONDS = 1.0  # on average before a second try; the third waits twice as long


def run(pipe: Connection, address: Address, who: list[Who]) -> None:
    """The process's main function; ends when the coordinator hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator hears Ctrl-C
    collect_seldom()  # its pauses are not the server's
    asyncio.run(Worker(pipe, [Player(address, one) for one in who]).obey())


class Worker:
    def __init__(self, pipe: Connection, players: list[Player]) -> None:
        self.pipe, self.players = pipe, players
        self.visitors = visitors_of(players)
        self.late: list[float] = []
        self.done = 0

    async def obey(self) -> None:
        """Carry out orders, each a word and its arguments, until there are no more."""
        loop = asyncio.get_running_loop()
        while order := await loop.run_in_executor(None, self._next_order):
            word, arguments = order
            self.late, self.done = [], 0
            watching = asyncio.create_task(self._watch())
            started, cpu = time.monotonic(), time.process_time()
            results = await getattr(self, word)(**arguments)
            watching.cancel()
            spent = time.process_time() - cpu
            busy = spent / max(time.monotonic() - started, 0.001)
            self.pipe.send(("done", results, self.late, busy))
            gc.collect()  # now, so that it doesn't fall into the next phase

    def _next_order(self) -> Any:
        try:
            return self.pipe.recv()
        except EOFError:
            return None

    async def _watch(self) -> None:
        """Notes how late the loop is, and tells the coordinator how far we are."""
        reported = time.monotonic()
        while True:
            before = time.monotonic()
            await asyncio.sleep(TICK)
            now = time.monotonic()
            self.late.append(now - before - TICK)
            if now - reported > PROGRESS:
                reported = now
                self.pipe.send(("progress", self.done))

    async def _all(self, acts: Iterable[Awaitable[Any]]) -> list[Any]:
        async def counted(act: Awaitable[Any]) -> Any:
            result = await act
            self.done += 1
            return result

        return await asyncio.gather(*(counted(act) for act in acts))

    # Orders

    async def arrive(
        self, slug: str, at: float, ramp: float, legacy: bool
    ) -> list[dict[str, Any]]:
        async def play(player: Player) -> dict[str, Any]:
            await until(at + random.uniform(0, ramp))  # noqa: S311
            if legacy:
                return await baseline.arrive(player, slug)
            return await player.arrive(slug)

        for player in self.players:
            player.drop()  # who opens a page has left the one before
        return await self._all(play(player) for player in self.players)

    async def warm(self, slug: str) -> list[Got]:
        """Somebody looks at the page before the rush."""
        return [await self.players[0].page(f"/games/{slug}/")]

    async def wait(self, seconds: float) -> list[dict[str, Any]]:
        """Stay connected; what each player heard and whether they were cut off."""
        for player in self.players:
            player.frames = player.lost = 0
        await asyncio.sleep(seconds)
        return [{"frames": p.frames, "lost": p.lost} for p in self.players]

    async def hold(self, seconds: float) -> list[dict[str, Any]]:
        """Stay connected while one comes and goes, so that every second has a tally.

        How many were cut off, and when each tally was heard, by its `seq`.
        """
        heard: dict[int, array[float]] = defaultdict(lambda: array("d"))
        restless, *others = self.players
        for player in others:
            player.lost, player.on_tally = 0, lambda seq, now: heard[seq].append(now)
        end = time.time() + seconds
        while time.time() < end:
            await asyncio.sleep(1)
            restless.drop()
            await asyncio.sleep(1)
            await restless.connect(restless.slug)
        return [{"lost": sum(p.lost for p in others), "tallies": dict(heard)}]

    async def see(self, state: str, since: float, within: float) -> list[float | None]:
        return await self._all(p.see(state, since, within) for p in self.players)

    async def answer(
        self, at: float, value: Any, question: str, count: int, within: float
    ) -> list[dict[str, Any]]:
        async def play(player: Player) -> dict[str, Any]:
            await until(at)
            heard = player.frames
            outcome = await player.answer(value, question, within)
            return {**outcome, "frames": player.frames - heard}

        return await self._all(play(player) for player in self.players[:count])

    async def drop(self, at: float) -> list[dict[str, Any]]:
        await until(at)
        for player in self.players:
            player.drop()
        dropped = time.time()
        return await self._all(p.come_back(dropped) for p in self.players)

    async def enter(
        self, door: str, people: str, at: float, tries: int, **arguments: Any
    ) -> list[dict[str, Any]]:
        """All these people go through a door of `Visitor` in the same moment."""

        async def play(visitor: Visitor) -> dict[str, Any]:
            await until(at)
            return await enter(visitor, door, tries, arguments)

        return await self._all(play(visitor) for visitor in self.visitors[people])

    async def enter_both(
        self, at: float, first: dict[str, Any], second: dict[str, Any], after: float
    ) -> list[dict[str, Any]]:
        """Two orders to `enter`, the second some seconds after the first."""
        both = self.enter(at=at, **first), self.enter(at=at + after, **second)
        pairs = zip(*await asyncio.gather(*both))
        return [{"first": one, "second": other} for one, other in pairs]

    async def leave(self, within: float) -> list[None]:
        everybody = [one.player for group in self.visitors.values() for one in group]
        leaving = [player.leave() for player in everybody]
        going = [future for future in leaving if future]
        if going:
            await asyncio.wait(going, timeout=within)
        return []


def visitors_of(players: list[Player]) -> dict[str, list[Visitor]]:
    """Who may come to a door: the players, and as many strangers, twice."""
    return {
        "players": [Visitor(player, player.who.name) for player in players],
        "guests": [stranger_beside(player, "a") for player in players],
        "newcomers": [stranger_beside(player, "b") for player in players],
    }


def stranger_beside(player: Player, group: str) -> Visitor:
    """A stranger whose nickname is nobody else's: it has the player's number in it."""
    nickname = f"{NICKNAME}{player.who.player_id}{group}"
    return Visitor(Player(player.address, Who(0, "")), nickname)


async def enter(
    visitor: Visitor, door: str, tries: int, arguments: dict[str, Any]
) -> dict[str, Any]:
    """The seconds until they were let in, or None and why not."""
    started = time.time()
    for attempt in range(tries):
        if attempt:
            await asyncio.sleep(random.uniform(0, 2 * attempt * RETRY_SECONDS))  # noqa: S311
        outcome, ended = await getattr(visitor, door)(**arguments)
        if outcome == LET_IN:
            return {"let_in": ended - started, "outcome": outcome}
    return {"let_in": None, "outcome": outcome}


async def until(at: float) -> None:
    """Sleep until a time of the clock on the wall."""
    await asyncio.sleep(max(0.0, at - time.time()))
