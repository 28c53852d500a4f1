"""Counts from outside: statements in PostgreSQL, and memory of the daphnes."""

import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection

from gameproject.loadtest.plan import Address

# What clients sent: not what PostgreSQL asks itself on commit, for each foreign key.
STATEMENTS = """
    SELECT coalesce(sum(calls), 0) FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND query NOT LIKE 'SELECT % FROM ONLY % FOR KEY SHARE OF x'
"""


def statements() -> int | None:
    """Statements that this database has run; None if nothing counts them."""
    if connection.vendor != "postgresql":
        return None
    try:
        with connection.cursor() as cursor:
            cursor.execute(STATEMENTS)
            return int(cursor.fetchone()[0])
    except DatabaseError:
        return None


@dataclass
class Counted:
    """What a phase cost the site; `statements` is None if nothing counts them."""

    statements: int | None = None
    seconds: float = 0.0


@contextmanager
def counting() -> Iterator[Counted]:
    """Count the statements and seconds of the block. Filled in when it ends."""
    counted, before, started = Counted(), statements(), time.time()
    yield counted
    counted.seconds, after = time.time() - started, statements()
    if before is not None and after is not None:
        counted.statements = after - before


def daphnes(address: Address) -> list[int]:
    """The processes on this machine that serve the address, behind nginx or not."""
    if not address.is_local:
        return []
    sockets = f"unix:{settings.DATA_DIR.resolve()}/"
    return [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if serves(command_of(path), sockets, address.port)
    ]


def command_of(path: Path) -> str:
    try:
        return path.read_text().replace("\0", " ")
    except OSError:  # the process has ended
        return ""


def serves(command: str, sockets: str, port: int) -> bool:
    if "gameproject.asgi:application" not in command:
        return False
    return sockets in command or bool(
        re.search(rf"(port=|-p ?|--port ){port}\b", command)
    )


def place_of(process: int) -> Path | tuple[str, int]:
    """Where a daphne listens: a unix socket or a port."""
    command = command_of(Path(f"/proc/{process}/cmdline"))
    if path := re.search(r"unix:([^: ]+)", command):
        return Path(path[1])
    port = re.search(r"(?:port=|-p ?|--port )(\d+)", command)
    return ("127.0.0.1", int(port[1]) if port else 0)


def memory(processes: Iterable[int]) -> int | None:
    """Total memory of these processes in bytes; None if there are none or one ended."""
    page = os.sysconf("SC_PAGE_SIZE")
    try:
        sizes = [Path(f"/proc/{pid}/statm").read_text() for pid in processes]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return sum(int(size.split()[1]) for size in sizes) * page or None
