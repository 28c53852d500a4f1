"""Garbage collection: seldom while there is work, and when the process is idle."""

import asyncio
import ctypes
import gc
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

Receive = Callable[[], Awaitable[Any]]

# Thresholds of `gc`: new objects until each generation is collected.
COLLECT_EVERY = (200_000, 5, 5)
POLL_SECONDS = 1.0  # between checks whether the process is idle
LATE_SECONDS = 0.1  # a check that is later than this had to wait for work
MIN_NEW_OBJECTS = 5_000  # since the last collection


def collect_seldom() -> None:
    """Avoid the collector's pauses in a rush. Call once everything is loaded.

    Loaded objects are frozen, so that they are not searched. That stopped a process for
    a tenth of a second, several times during one second of handshakes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)


def collect() -> None:
    """Collect all garbage, and give the memory back to the system."""
    gc.collect()
    trim()


def trim() -> None:
    """Have glibc return free memory. Other C libraries do so themselves, or can't."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def is_worth_it() -> bool:
    """Whether many objects were made since the last collection."""
    young, *older = gc.get_count()
    return young >= MIN_NEW_OBJECTS or any(older)


class IdleCollector:
    """Collects while the process is idle: no request is open, and no frame arrives."""

    def __init__(self, collect: Callable[[], object]) -> None:
        self._collect = collect
        self._requests = 0  # open now
        self._messages = self._before = 0  # so far, and at the last check
        self._loop: asyncio.AbstractEventLoop | None = None

    def watch(self, application: Any) -> Any:
        """The application, with its requests and messages counted."""

        async def counted(scope: Any, receive: Receive, send: Any) -> None:
            self._start(asyncio.get_running_loop())
            requests = int(scope["type"] == "http")
            self._requests += requests
            try:
                await application(scope, self._counting(receive), send)
            finally:
                self._requests -= requests
                self._messages += 1

        return counted

    def _counting(self, receive: Receive) -> Receive:
        async def count() -> Any:
            message = await receive()
            self._messages += 1
            return message

        return count

    def check(self, late: float = 0.0) -> None:
        """Collect if there is no work, and was none since the last check."""
        is_idle = self._messages == self._before and not self._requests
        if is_idle and late < LATE_SECONDS and is_worth_it():
            self._collect()
        self._before = self._messages

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Check on the serving loop, from the first message on."""
        if self._loop is not loop:
            self._loop = loop
            self._check_later(loop)

    def _check_later(self, loop: asyncio.AbstractEventLoop) -> None:
        due = loop.time() + POLL_SECONDS
        loop.call_at(due, self._check_in_time, loop, due)

    def _check_in_time(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self.check(loop.time() - due)
        self._check_later(loop)


idle_collector = IdleCollector(collect)
