"""Keeps processes running until it is told to stop, and then leaves none behind."""

import errno
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from gameproject.ops.logs import begin_anew

LOOK = 0.2  # seconds between looks at the children
ASK = 1.0  # seconds between questions whether a child still listens
PATIENCE = 30.0  # seconds a child may take to listen
DEAF = 8.0  # seconds without listening, more than a daphne takes to end by itself
GRACE = 10.0  # seconds to end in, before it is killed
NOBODY = (errno.ECONNREFUSED, errno.ENOENT)  # said where nobody listens

Place = Path | tuple[str, int]  # a unix socket or a port


class NotStarted(Exception):
    """A child ended, or never listened."""


class Child:
    """One process, whose output goes to a file of its own."""

    def __init__(
        self, name: str, command: Sequence[str], logs: Path, by: int = signal.SIGTERM
    ) -> None:
        self.name, self.command = name, list(command)
        self.log = logs / f"{name}.log"
        self.ends_by = by  # the signal that ends it in good order
        self.listens: Place | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.started = self.heard = self.asked = self.patience = 0.0
        self.said_before = 0

    def start(self) -> None:
        self.started = self.heard = time.monotonic()
        self.patience = PATIENCE
        with self.log.open("ab") as log:
            self.said_before = log.tell()
            # A group of its own: Ctrl-C reaches us alone, and we stop it in order.
            self.process = subprocess.Popen(  # noqa: S603
                self.command, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def is_deaf(self) -> bool:
        """Whether it has not listened for DEAF seconds, or PATIENCE since its start."""
        now = time.monotonic()
        if self.listens and now > self.asked + ASK:
            self.asked = now
            if not refuses(self.listens):
                self.heard, self.patience = now, DEAF
        return self.listens is not None and now > self.heard + self.patience

    def wait_until(self, listens: Place) -> None:
        """Return once it listens on a unix socket or a port."""
        self.listens = listens
        deadline = time.monotonic() + PATIENCE
        while not answers(listens):
            if not self.alive or time.monotonic() > deadline:
                raise NotStarted(f"{self.name} did not start:\n{self.last_words()}")
            time.sleep(0.05)
        self.heard, self.patience = time.monotonic(), DEAF

    def last_words(self) -> str:
        said = self.log.read_bytes()[self.said_before :].decode(errors="replace")
        return "\n".join(said.splitlines()[-12:])

    def ask_to_end(self) -> None:
        if self.process and self.alive:
            self.process.send_signal(self.ends_by)

    def end_by(self, deadline: float) -> None:
        """Wait for the end until then, and kill it if it hasn't come."""
        if self.process:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(max(0, deadline - time.monotonic()))
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        stop_all([self])


def stop_all(children: Sequence[Child]) -> None:
    """End them all at the same time; who doesn't within GRACE is killed."""
    for child in children:
        child.ask_to_end()
    deadline = time.monotonic() + GRACE
    for child in children:
        child.end_by(deadline)


class Supervisor:
    """Children that are started one after the other, and stopped together."""

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
        """Start again whatever ends or listens no more, until we are told to stop."""
        while not self._stopped.wait(LOOK):
            for child in self.children:
                if child.alive and child.is_deaf():
                    say(f"  {child.name} listens no more; ending it.")
                    child.end_by(0)
                if not child.alive and time.monotonic() > child.started + 1:
                    say(f"  {child.name} ended; starting it again.")
                    child.start()
            self._bound_logs()

    def _bound_logs(self) -> None:
        """Those of the children, and what they write themselves beside them."""
        for folder in {child.log.parent for child in self.children}:
            for log in folder.glob("*.log"):
                begin_anew(log)

    def stop(self) -> None:
        stop_all(self.children)


def answers(place: Place) -> bool:
    """Whether somebody listens there."""
    return connecting(place) == 0


def refuses(place: Place) -> bool:
    """Whether nobody listens there; who is only too busy to answer does."""
    return connecting(place) in NOBODY


def connecting(place: Place) -> int:
    """The error's number, 0 if there is none."""
    on_disk = isinstance(place, Path)
    with socket.socket(socket.AF_UNIX if on_disk else socket.AF_INET) as one:
        one.settimeout(2)
        address: Any = str(place) if on_disk else place
        return one.connect_ex(address)
