"""Logs that no client can fill, however often it makes us say the same."""

import logging
import os
import shutil
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

WINDOW = 60.0  # seconds in which lines are counted
MAX_OF_A_KIND = 20  # lines of one logger, level and template in a window
MAX_OF_A_LOGGER = 100  # lines of one logger and level
LONGEST = 8 * 1024  # characters of a line with its traceback
MAX_FILE = 10 * 1024 * 1024  # bytes of a log file
LEFT_OUT = "%d more lines were left out: %.100s"

Kind = tuple[str, int, str]


class BoundedHandler(logging.StreamHandler):
    """Writes the first lines of each kind in a window, then how many it left out.

    Debug lines are all written: nobody has them on a server.
    """

    def __init__(self) -> None:
        super().__init__()
        self._ends = 0.0
        self._came: Counter[Kind] = Counter()
        self._left_out: Counter[Kind] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = None  # a bad request is no fault of ours to trace
        if time.monotonic() >= self._ends:
            self._begin()
        if record.levelno <= logging.DEBUG or self._is_let_through(record):
            super().emit(record)

    def _begin(self) -> None:
        """Begin a window, and say what the last one left out."""
        self._ends = time.monotonic() + WINDOW
        left_out = self._left_out
        self._came, self._left_out = Counter(), Counter()
        for (name, level, template), times in left_out.items():
            said = (times, template or "of this logger")
            line = logging.LogRecord(name, level, "", 0, LEFT_OUT, said, None)
            super().emit(line)

    def _is_let_through(self, record: logging.LogRecord) -> bool:
        of_logger = (record.name, record.levelno, "")
        kind = (record.name, record.levelno, str(record.msg)[:LONGEST])
        if self._came[kind] >= MAX_OF_A_KIND:
            self._left_out[kind] += 1
            return False
        if self._came[of_logger] >= MAX_OF_A_LOGGER:
            # Not by its kind: a client may be the author of a text without arguments.
            self._left_out[of_logger] += 1
            return False
        self._came[of_logger] += 1
        self._came[kind] += 1
        return True

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if len(text) <= LONGEST:
            return text
        half = LONGEST // 2
        return f"{text[:half]}\n… {len(text) - LONGEST} characters …\n{text[-half:]}"


def begin_anew(log: Path) -> None:
    """Empty a log file that has grown too large; what it held is kept once, beside it.

    It is copied, not renamed: who writes to it has it open. Where that fails, on a full
    disk or for want of the right, nobody is to fall with it.
    """
    with suppress(OSError):
        if log.stat().st_size > MAX_FILE:
            with suppress(OSError):
                shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)
