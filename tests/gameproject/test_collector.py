"""Garbage is collected while the process is idle, and not during work."""

import asyncio
import gc
import weakref
from typing import Any

import pytest

from gameproject.ops import collector
from gameproject.ops.collector import LATE_SECONDS, IdleCollector, collect, is_worth_it


class Collected:
    """Stands in for the collector and counts calls."""

    times = 0

    def __call__(self) -> None:
        self.times += 1


class Server:
    """Calls an application, which responds once it may."""

    def __init__(self, idle: IdleCollector) -> None:
        self.application = idle.watch(self.serve)
        self.says: asyncio.Queue[str] = asyncio.Queue()

    async def serve(self, _scope: Any, receive: Any, _send: Any) -> None:
        while await receive() != "the end":
            pass

    def begin(self, kind: str) -> "asyncio.Task[None]":
        asked = self.application({"type": kind}, self.says.get, None)
        return asyncio.create_task(asked)

    async def say(self, message: str) -> None:
        self.says.put_nowait(message)
        for _turn in range(3):
            await asyncio.sleep(0)


@pytest.fixture
def collected() -> Collected:
    return Collected()


@pytest.fixture
def idle(collected: Collected, monkeypatch: pytest.MonkeyPatch) -> IdleCollector:
    monkeypatch.setattr(collector, "is_worth_it", lambda: True)
    return IdleCollector(collected)


async def test_frame_puts_the_collection_off_to_the_next_quiet_look(
    idle: IdleCollector, collected: Collected
) -> None:
    server = Server(idle)
    socket = server.begin("websocket")
    for frame in ("first", "second"):
        await server.say(frame)
        idle.check()
        assert collected.times == 0
    idle.check()
    assert collected.times == 1
    await server.say("the end")
    await socket


async def test_nothing_is_collected_while_a_request_is_under_way(
    idle: IdleCollector, collected: Collected
) -> None:
    server = Server(idle)
    request = server.begin("http")
    await server.say("its body")
    for _second in range(3):
        idle.check()
    assert collected.times == 0
    await server.say("the end")
    await request
    idle.check()
    assert collected.times == 0
    idle.check()
    assert collected.times == 1


async def test_a_look_that_comes_late_finds_work(
    idle: IdleCollector, collected: Collected
) -> None:
    idle.check(late=LATE_SECONDS)
    assert collected.times == 0
    idle.check()
    assert collected.times == 1


def test_what_was_collected_once_is_not_gone_through_again() -> None:
    collected = Collected()
    idle = IdleCollector(collected)
    many = [[] for _one in range(collector.MIN_NEW_OBJECTS)]  # type: ignore[var-annotated]
    assert is_worth_it()
    idle.check()
    assert collected.times == 1
    gc.collect()
    assert not is_worth_it()
    idle.check()
    assert (collected.times, len(many)) == (1, collector.MIN_NEW_OBJECTS)


def test_cycles_are_gone_after_a_collection() -> None:
    class Cycle:
        def __init__(self) -> None:
            self.itself = self

    seen = weakref.ref(Cycle())
    collect()
    assert seen() is None


async def test_it_looks_on_the_loop_that_serves(
    idle: IdleCollector, collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(collector, "LATE_SECONDS", float("inf"))
    server = Server(idle)
    socket = server.begin("websocket")
    await server.say("the end")
    await socket
    async with asyncio.timeout(30):
        while not collected.times:  # noqa: ASYNC110
            await asyncio.sleep(0)
