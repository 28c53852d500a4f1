"""A room sends its sockets every change once, in whatever order messages arrive."""

import asyncio
import json
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError

from core.refusals import Refused
from games import frames
from games.models import Game
from live import rooms as module
from live import ticker
from live.batchers import Batcher, DebouncedBatcher
from live.rooms import Room, Rooms
from live.ticker import heartbeat, tick


class Listener:
    """A socket as a room uses it; `seqs` are those of the frames written to it."""

    def __init__(self) -> None:
        self.name, self.player_id, self.rank = "one", None, None
        self.seqs: list[int] = []

    async def base_send(self, message: dict[str, Any]) -> None:
        self.seqs.append(json.loads(message["text"])["seq"])


def game_at(seq: int) -> Game:
    return Game(pk=1, kind="puzzle", settings={"accepted": ["x"]}, seq=seq)


def message(seq: int) -> dict[str, Any]:
    frame = frames.game(seq, {"state": "OPEN"}, None)
    return {"type": "frame", "game": 1, "seq": seq, "text": frames.encode(frame)}


class Database:
    """What the room and the ticker read, whichever frames have arrived."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seq = 5
        monkeypatch.setattr(module, "in_thread", self.read)
        monkeypatch.setattr(ticker, "in_thread", self.read_seqs)

    async def read(self, *_call: Any, **_which: Any) -> tuple[Game, dict[str, Any]]:
        return game_at(self.seq), {"state": "OPEN"}

    async def read_seqs(self, *_call: Any) -> dict[int, int]:
        return {1: self.seq}


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    return Database(monkeypatch)


@pytest.fixture
def place() -> SimpleNamespace:
    """A process with one room at seq 5, and one socket in it."""
    rooms, room, listener = Rooms(tick), Room(game_at(5), {}), Listener()
    rooms.by_game[1] = room
    room.add(listener)
    return SimpleNamespace(rooms=rooms, room=room, listener=listener)


async def test_heartbeats_go_on_while_the_database_hangs(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticker, "TICK_SECONDS", 0.001)
    asked, never = asyncio.Event(), asyncio.Event()

    async def hang(*_call: Any) -> None:
        asked.set()
        await never.wait()

    async def at_once(*_call: Any) -> None: ...

    monkeypatch.setattr(place.rooms.subscription, "join", at_once)
    monkeypatch.setattr(ticker, "_say_who_is_here", at_once)
    monkeypatch.setattr(ticker, "in_thread", hang)
    heard: asyncio.Queue[Any] = asyncio.Queue()
    monkeypatch.setattr(place.listener, "base_send", heard.put)
    loops = [asyncio.create_task(loop(place.rooms)) for loop in (tick, heartbeat)]
    async with asyncio.timeout(30):
        await asked.wait()
        for _before in range(heard.qsize()):
            heard.get_nowait()
        for _heartbeat in range(3):
            assert json.loads((await heard.get())["text"])["type"] == "tally"
    for loop in loops:
        loop.cancel()


async def test_change_read_before_its_frame_arrives_is_sent_all_the_same(
    database: Database, place: Any
) -> None:
    """Staff pause and resume at once: after the first frame the room reads from the
    database what the second frame will carry."""
    database.seq = 7
    await place.rooms._on_message(message(6))
    await place.room.settled()
    await place.rooms._on_message(message(7))
    await place.room.settled()
    assert place.listener.seqs == [6, 7]


async def test_lost_frame_is_replaced_once(database: Database, place: Any) -> None:
    database.seq = 6
    for _tick in range(4):
        await ticker._catch_up(place.rooms, [place.room])
    assert place.listener.seqs == [6]
    await place.rooms._on_message(message(6))
    await asyncio.sleep(0)
    assert place.listener.seqs == [6]


async def test_overtaken_frame_is_sent_first(database: Database, place: Any) -> None:
    for seq in (7, 6, 8):
        await place.rooms._on_message(message(seq))
    await asyncio.gather(*place.rooms._tasks)
    assert place.listener.seqs == [6, 7, 8]


async def test_frame_does_not_wait_for_ever_for_a_lost_one(
    database: Database, place: Any
) -> None:
    for seq in (7, 8):
        await place.rooms._on_message(message(seq))
    await asyncio.gather(*place.rooms._tasks)
    assert place.listener.seqs == [7, 8]


def test_change_is_announced_unless_a_frame_on_its_way_may_carry_it(
    make_game: Callable[..., Game],
) -> None:
    game = make_game()
    sent = frames.encode({"state": "PAUSED"})
    ticker._announce_untracked_changes(game.pk, game.seq - 1, sent)
    assert Game.objects.get(pk=game.pk).seq == game.seq
    ticker._announce_untracked_changes(game.pk, game.seq, sent)
    assert Game.objects.get(pk=game.pk).seq == game.seq + 1


class Rush:
    """A batcher with its calls and waits; `to_come` items arrive while it waits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.batcher = DebouncedBatcher(self.read, max_items=100)
        self.calls, self.waits = list[int](), list[float]()
        self.late, self.to_come = list[asyncio.Task[int]](), 0
        self._sleep = asyncio.sleep
        monkeypatch.setattr(asyncio, "sleep", self.wait)

    def read(self, items: Sequence[int]) -> Sequence[int]:
        self.calls.append(len(items))
        return items

    async def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        if self.to_come and seconds == self.batcher.QUIET:
            self.to_come -= 1
            self.late.append(asyncio.create_task(self.batcher(0)))
            await self._sleep(0)

    async def come(self, many: int) -> None:
        items = list(range(many))
        assert await asyncio.gather(*map(self.batcher, items)) == items


