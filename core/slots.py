"""Slots: so much at a time on the whole machine, all processes together.

A slot is a lock on a file, which the kernel frees when a process ends, however it ends.
"""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

logger = logging.getLogger(__name__)


class Slots:
    """`count` slots, as files in a folder that the processes share."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count

    @contextmanager
    def hold(self, place: int = 0) -> Iterator[None]:
        """Hold a slot, waiting in this thread until there is one.

        The one of this place is tried first, and waited for if none is free. Where the
        files can't be had, what must be done is done without.
        """
        with ExitStack() as held:
            try:
                held.enter_context(self._free(place) or self._next(place))
            except OSError as error:
                logger.warning("No slot in %s: %s", self.folder, error)
            yield

    def _free(self, first: int) -> IO[bytes] | None:
        for place in range(first, first + self.count):
            try:
                return self._next(place, fcntl.LOCK_NB)
            except BlockingIOError:
                continue
        return None

    def _next(self, place: int, flags: int = 0) -> IO[bytes]:
        """The slot, locked; one process at a time waits at its gate.

        Without a gate, whoever gives a slot back could take it again before those who
        wait for it wake up.
        """
        with self._locked("gate", place, flags):
            return self._locked("slot", place, flags)

    def _locked(self, what: str, place: int, flags: int) -> IO[bytes]:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{what}-{place % self.count}"
        file = path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | flags)
        except OSError:
            file.close()
            raise
        return file
