"""A room tells its sockets every change once, whatever comes in between."""

import asyncio
import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from games import beat, frames
from games import rooms as module
from games.beat import beat as beating
from games.models import Game
from games.rooms import Room, Rooms
from games.threads import PatientGatherer


class Listener:
    """A socket in a room, as far as a room knows it."""

    def __init__(self) -> None:
        self.name, self.player_id, self.rank = "one", None, None
        self.seqs: list[int] = []

    async def write(self, text: str) -> None:
        self.seqs.append(json.loads(text)["seq"])


def game_at(seq: int) -> Game:
    return Game(pk=1, kind="puzzle", settings={"accepted": ["x"]}, seq=seq)


def message(seq: int) -> dict[str, Any]:
    frame = frames.game(seq, {"state": "OPEN"}, None)
    return {"type": "frame", "game": 1, "seq": seq, "text": frames.encode(frame)}


class Database:
    """What `find` reads, at another moment than the frames come in."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seq = 5
        monkeypatch.setattr(module, "in_thread", self.read)
        monkeypatch.setattr(beat, "in_thread", self.read_seqs)

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
    rooms, room, listener = Rooms(beating), Room(game_at(5), {}), Listener()
    rooms.by_game[1] = room
    room.add(listener)
    return SimpleNamespace(rooms=rooms, room=room, listener=listener)


async def test_a_change_read_before_its_frame_came_is_told_all_the_same(
    database: Database, place: Any
) -> None:
    """Staff pause and resume at once: what the room reads after the first frame is
    what the second will say."""
    database.seq = 7
    await place.rooms._hear(message(6))
    await place.room.settled()
    await place.rooms._hear(message(7))
    await place.room.settled()
    assert place.listener.seqs == [6, 7]


async def test_a_frame_that_never_came_is_made_up_for_once(
    database: Database, place: Any
) -> None:
    database.seq = 6
    for _beat in range(4):
        await beat._catch_up(place.rooms, [1])
    assert place.listener.seqs == [6]
    await place.rooms._hear(message(6))
    await asyncio.sleep(0)
    assert place.listener.seqs == [6]


async def test_in_a_rush_calls_wait_for_more_and_who_comes_alone_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls, waits = list[int](), list[float]()

    async def note(seconds: float) -> None:
        waits.append(seconds)

    def read(items: Sequence[int]) -> Sequence[int]:
        calls.append(len(items))
        return items

    gatherer = PatientGatherer(read, most=PatientGatherer.RUSH)
    monkeypatch.setattr(asyncio, "sleep", note)
    assert await gatherer(0) == 0
    assert await asyncio.gather(*map(gatherer, range(7))) == list(range(7))
    assert calls == [1, 5, 2]
    assert waits[:2] == [gatherer.FIRST] * 2
    assert gatherer.FIRST < waits[2] <= gatherer.BETWEEN
