"""Runs a rehearsal: gives the workers orders and gathers what they measured."""

import contextlib
import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from gameproject.loadtest import counters, worker
from gameproject.loadtest.chaos import Chaos
from gameproject.loadtest.fixtures import Fixtures, answer_to
from gameproject.loadtest.plan import Plan
from games.models import Game

LEAD = 0.5  # seconds between an order and its moment, so that all workers make it
CHANGES = 3  # pauses, each with its resumption
WITHIN = 60.0  # seconds for an acknowledgement
SEEN_WITHIN = 15.0  # seconds for a change to be seen
SETTLING = 1.5  # seconds in which rooms find themselves empty
ARRIVING, MIDDLE = 0.5, 0.15  # seconds until a phase of 1,000 is half over

# A phase, how many of its players, of how many.
OnProgress = Callable[[str, int, int], None]


class WorkerLost(Exception):
    """A client process ended: there is nothing to be measured any more."""


@dataclass
class Phase:
    """What each player measured, and how busy the measuring itself was."""

    results: list[Any]
    late: list[float] = field(default_factory=list)  # seconds, of the clients' loops
    busy: float = 0.0  # the busiest client's share of a core

    def of(self, name: str) -> list[float]:
        """The seconds of this name, of players who have one."""
        rows = [row for row in self.results if isinstance(row, dict)]
        return [row[name] for row in rows if row.get(name) is not None]


