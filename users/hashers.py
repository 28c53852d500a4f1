"""Password hashing, bounded so that a thousand sign-ins a minute don't slow players.

A hash takes 20 ms of a core and 19 MiB. All processes together use at most one core
less than the machine has. The threads have normal priority: with a low one they starve
on a busy machine, and players gained nothing measurable.

A request that waits for a hash holds no database connection. Most requests wait before
Django takes them (`gameproject.sign_in_line`).
"""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TypeVar

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection

from core.slots import Slots

Made = TypeVar("Made")

MAX_PASSWORD_LENGTH = 1024  # characters


def cores() -> int:
    """The number of cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


AT_ONCE = max(1, cores() - 1)  # hashes, on the whole machine


class HashThreads:
    """The hashing threads of this process; each needs one of the machine's slots."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self._places, self._own = count(), threading.local()
        self._threads = ThreadPoolExecutor(slots.count, "hash", self._begin)

    def do(self, work: Callable[[], Made]) -> Made:
        release_connection()
        return self._threads.submit(self._in_a_slot, work).result()

    def _begin(self) -> None:
        self._own.place = next(self._places)

    def _in_a_slot(self, work: Callable[[], Made]) -> Made:
        with self.slots.hold(self._own.place):
            return work()


def release_connection() -> None:
    """Return the database connection to the pool; Django opens one when needed."""
    if not connection.in_atomic_block:
        connection.close()


threads = HashThreads(Slots(settings.DATA_DIR / "hashing", AT_ONCE))


class TunedArgon2(Argon2PasswordHasher):
    """Argon2id at OWASP's 19 MiB, 2 passes, 1 lane."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        encode = super().encode
        return threads.do(lambda: encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        """Whether it is the password. One above the maximum length can't be."""
        if len(password) > MAX_PASSWORD_LENGTH:
            return False
        verify = super().verify
        return threads.do(lambda: verify(password, encoded))
