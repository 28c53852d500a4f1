"""Runs a rehearsal: sends orders to the workers and collects what they measured."""

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

LEAD_SECONDS = 0.5  # from an order to its start, so that all workers have it in time
CHANGES = 3  # times that staff pause and resume
ACK_SECONDS = 60.0  # until an answer must be acknowledged
SEEN_SECONDS = 15.0  # until players must have seen a change
SETTLE_SECONDS = 1.5  # until the site has closed empty rooms
HALF_ARRIVAL, HALF_PHASE = 0.5, 0.15  # seconds; half of a phase of 1,000 players

# The phase, how many players are done, and how many there are.
OnProgress = Callable[[str, int, int], None]


class WorkerLost(Exception):
    """A client process ended, so nothing more can be measured."""


@dataclass
class Phase:
    """What each player measured, and how busy the clients were."""

    results: list[Any]
    late: list[float] = field(default_factory=list)  # delays of the clients' loops, s
    busy: float = 0.0  # share of a core that the busiest client took

    def of(self, name: str) -> list[float]:
        """The values of this measure in seconds, without players who have none."""
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
        """With --kill, kill a daphne after this many seconds; else do nothing."""
        return self.chaos.killing(after) if self.chaos else contextlib.nullcontext()

    @contextlib.contextmanager
    def workers(self) -> Iterator[None]:
        """Run the client processes, each with its share of the players."""
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
        share = self.fixtures.credentials[place :: self.plan.processes]
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

    def order(self, phase: str, method: str, **arguments: Any) -> Phase:
        """Have all workers run this method; its results, also stored in `phases`."""
        self.send(method, **arguments)
        return self.gather(phase)

    def send(self, method: str, **arguments: Any) -> None:
        for pipe in self.pipes:
            pipe.send((method, arguments))

    def gather(self, phase: str) -> Phase:
        """The results of all workers, in the order of the fixtures' players."""
        done: dict[Connection, Any] = {}
        progress = dict.fromkeys(self.pipes, 0)
        while len(done) < len(self.pipes):
            for pipe in wait([pipe for pipe in self.pipes if pipe not in done]):
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
        """Play the game and, if players were known there, run `then`."""
        with self.workers():
            game = self.fixtures.make_game("game")
            self.order("ready", "wait", seconds=0.0)
            self.arrive("arrival", game)
            anybody = any(row["known"] for row in self.phases["arrival"].results)
            if anybody and not self.plan.baseline:
                self.play(game)
                if then:
                    self.order("leaving", "leave", within=10.0)
                    then(self)
            self.order("leaving", "leave", within=10.0)
        time.sleep(SETTLE_SECONDS)

    def arrive(self, phase: str, game: Game) -> None:
        """All players arrive. Counts statements and memory."""
        daphnes = counters.daphnes(self.plan.address)
        memory, statements = counters.memory(daphnes), counters.statements()
        started = time.time()
        with self.chaos_after(LEAD_SECONDS + self.plan.ramp / 2 + HALF_ARRIVAL):
            self.order(
                phase,
                "arrive",
                slug=game.slug,
                at=started + LEAD_SECONDS,
                ramp=self.plan.ramp,
                as_baseline=self.plan.baseline,
            )
        took, after = time.time() - started, counters.statements()
        memory_after = counters.memory(daphnes)
        self.counted[phase] = {
            "statements": None if after is None else after - (statements or 0),
            "seconds": took,
            "memory": None
            if self.chaos or not (memory_after and memory)
            else memory_after - memory,
        }

    def play(self, game: Game) -> None:
        self.wait()
        self.change(game)
        self.answer("answers", game)
        with self.chaos_after(LEAD_SECONDS + HALF_ARRIVAL):
            self.order("return", "drop", at=time.time() + LEAD_SECONDS)
        prizes = self.fixtures.make_game("prizes", self.plan.codes)
        self.order("warming", "warm", slug=prizes.slug)
        self.arrive("warm arrival", prizes)
        self.answer("prizes", prizes)
        if self.plan.hold:
            self.order("hold", "hold", seconds=self.plan.hold)

    def wait(self) -> None:
        """Count the statements per second while players only stay connected."""
        before = counters.statements()
        with self.chaos_after(self.plan.wait / 2):
            self.order("waiting", "wait", seconds=self.plan.wait)
        after = counters.statements()
        if before is not None and after is not None:
            self.counted["idle"] = (after - before) / self.plan.wait

    def change(self, game: Game) -> None:
        """Staff pause and resume. Measures the seconds from commit to each player."""
        seen: list[float | None] = []
        with self.chaos_after(HALF_PHASE):
            for verb, state in [("pause", "PAUSED"), ("resume", "OPEN")] * CHANGES:
                since = time.time()
                self.send("see", state=state, since=since, within=SEEN_SECONDS)
                committed = self.fixtures.change(game, verb)
                times = self.gather("change").results
                seen += [None if at is None else at - committed for at in times]
        self.phases["change"].results = [{"took": seconds} for seconds in seen]

    def answer(self, phase: str, game: Game) -> None:
        answer = answer_to(game)
        if answer is None:
            return
        value, question = answer
        share = -(-self.plan.answering // self.plan.processes)
        with (
            counters.counting() as counted,
            self.chaos_after(LEAD_SECONDS + HALF_PHASE),
        ):
            self.order(
                phase,
                "answer",
                at=time.time() + LEAD_SECONDS,
                value=value,
                question=question,
                count=share,
                within=ACK_SECONDS,
            )
        self.counted[phase] = {**self.fixtures.stored(game), **vars(counted)}


def receive(pipe: Connection) -> tuple[Any, ...]:
    try:
        return tuple(pipe.recv())
    except EOFError:
        raise WorkerLost("A client process of the rehearsal has ended.") from None


def interleave(shares: list[list[Any]]) -> list[Any]:
    """The results in the order of the players, who were dealt to workers in turn."""
    longest = max((len(share) for share in shares), default=0)
    return [
        share[place]
        for place in range(longest)
        for share in shares
        if place < len(share)
    ]
