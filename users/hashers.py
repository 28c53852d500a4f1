"""Password hashing that a thousand sign-ins in a minute can afford.

A hash takes 20 ms of a core and 19 MiB. So one core fewer than the machine has makes
them, for all processes together. Their threads have the usual priority: a low one
starves them where the cores are busy, and gained those who play nothing measurable.

Those who wait for a hash hold no connection to the database; most of them stand in a
line before Django takes them (`gameproject.sign_in_line`).
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
    """Those that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


AT_ONCE = max(1, cores() - 1)  # hashes, on the whole machine


class HashThreads:
    """The threads of this process that hash, each in a slot of the machine's."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self._places, self._own = count(), threading.local()
        self._threads = ThreadPoolExecutor(slots.count, "hash", self._begin)

    def do(self, work: Callable[[], Made]) -> Made:
        let_go_of_database()
        return self._threads.submit(self._in_a_slot, work).result()

    def _begin(self) -> None:
        self._own.place = next(self._places)

    def _in_a_slot(self, work: Callable[[], Made]) -> Made:
        with self.slots.hold(self._own.place):
            return work()


def let_go_of_database() -> None:
    """Connections are few; whoever waits takes one again when they need it."""
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
        """Whether it is the password; what is longer than any can't be."""
        if len(password) > MAX_PASSWORD_LENGTH:
            return False
        verify = super().verify
        return threads.do(lambda: verify(password, encoded))
