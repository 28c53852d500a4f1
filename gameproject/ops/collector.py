"""Python's garbage collector: seldom while there is work, and when nothing happens."""

import asyncio
import ctypes
import gc
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

Receive = Callable[[], Awaitable[Any]]

# New objects before each generation of them is looked through for garbage.
COLLECT_EVERY = (200_000, 5, 5)
LOOK_SECONDS = 1.0  # between looks whether anything happens
LATE_SECONDS = 0.1  # a look that comes later had to wait for work
WORTH_IT = 5_000  # new objects since the last collection


def collect_seldom() -> None:
    """Spare a rush the pauses of Python's collector. Called once all is loaded.

    What was loaded stays, so that it need not be gone through: that halted a process
    for a tenth of a second, several times in a second of handshakes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)


def collect() -> None:
    """Collect all garbage, and give the memory back to the system."""
    gc.collect()
    trim()


def trim() -> None:
    """Have glibc give back what is free inside its heaps. Others do so or can't."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def is_worth_it() -> bool:
    """Whether there is much that was made since the last collection."""
    young, *older = gc.get_count()
    return young >= WORTH_IT or any(older)


class Quiet:
    """Collects when nothing happens: no request is there, and no frame comes."""

    def __init__(self, collect: Callable[[], object]) -> None:
        self._collect = collect
        self._requests = 0  # that are under way
        self._came = self._before = 0  # messages so far, and at the last look
        self._loop: asyncio.AbstractEventLoop | None = None

    def noting(self, application: Any) -> Any:
        """The same application; what comes to it is noted."""

        async def noted(scope: Any, receive: Receive, send: Any) -> None:
            self._watch(asyncio.get_running_loop())
            requests = int(scope["type"] == "http")
            self._requests += requests
            try:
                await application(scope, self._hearing(receive), send)
            finally:
                self._requests -= requests
                self._came += 1

        return noted

    def _hearing(self, receive: Receive) -> Receive:
        async def heard() -> Any:
            message = await receive()
            self._came += 1
            return message

        return heard

    def look(self, late: float = 0.0) -> None:
        """Collect if there is nothing to do, and was nothing since the last look."""
        is_quiet = self._came == self._before and not self._requests
        if is_quiet and late < LATE_SECONDS and is_worth_it():
            self._collect()
        self._before = self._came

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look on the loop that serves, from the first message on."""
        if self._loop is not loop:
            self._loop = loop
            self._look_later(loop)

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        due = loop.time() + LOOK_SECONDS
        loop.call_at(due, self._look_in_time, loop, due)

    def _look_in_time(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self.look(loop.time() - due)
        self._look_later(loop)


quiet = Quiet(collect)
