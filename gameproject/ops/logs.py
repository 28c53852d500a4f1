"""Bounded logs: no client can fill the disk with the same lines."""

import logging
import os
import shutil
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

WINDOW = 60.0  # seconds in which lines are counted
MAX_PER_KIND = 20  # lines of one logger, level and template in a window
MAX_PER_LOGGER = 100  # lines of one logger and level
MAX_LENGTH = 8 * 1024  # characters of a line with its traceback
MAX_FILE = 10 * 1024 * 1024  # bytes of a log file
LEFT_OUT = "%d more lines were left out: %.100s"

Kind = tuple[str, int, str]


class BoundedHandler(logging.StreamHandler):
    """Writes the first lines of each kind in a window, then how many it left out.

    Debug lines are all written: they are off on servers.
    """

    def __init__(self) -> None:
        super().__init__()
        self._ends = 0.0
        self._written: Counter[Kind] = Counter()
        self._left_out: Counter[Kind] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = None  # a bad request needs no traceback
        if time.monotonic() >= self._ends:
            self._begin()
        if record.levelno <= logging.DEBUG or self._is_let_through(record):
            super().emit(record)

    def _begin(self) -> None:
        """Begin a window, and log what the last one left out."""
        self._ends = time.monotonic() + WINDOW
        left_out = self._left_out
        self._written, self._left_out = Counter(), Counter()
        for (name, level, template), times in left_out.items():
            values = (times, template or "of this logger")
            line = logging.LogRecord(name, level, "", 0, LEFT_OUT, values, None)
            super().emit(line)

    def _is_let_through(self, record: logging.LogRecord) -> bool:
        of_logger = (record.name, record.levelno, "")
        kind = (record.name, record.levelno, str(record.msg)[:MAX_LENGTH])
        if self._written[kind] >= MAX_PER_KIND:
            self._left_out[kind] += 1
            return False
        if self._written[of_logger] >= MAX_PER_LOGGER:
            # Not by kind: a message without arguments may be a client's text.
            self._left_out[of_logger] += 1
            return False
        self._written[of_logger] += 1
        self._written[kind] += 1
        return True

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if len(text) <= MAX_LENGTH:
            return text
        half = MAX_LENGTH // 2
        return f"{text[:half]}\n… {len(text) - MAX_LENGTH} characters …\n{text[-half:]}"


def rotate(log: Path) -> None:
    """Empty a log file that has grown too large, and keep one copy beside it.

    It is copied, not renamed, because its writers have it open. If that fails, on a
    full disk or without permission, the supervisor must go on.
    """
    with suppress(OSError):
        if log.stat().st_size > MAX_FILE:
            with suppress(OSError):
                shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)
