"""Takes a daphne away in the middle of a phase, as a crash would."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator

from gameproject.loadtest import counters
from gameproject.loadtest.plan import Address
from gameproject.ops.supervisor import answers

PATIENCE = 30.0  # seconds for a killed one to be served again
LOOK = 0.1


class NotServedAgain(Exception):
    """Nobody starts again what was killed, or there was nothing to kill."""


class Chaos:
    """Kills one after the other, each time waiting until it is back."""

    def __init__(self, address: Address) -> None:
        self.address, self.killed = address, list[int]()
        self.many = len(counters.daphnes(address))
        if self.many < 2:
            raise NotServedAgain(
                "--kill needs two daphnes on this machine, of which one goes on."
            )

    @contextlib.contextmanager
    def killing(self, after: float) -> Iterator[None]:
        """One of them dies `after` so many seconds; leaving waits until it is back."""
        timer = threading.Timer(after, self._kill)
        timer.start()
        try:
            yield
        finally:
            timer.join()
        self._wait()

    def _kill(self) -> None:
        there = sorted(counters.daphnes(self.address), key=self._place)
        victim = there[len(self.killed) % len(there)]
        os.kill(victim, signal.SIGKILL)
        self.killed.append(victim)

    @staticmethod
    def _place(process: int) -> str:
        return str(counters.place_of(process))

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._all_serve():
            if time.monotonic() > deadline:
                raise NotServedAgain("A killed daphne was not started again.")
            time.sleep(LOOK)

    def _all_serve(self) -> bool:
        """One that was killed just now may still be there for a moment."""
        there = counters.daphnes(self.address)
        places = map(counters.place_of, there)
        whole = len(there) == self.many and not set(there) & set(self.killed)
        return whole and all(answers(place) for place in places)
