"""Six hundred at once to a page that Django renders: all of them are served."""

import asyncio
import re
import signal
from collections import Counter
from pathlib import Path

from tests.attacks.wire import at_once
from tests.fronted import Fronted

CROWD = 600
# More than all lines of a process use; far fewer than one per request.
MAX_THREADS = 80


def threads_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"Threads:\s+(\d+)", status)[0])


async def most_threads(stack: Fronted, meanwhile: "asyncio.Future[object]") -> int:
    """The most threads of any process until `meanwhile` is done."""
    most = 0
    while not meanwhile.done():
        most = max(most, *(threads_of(process.pid) for process in stack.daphnes))
        await asyncio.wait({meanwhile}, timeout=0.05)  # between two counts
    return most


async def test_all_are_served_and_nobody_holds_a_thread_while_waiting(
    fronted: Fronted,
) -> None:
    log = fronted.site.logs / "access.log"
    before = len(log.read_text())
    herd = asyncio.ensure_future(
        asyncio.to_thread(at_once, fronted.site.listen, "/admin/login/", CROWD)
    )
    most = await most_threads(fronted, herd)
    answers = await herd
    assert Counter(answer.status for answer in answers) == {200: CROWD}
    assert most < MAX_THREADS
    lines = log.read_text()[before:].splitlines()
    assert [line for line in lines if re.search(r'" 5\d\d ', line)] == []


async def test_those_in_line_are_served_elsewhere_when_a_process_is_told_to_stop(
    fronted: Fronted,
) -> None:
    log = fronted.site.logs / "access.log"
    before = len(log.read_text())
    herd = asyncio.ensure_future(
        asyncio.to_thread(at_once, fronted.site.listen, "/admin/login/", CROWD // 2)
    )
    while len(log.read_text()) == before:  # until the first has been served
        await asyncio.wait({herd}, timeout=0.01)
    fronted.daphnes[0].send_signal(signal.SIGTERM)
    answers = await herd
    fronted.daphnes[0].wait()
    fronted.restart(0)
    assert Counter(answer.status for answer in answers) == {200: CROWD // 2}
