"""Keeps processes running until it is told to stop, and then leaves none behind."""

import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

LOOK = 0.2  # seconds between looks at the children
PATIENCE = 30.0  # seconds a child may take to listen
GRACE = 10.0  # seconds to end in, before it is killed


class NotStarted(Exception):
    """A child ended, or never listened."""


class Child:
    """One process, whose output goes to a file of its own."""

    def __init__(self, name: str, command: Sequence[str], logs: Path) -> None:
        self.name, self.command = name, list(command)
        self.log = logs / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.said_before = 0

    def start(self) -> None:
        self.started = time.monotonic()
        with self.log.open("ab") as log:
            self.said_before = log.tell()
            # A group of its own: Ctrl-C reaches us alone, and we stop it in order.
            self.process = subprocess.Popen(  # noqa: S603
                self.command, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def wait_until(self, listens: Path | tuple[str, int]) -> None:
        """Return once it listens on a unix socket or a port."""
        deadline = time.monotonic() + PATIENCE
        while not answers(listens):
            if not self.alive or time.monotonic() > deadline:
                raise NotStarted(f"{self.name} did not start:\n{self.last_words()}")
            time.sleep(0.05)

    def last_words(self) -> str:
        said = self.log.read_bytes()[self.said_before :].decode(errors="replace")
        return "\n".join(said.splitlines()[-12:])

    def stop(self) -> None:
        if not self.process:
            return
        self.process.terminate()
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Supervisor:
    """Children in the order in which they started; they stop in the other."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self._stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopped.set()

    def start(self, child: Child) -> None:
        child.start()
        self.children.append(child)

    def watch(self, say: Callable[[str], object]) -> None:
        """Start again whatever ends, until we are told to stop."""
        while not self._stopped.wait(LOOK):
            for child in self.children:
                if not child.alive and time.monotonic() > child.started + 1:
                    say(f"  {child.name} ended; starting it again.")
                    child.start()

    def stop(self) -> None:
        for child in reversed(self.children):
            child.stop()


def answers(listens: Path | tuple[str, int]) -> bool:
    """Whether somebody listens there."""
    on_disk = isinstance(listens, Path)
    with socket.socket(socket.AF_UNIX if on_disk else socket.AF_INET) as one:
        one.settimeout(2)
        address: Any = str(listens) if on_disk else listens
        return one.connect_ex(address) == 0
