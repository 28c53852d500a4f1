"""Password hashing that a thousand sign-ins in a minute can afford.

A hash takes 20 ms of a core and 19 MiB. So few are made at a time, in threads of their
own; the others wait in line, without a connection to the database. Where the line is
long, who comes is refused.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection

from core.refusals import Refused

Made = TypeVar("Made")

AT_ONCE = 2
MAX_LINE_LENGTH = 200  # those who wait: some 2 s where two cores are free, 4 on one
RETRY_SECONDS = 5
MAX_PASSWORD_LENGTH = 1024  # characters


class Line:
    """Work that is done in its order, so much at a time; `Refused` beyond a length."""

    def __init__(self, at_once: int, longest: int) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="hash")
        self._places = threading.Semaphore(at_once + longest)

    def do(self, work: Callable[[], Made]) -> Made:
        if not self._places.acquire(blocking=False):
            raise Refused("unavailable", retry_after=RETRY_SECONDS)
        try:
            let_go_of_database()
            return self._threads.submit(work).result()
        finally:
            self._places.release()


def let_go_of_database() -> None:
    """Connections are few; whoever waits takes one again when they need it."""
    if not connection.in_atomic_block:
        connection.close()


line = Line(AT_ONCE, MAX_LINE_LENGTH)


class TunedArgon2(Argon2PasswordHasher):
    """Argon2id at OWASP's 19 MiB, 2 passes, 1 lane."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        encode = super().encode
        return line.do(lambda: encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        """Whether it is the password; what is longer than any can't be."""
        if len(password) > MAX_PASSWORD_LENGTH:
            return False
        verify = super().verify
        return line.do(lambda: verify(password, encoded))
