"""The supervisor restarts children that end or stop listening, and ends all."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gameproject.ops import supervisor
from gameproject.ops.supervisor import Child, Supervisor, stop_all
from tests.stack import free_port

DEAF_ON_SIGNAL = """
import signal, socket, sys
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
signal.signal(signal.SIGUSR1, lambda *_: listening.close())
while True:
    signal.pause()
"""

STUBBORN = """
import pathlib, signal, sys, time
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
signal.signal(signal.SIGTERM, lambda *_: (folder / (name + ".told")).touch())
(folder / (name + ".ready")).touch()
while len(list(folder.glob("*.told"))) < 3:
    time.sleep(0.01)
"""


@pytest.fixture
def supervising() -> Iterator[Supervisor]:
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in signals}
    one = Supervisor()
    yield one
    one.stop()
    for number, handler in before.items():
        signal.signal(number, handler)


def python(name: str, folder: Path, code: str, *words: str) -> Child:
    return Child(name, [sys.executable, "-c", code, *words], folder)


def test_child_that_lives_but_listens_no_more_is_started_again(
    supervising: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "DEAF_SECONDS", 0.5)
    monkeypatch.setattr(supervisor, "PROBE_SECONDS", 0.0)
    place = ("127.0.0.1", free_port())
    child = python("deaf", tmp_path, DEAF_ON_SIGNAL, str(place[1]))
    supervising.start(child)
    child.wait_until(place)
    assert child.process
    first = child.process.pid
    child.process.send_signal(signal.SIGUSR1)
    said: list[str] = []

    def note(line: str) -> None:
        said.append(line.strip())
        if line.endswith("again."):
            supervising._stopped.set()

    supervising.watch(note)
    assert said == [
        "deaf stopped listening; ending it.",
        "deaf ended; starting it again.",
    ]
    child.wait_until(place)
    assert child.process.pid != first


def test_children_are_told_to_end_together(tmp_path: Path) -> None:
    """Each of these ends only after all have been told."""
    names = ["one", "two", "three"]
    children = [python(n, tmp_path, STUBBORN, str(tmp_path), n) for n in names]
    for child in children:
        child.start()
    while len(list(tmp_path.glob("*.ready"))) < len(names):
        assert all(child.alive for child in children)
    stop_all(children)
    assert [child.process and child.process.returncode for child in children] == [0] * 3


def test_child_that_does_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.2)
    child = python("alone", tmp_path, STUBBORN, str(tmp_path), "alone")
    child.start()
    while not (tmp_path / "alone.ready").exists():
        assert child.alive
    child.stop()
    assert child.process
    assert child.process.returncode == -signal.SIGKILL