class Coordinator:
    def __init__(self, plan: Plan, fixtures: Fixtures, on_progress: OnProgress) -> None:
        self.plan, self.fixtures = plan, fixtures
        self.on_progress = on_progress
        self.pipes: list[Connection] = []
        self.phases: dict[str, Phase] = {}
        self.counted: dict[str, Any] = {}
        self.chaos = Chaos(plan.address) if plan.kill else None

    def chaos_after(self, after: float) -> contextlib.AbstractContextManager[None]:
        """With --kill, a phase in the middle of which a daphne dies."""
        return self.chaos.killing(after) if self.chaos else contextlib.nullcontext()

    @contextlib.contextmanager
    def workers(self) -> Iterator[None]:
        """The client processes, each with its share of the players."""
        processes: list[BaseProcess] = []
        try:
            for place in range(self.plan.processes):
                processes.append(self._start_worker(place))
            yield
            self._close_pipes()
            for process in processes:
                process.join(5)
        finally:
            for process in processes:
                process.kill()
            self._close_pipes()

    def _start_worker(self, place: int) -> BaseProcess:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        share = self.fixtures.who[place :: self.plan.processes]
        arguments = (theirs, self.plan.address, share)
        process = context.Process(target=worker.run, args=arguments, daemon=True)
        process.start()
        theirs.close()
        self.pipes.append(ours)
        return process

    def _close_pipes(self) -> None:
        for pipe in self.pipes:
            pipe.close()

    # Orders

    def order(self, phase: str, word: str, **arguments: Any) -> Phase:
        """One order to all workers; what comes of it, kept under the phase's name."""
        self.send(word, **arguments)
        return self.gather(phase)

    def send(self, word: str, **arguments: Any) -> None:
        for pipe in self.pipes:
            pipe.send((word, arguments))

    def gather(self, phase: str) -> Phase:
        """The results of all workers in the fixtures' order of players."""
        done: dict[Connection, Any] = {}
        progress = dict.fromkeys(self.pipes, 0)
        while len(done) < len(self.pipes):
            for pipe in wait([one for one in self.pipes if one not in done]):
                kind, *message = receive(pipe)  # type: ignore[arg-type]
                if kind == "done":
                    done[pipe] = message  # type: ignore[index]
                else:
                    progress[pipe] = message[0]  # type: ignore[index]
            self.on_progress(phase, sum(progress.values()), self.plan.players)
        measured = Phase(
            interleave([done[pipe][0] for pipe in self.pipes]),
            [late for pipe in self.pipes for late in done[pipe][1]],
            max(done[pipe][2] for pipe in self.pipes),
        )
        self.phases[phase] = measured
        self.on_progress(phase, self.plan.players, self.plan.players)
        return measured

    # The rehearsal

    def rehearse(self, then: "Callable[[Coordinator], None] | None" = None) -> None:
        """The game itself and, if it was played, what comes `then`."""
        with self.workers():
            game = self.fixtures.make_game("game")
            self.order("ready", "wait", seconds=0.0)
            self.arrive("arrival", game)
            somebody = any(row["known"] for row in self.phases["arrival"].results)
            if somebody and not self.plan.legacy:
                self.play(game)
                if then:
                    self.order("leaving", "leave", within=10.0)
                    then(self)
            self.order("leaving", "leave", within=10.0)
        time.sleep(SETTLING)

    def arrive(self, phase: str, game: Game) -> None:
        """Everybody comes; statements and memory are counted around it."""
        daphnes = counters.daphnes(self.plan.address)
        memory, statements = counters.memory(daphnes), counters.statements()
        started = time.time()
        with self.chaos_after(LEAD + self.plan.ramp / 2 + ARRIVING):
            self.order(
                phase,
                "arrive",
                slug=game.slug,
                at=started + LEAD,
                ramp=self.plan.ramp,
                legacy=self.plan.legacy,
            )
        took, after = time.time() - started, counters.statements()
        held = counters.memory(daphnes)
        self.counted[phase] = {
            "statements": None if after is None else after - (statements or 0),
            "seconds": took,
            "memory": None if self.chaos or not (held and memory) else held - memory,
        }

    def play(self, game: Game) -> None:
        self.wait()
        self.change(game)
        self.answer("answers", game)
        with self.chaos_after(LEAD + ARRIVING):
            self.order("return", "drop", at=time.time() + LEAD)
        prizes = self.fixtures.make_game("prizes", self.plan.codes)
        self.order("warming", "warm", slug=prizes.slug)
        self.arrive("warm arrival", prizes)
        self.answer("prizes", prizes)
        if self.plan.hold:
            self.order("hold", "hold", seconds=self.plan.hold)

    def wait(self) -> None:
        """Being there costs statements too: so many a second."""
        before = counters.statements()
        with self.chaos_after(self.plan.wait / 2):
            self.order("waiting", "wait", seconds=self.plan.wait)
        after = counters.statements()
        if before is not None and after is not None:
            self.counted["idle"] = (after - before) / self.plan.wait

    def change(self, game: Game) -> None:
        """Staff pause and resume; the seconds from commit to each player."""
        seen: list[float | None] = []
        with self.chaos_after(MIDDLE):
            for verb, state in [("pause", "PAUSED"), ("resume", "OPEN")] * CHANGES:
                since = time.time()
                self.send("see", state=state, since=since, within=SEEN_WITHIN)
                committed = self.fixtures.change(game, verb)
                times = self.gather("change").results
                seen += [None if at is None else at - committed for at in times]
        self.phases["change"].results = [{"took": one} for one in seen]

    def answer(self, phase: str, game: Game) -> None:
        played = answer_to(game)
        if played is None:
            return
        value, question = played
        share = -(-self.plan.answering // self.plan.processes)
        with counters.counting() as counted, self.chaos_after(LEAD + MIDDLE):
            self.order(
                phase,
                "answer",
                at=time.time() + LEAD,
                value=value,
                question=question,
                count=share,
                within=WITHIN,
            )
        self.counted[phase] = {**self.fixtures.stored(game), **vars(counted)}


def receive(pipe: Connection) -> tuple[Any, ...]:
    try:
        return tuple(pipe.recv())
    except EOFError:
        raise WorkerLost("A client process of the rehearsal has ended.") from None


def interleave(shares: list[list[Any]]) -> list[Any]:
    """Back into the order of the players: every n-th is of the same worker."""
    longest = max((len(share) for share in shares), default=0)
    return [
        share[place]
        for place in range(longest)
        for share in shares
        if place < len(share)
    ]