async def test_single_item_waits_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    rush = Rush(monkeypatch)
    await rush.come(1)
    assert (rush.calls, rush.waits) == ([1], [rush.batcher.FIRST])


async def test_in_a_rush_a_call_waits_while_more_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rush = Rush(monkeypatch)
    await rush.come(DebouncedBatcher.RUSH)
    rush.to_come = 3
    await rush.come(2)
    assert rush.calls == [DebouncedBatcher.RUSH, 5]
    assert rush.waits[1:] == [rush.batcher.FIRST] + [rush.batcher.QUIET] * 4


async def test_in_a_rush_no_item_waits_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(DebouncedBatcher, "BETWEEN", 0)
    rush = Rush(monkeypatch)
    await rush.come(DebouncedBatcher.RUSH)
    rush.to_come = 3
    await rush.come(2)
    assert (rush.calls[1], rush.to_come) == (2, 3)


# What a batcher returns


def doubled(numbers: Sequence[int]) -> list[int | Refused]:
    """Double each number; refuse zero, and fail if one is negative."""
    calls.append(len(numbers))
    assert min(numbers) >= 0
    return [number * 2 or Refused("invalid") for number in numbers]


calls: list[int] = []


async def test_item_that_breaks_a_call_fails_alone() -> None:
    calls.clear()
    batcher: Batcher[int, int] = Batcher(doubled, max_items=100)
    asked = map(batcher, [*range(1, 60), -1, *range(60, 100)])
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(results.pop(59), AssertionError)
    assert results == [number * 2 for number in range(1, 100)]
    assert len(calls) <= 15  # two for each time that a hundred is halved


async def test_refusal_is_raised_where_it_was_asked_for() -> None:
    batcher: Batcher[int, int] = Batcher(doubled, max_items=100)
    results = await asyncio.gather(batcher(1), batcher(0), return_exceptions=True)
    assert results[0] == 2
    assert isinstance(results[1], Refused)


async def test_outage_is_not_tried_again() -> None:
    def away(numbers: Sequence[int]) -> list[int | Refused]:
        calls.append(len(numbers))
        raise OperationalError("away")

    calls.clear()
    batcher: Batcher[int, int] = Batcher(away, max_items=100)
    results = await asyncio.gather(*map(batcher, range(9)), return_exceptions=True)
    assert {type(result) for result in results} == {OperationalError}
    assert calls == [9]
