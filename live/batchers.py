"""Database work for sockets: in threads of our own, gathered where it is worth it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

from core.gathered import isolate
from core.refusals import Refused

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")

# Channels would run all of a process's consumers' database work on one thread.
_threads = ThreadPoolExecutor(settings.SOCKET_THREADS, thread_name_prefix="socket")


async def in_thread(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run blocking database work off the event loop."""

    def work() -> R:
        try:
            return call(*args, **kwargs)
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_threads, work)


class Batcher(Generic[T, R]):
    """One call for everything that is asked while the call before it is under way.

    A refusal among its results is raised where it was asked for.
    Alone it costs a thread hop; a thousand at once become a handful of calls.
    """

    def __init__(
        self, many: Callable[[Sequence[T]], Sequence[R | Refused]], most: int
    ) -> None:
        self._many = many
        self._most = most
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, item: T) -> R:
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        while self._waiting:
            await self._linger()
            batch = self._waiting[: self._most]
            del self._waiting[: self._most]
            await self._call(batch)

    async def _linger(self) -> None:
        """Before a call, a moment in which more may come."""

    def _isolated(self, items: Sequence[T]) -> list[R | Exception]:
        return isolate(self._many, items)

    async def _call(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        results: list[R | Exception]
        try:
            results = await in_thread(self._isolated, [item for item, _ in batch])
        except Exception as error:  # each asker gets it; the gatherer goes on
            results = [error] * len(batch)
        for (_item, future), result in zip(batch, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)


class DebouncedBatcher(Batcher[T, R]):
    """For what comes as a stream, slower than it is carried out: in a rush it lets the
    stream go by before it calls again, so that its calls are few and large."""

    RUSH = 5  # as many in one call
    FIRST = 0.02  # seconds before any call
    BETWEEN, QUIET = 0.4, 0.03  # in a rush: seconds since the last; without a newcomer

    _not_before = 0.0  # by the monotonic clock

    async def _linger(self) -> None:
        came = 0
        await asyncio.sleep(self.FIRST)
        while came < len(self._waiting) and time.monotonic() < self._not_before:
            came = len(self._waiting)
            await asyncio.sleep(self.QUIET)

    async def _call(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        await super()._call(batch)
        if len(batch) >= self.RUSH:
            self._not_before = time.monotonic() + self.BETWEEN
