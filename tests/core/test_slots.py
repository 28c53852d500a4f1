"""Slots are shared by real processes, also by one that is killed."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.slots import Slots
from tests.stack import ROOT

pytestmark = pytest.mark.usefixtures("runs_servers")

# Appends a character to one shared file when each of its turns begins and ends. The
# system appends such short writes atomically.
WORKER = """
import os, sys, threading
from pathlib import Path
from core.slots import Slots
folder, count, turns, threads = sys.argv[1], *map(int, sys.argv[2:])
slots = Slots(Path(folder), count)
notes = os.open(folder + "/notes", os.O_WRONLY | os.O_APPEND)
def work(place):
    for _turn in range(turns):
        with slots.hold(place):
            os.write(notes, b"+")
            os.write(notes, b"-")
workers = [threading.Thread(target=work, args=(place,)) for place in range(threads)]
for worker in workers: worker.start()
for worker in workers: worker.join()
"""
# Holds the only slot until it is killed.
HOLDER = """
import sys, time
from pathlib import Path
from core.slots import Slots
with Slots(Path(sys.argv[1]), 1).hold():
    print("held", flush=True)
    time.sleep(600)
"""


def run(code: str, *words: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("count", [1, 2])
def test_two_processes_never_hold_more_than_the_slots(
    tmp_path: Path, count: int
) -> None:
    (tmp_path / "notes").touch()
    workers = [run(WORKER, tmp_path, count, 200, 3) for _process in range(2)]
    for worker in workers:
        worker.communicate()
    notes, now, most = (tmp_path / "notes").read_text(), 0, 0
    for note in notes:
        now += 1 if note == "+" else -1
        most = max(most, now)
    assert (len(notes), now) == (2 * 2 * 200 * 3, 0)
    assert most <= count


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    with run(HOLDER, tmp_path) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_slot_of_a_killed_process_is_free(
    tmp_path: Path, holder: "subprocess.Popen[str]"
) -> None:
    slots = Slots(tmp_path, 1)
    assert slots._lock_any_free(0) is None
    holder.kill()
    holder.wait()
    with slots.hold():
        assert slots._lock_any_free(0) is None
    free = slots._lock_any_free(0)
    assert free is not None
    free.close()
