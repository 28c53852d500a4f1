"""A counting semaphore for all processes of one machine.

A slot is a lock on a file. The kernel frees it when its process ends, even if killed.
"""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

logger = logging.getLogger(__name__)


class Slots:
    """`count` slots, each a file in `folder`, which all processes share."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count

    @contextmanager
    def hold(self, place: int = 0) -> Iterator[None]:
        """Hold a slot; block this thread until one is free.

        Slot `place` modulo `count` is tried first, and awaited if none is free. If the
        files can't be opened, the body runs without a slot, and the log says so.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(
                    self._lock_any_free(place) or self._lock_in_turn(place)
                )
            except OSError as error:
                logger.warning("No slot in %s: %s", self.folder, error)
            yield

    def _lock_any_free(self, first: int) -> IO[bytes] | None:
        for place in range(first, first + self.count):
            try:
                return self._lock_in_turn(place, fcntl.LOCK_NB)
            except BlockingIOError:
                continue
        return None

    def _lock_in_turn(self, place: int, flags: int = 0) -> IO[bytes]:
        """The slot's file, locked; one process at a time waits for it, at its gate.

        Without a gate, a process that frees a slot could lock it again before the
        waiting ones wake up.
        """
        with self._lock("gate", place, flags):
            return self._lock("slot", place, flags)

    def _lock(self, prefix: str, place: int, flags: int) -> IO[bytes]:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{prefix}-{place % self.count}"
        file = path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | flags)
        except OSError:
            file.close()
            raise
        return file
