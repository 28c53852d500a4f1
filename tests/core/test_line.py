"""The line: a few turns at a time, in order, and no wait beyond the limit."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from core.line import Line, Turn
from core.refusals import Refused


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Visitor:
    """Waits in a line, then keeps its turn until `go`."""

    def __init__(self, line: Line) -> None:
        self.turn: Turn = line.turn()
        self.is_in = False
        self._may_go = asyncio.Event()
        self.task = asyncio.create_task(self._visit())

    async def _visit(self) -> None:
        async with self.turn:
            self.is_in = True
            await self._may_go.wait()

    async def go(self) -> None:
        self._may_go.set()
        await self.task
        await settle()


async def settle() -> None:
    """Run all tasks until they wait again."""
    for _time in range(5):
        await asyncio.sleep(0)


async def come(line: Line, count: int) -> list[Visitor]:
    visitors = [Visitor(line) for _one in range(count)]
    await settle()
    return visitors


async def warm(line: Line, clock: Clock, seconds: float) -> None:
    """One turn of this duration."""
    async with line.turn():
        clock.now += seconds


async def refused(coming: Coroutine[Any, Any, Any]) -> Refused:
    with pytest.raises(Refused) as refusal:
        await coming
    return refusal.value


async def enter(line: Line) -> None:
    async with line.turn():
        pass


async def test_a_few_have_a_turn_at_once_and_the_others_wait_in_order() -> None:
    visitors = await come(Line(2, 15), 5)
    assert [one.is_in for one in visitors] == [True, True, False, False, False]
    await visitors[1].go()
    assert [one.is_in for one in visitors] == [True, True, True, False, False]
    await visitors[0].go()
    await visitors[2].go()
    assert all(one.is_in for one in visitors)


async def test_newcomer_does_not_overtake_a_caller_that_was_called() -> None:
    line = Line(1, 15)
    async with line.turn():
        (called,) = await come(line, 1)
    assert not called.is_in
    (late,) = await come(line, 1)
    assert called.is_in
    assert not late.is_in


async def test_each_turn_has_its_place_and_the_seconds_left() -> None:
    clock = Clock()
    line = Line(2, 15, clock)
    await warm(line, clock, 4)
    visitors = await come(line, 4)
    assert [one.turn.place for one in visitors] == [0, 0, 1, 2]
    assert [one.turn.seconds_left for one in visitors] == [0, 0, 2, 4]


async def test_estimate_is_the_average_of_the_last_turns() -> None:
    clock = Clock()
    line = Line(1, 15, clock)
    for seconds in (1, 3):
        await warm(line, clock, seconds)
    assert line.turn_seconds == 2
    for _time in range(64):
        await warm(line, clock, 5)
    assert line.turn_seconds == 5


async def test_only_callers_that_would_wait_too_long_are_refused() -> None:
    clock = Clock()
    line = Line(1, 15, clock)
    await warm(line, clock, 5)
    visitors = await come(line, 4)
    assert [one.turn.seconds_left for one in visitors] == [0, 5, 10, 15]
    refusal = await refused(enter(line))
    assert (refusal.code, refusal.retry_after) == ("unavailable", 15)
    assert not any(one.task.done() for one in visitors)
    await visitors[0].go()
    await come(line, 1)
    assert len(line.waiting) == 3


async def test_free_turn_is_given_however_long_turns_take() -> None:
    clock = Clock()
    line = Line(1, 15, clock)
    await warm(line, clock, 1000)
    await enter(line)


async def test_thousands_wait_where_turns_are_short() -> None:
    clock = Clock()
    line = Line(8, 15, clock)
    await warm(line, clock, 0.03)
    await come(line, 3000)
    assert len(line.waiting) == 2992


async def test_cancelled_caller_leaves_the_line() -> None:
    first, second, third = await come(Line(1, 15), 3)
    second.task.cancel()
    await settle()
    assert third.turn.place == 1
    await first.go()
    assert third.is_in


async def test_caller_cancelled_when_called_passes_the_turn_on() -> None:
    line = Line(1, 15)
    async with line.turn():
        called, next_one = await come(line, 2)
    called.task.cancel()
    await settle()
    assert not called.is_in
    assert next_one.is_in
    await next_one.go()
    assert not line.inside


async def test_just_cancelled_caller_is_not_called() -> None:
    """It stays in the line until its task runs again."""
    line = Line(1, 15)
    async with line.turn():
        gone, next_one = await come(line, 2)
        gone.task.cancel()
    await settle()
    assert not gone.is_in
    assert next_one.is_in
    await next_one.go()
    assert not line.inside


async def test_just_cancelled_caller_is_not_refused() -> None:
    line = Line(1, 15)
    first, gone = await come(line, 2)
    gone.task.cancel()
    gone.turn._give_up()
    await settle()
    assert gone.task.cancelled()
    await first.go()
    assert not line.inside


async def test_failed_turn_is_passed_on() -> None:
    line = Line(1, 15)

    async def fail() -> None:
        async with line.turn():
            raise ValueError

    with pytest.raises(ValueError):
        await fail()
    assert not line.inside


async def test_caller_that_waits_in_vain_is_refused_in_the_end() -> None:
    """The turn before never ends, and no duration is known to estimate from."""
    line = Line(1, 0)
    first, second = await come(line, 2)
    assert not second.is_in
    refusal = await refused(second.task)  # type: ignore[arg-type]
    assert refusal.code == "unavailable"
    assert not line.waiting
    await first.go()
    assert not line.inside
