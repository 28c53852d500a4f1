"""Kills a daphne in the middle of a phase, as a crash would."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator

from gameproject.loadtest import counters
from gameproject.loadtest.plan import Address
from gameproject.ops.supervisor import is_listening

RESTART_SECONDS = 30.0  # until a killed daphne must listen again
POLL_SECONDS = 0.1


class NotRestarted(Exception):
    """A killed daphne was not started again, or there are too few to kill."""


class Chaos:
    """Kills the daphnes in turn, and waits each time until all listen again."""

    def __init__(self, address: Address) -> None:
        self.address, self.killed = address, list[int]()
        self.count = len(counters.daphnes(address))
        if self.count < 2:
            raise NotRestarted(
                "--kill needs two daphnes on this machine, so that one is left."
            )

    @contextlib.contextmanager
    def killing(self, after: float) -> Iterator[None]:
        """Kill one after this many seconds. On exit, wait until it listens again."""
        timer = threading.Timer(after, self._kill)
        timer.start()
        try:
            yield
        finally:
            timer.join()
        self._wait()

    def _kill(self) -> None:
        running = sorted(counters.daphnes(self.address), key=self._place)
        victim = running[len(self.killed) % len(running)]
        os.kill(victim, signal.SIGKILL)
        self.killed.append(victim)

    @staticmethod
    def _place(process: int) -> str:
        return str(counters.place_of(process))

    def _wait(self) -> None:
        deadline = time.monotonic() + RESTART_SECONDS
        while not self._all_listen():
            if time.monotonic() > deadline:
                raise NotRestarted("A killed daphne was not started again.")
            time.sleep(POLL_SECONDS)

    def _all_listen(self) -> bool:
        """A process that was killed may still exist for a moment."""
        running = counters.daphnes(self.address)
        places = map(counters.place_of, running)
        complete = len(running) == self.count and not {*running} & {*self.killed}
        return complete and all(is_listening(place) for place in places)
