"""Keeps child processes running until it is told to stop, then ends them all."""

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

from gameproject.ops.logs import rotate

POLL_SECONDS = 0.2  # between checks of the children
PROBE_SECONDS = 1.0  # between probes whether a child still listens
START_SECONDS = 30.0  # until a child must listen
DEAF_SECONDS = 8.0  # without listening; a daphne needs less to end by itself
GRACE_SECONDS = 10.0  # to end, before it is killed
NOT_LISTENING = (errno.ECONNREFUSED, errno.ENOENT)

Endpoint = Path | tuple[str, int]  # a unix socket or a port


class NotStarted(Exception):
    """A child ended, or never listened."""


class Child:
    """One process, whose output goes to a file of its own."""

    def __init__(
        self, name: str, command: Sequence[str], logs: Path, by: int = signal.SIGTERM
    ) -> None:
        self.name, self.command = name, list(command)
        self.log = logs / f"{name}.log"
        self.stop_signal = by  # ends it in good order
        self.endpoint: Endpoint | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.started = self.last_listened = self.last_probe = self.allowed = 0.0
        self.log_start = 0

    def start(self) -> None:
        self.started = self.last_listened = time.monotonic()
        self.allowed = START_SECONDS
        with self.log.open("ab") as log:
            self.log_start = log.tell()
            # A session of its own: Ctrl-C reaches only us, and we stop it in order.
            self.process = subprocess.Popen(  # noqa: S603
                self.command, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def is_deaf(self) -> bool:
        """Whether it has not listened for DEAF_SECONDS; START_SECONDS after a start."""
        now = time.monotonic()
        if self.endpoint and now > self.last_probe + PROBE_SECONDS:
            self.last_probe = now
            if not refuses(self.endpoint):
                self.last_listened, self.allowed = now, DEAF_SECONDS
        return self.endpoint is not None and now > self.last_listened + self.allowed

    def wait_until(self, endpoint: Endpoint) -> None:
        """Return once it listens there; `NotStarted` if it ends or takes too long."""
        self.endpoint = endpoint
        deadline = time.monotonic() + START_SECONDS
        while not is_listening(endpoint):
            if not self.alive or time.monotonic() > deadline:
                raise NotStarted(f"{self.name} did not start:\n{self.last_words()}")
            time.sleep(0.05)
        self.last_listened, self.allowed = time.monotonic(), DEAF_SECONDS

    def last_words(self) -> str:
        text = self.log.read_bytes()[self.log_start :].decode(errors="replace")
        return "\n".join(text.splitlines()[-12:])

    def ask_to_end(self) -> None:
        if self.process and self.alive:
            self.process.send_signal(self.stop_signal)

    def end_by(self, deadline: float) -> None:
        """Wait for its end until the deadline, then kill it."""
        if self.process:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(max(0, deadline - time.monotonic()))
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        stop_all([self])


def stop_all(children: Sequence[Child]) -> None:
    """End all at the same time; kill those that take longer than GRACE_SECONDS."""
    for child in children:
        child.ask_to_end()
    deadline = time.monotonic() + GRACE_SECONDS
    for child in children:
        child.end_by(deadline)


class Supervisor:
    """Starts children one after the other, watches them, and stops them together."""

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
        """Restart children that end or stop listening, until we are told to stop."""
        while not self._stopped.wait(POLL_SECONDS):
            for child in self.children:
                if child.alive and child.is_deaf():
                    say(f"  {child.name} stopped listening; ending it.")
                    child.end_by(0)
                if not child.alive and time.monotonic() > child.started + 1:
                    say(f"  {child.name} ended; starting it again.")
                    child.start()
            self._bound_logs()

    def _bound_logs(self) -> None:
        """Rotate the children's logs, and other logs beside them."""
        for folder in {child.log.parent for child in self.children}:
            for log in folder.glob("*.log"):
                rotate(log)

    def stop(self) -> None:
        stop_all(self.children)


def is_listening(endpoint: Endpoint) -> bool:
    """Whether a process accepts connections there."""
    return connect_error(endpoint) == 0


def refuses(endpoint: Endpoint) -> bool:
    """Whether no process listens there. One that is too busy to accept does listen."""
    return connect_error(endpoint) in NOT_LISTENING


def connect_error(endpoint: Endpoint) -> int:
    """The number of the error when connecting; 0 if there is none."""
    is_unix = isinstance(endpoint, Path)
    with socket.socket(socket.AF_UNIX if is_unix else socket.AF_INET) as probe:
        probe.settimeout(2)
        address: Any = str(endpoint) if is_unix else endpoint
        return probe.connect_ex(address)
