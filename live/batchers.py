"""Database work off the event loop: in threads of our own, and in batches."""

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

# Channels would run the database work of all consumers on one thread per process.
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
    """Runs one call for all items that arrive while the previous call runs.

    `many` returns a result or a refusal for each item, in their order; each caller gets
    its own, raised if it is a refusal. A call gets at most `max_items`.
    A single item costs one thread hop; a thousand at once become a few calls.
    """

    def __init__(
        self, many: Callable[[Sequence[T]], Sequence[R | Refused]], max_items: int
    ) -> None:
        self._many = many
        self._max_items = max_items
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
            batch = self._waiting[: self._max_items]
            del self._waiting[: self._max_items]
            await self._call(batch)

    async def _linger(self) -> None:
        """Wait before a call, so that more items may arrive."""

    def _isolated(self, items: Sequence[T]) -> list[R | Exception]:
        return isolate(self._many, items)

    async def _call(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        results: list[R | Exception]
        try:
            results = await in_thread(self._isolated, [item for item, _ in batch])
        except Exception as error:  # each caller gets it; the batcher goes on
            results = [error] * len(batch)
        for (_item, future), result in zip(batch, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)


class DebouncedBatcher(Batcher[T, R]):
    """Debounces a stream of items into a few large calls.

    For items that arrive more slowly than a call takes. After a call of `RUSH` items,
    the next one waits until no item has arrived for `QUIET` seconds, or until `BETWEEN`
    seconds have passed.
    """

    RUSH = 5  # items in one call
    FIRST = 0.02  # seconds before every call
    BETWEEN, QUIET = 0.4, 0.03  # seconds

    _not_before = 0.0  # on the monotonic clock

    async def _linger(self) -> None:
        waiting = 0
        await asyncio.sleep(self.FIRST)
        while waiting < len(self._waiting) and time.monotonic() < self._not_before:
            waiting = len(self._waiting)
            await asyncio.sleep(self.QUIET)

    async def _call(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        await super()._call(batch)
        if len(batch) >= self.RUSH:
            self._not_before = time.monotonic() + self.BETWEEN
