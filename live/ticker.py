"""Once a second: counts and boards, and whatever was missed; and heartbeats.

Of all processes with players in a game, one leads: it alone counts and broadcasts.
Heartbeats go in a loop of their own, which waits for nothing.
"""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from answers.leaderboard import boards_of
from answers.models import Answer
from core.outages import OUTAGES
from games import events, frames
from games.models import Game, games_with_public_state
from live.batchers import in_thread

if TYPE_CHECKING:
    from live.rooms import Room, Rooms

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0  # seconds
HEARTBEAT_TICKS = 10  # an unchanged tally is sent again after so many
EMPTY_TICKS = 60  # a room without sockets is left after so many


async def tick(rooms: "Rooms") -> None:
    """Look once a second, as long as the process lives."""
    while True:
        await asyncio.sleep(TICK_SECONDS)
        try:
            await _look(rooms)
        except Exception:  # the database may be away; the next beat looks again
            logger.exception("A beat was missed")


async def heartbeat(rooms: "Rooms") -> None:
    """Look for rooms that have heard nothing: also while the database hangs."""
    while True:
        await asyncio.sleep(TICK_SECONDS)
        for room in rooms.watched:
            await _alone(room, _heartbeat(room))


async def _look(rooms: "Rooms") -> None:
    await _leave_empty(rooms)
    await rooms.subscription.join()
    await _say_who_is_here(rooms)
    if rooms.watched:
        await _catch_up(rooms, rooms.watched)
        await _lead(rooms, [room for room in rooms.watched if rooms.leads(room)])


async def _alone(room: "Room", part: Coroutine[Any, Any, None]) -> None:
    """One game's part of a beat: what it raises spoils no other game's."""
    try:
        await part
    except OUTAGES:
        raise
    except Exception:
        logger.exception("Game %s was left out of a beat", room.game.pk)


async def _leave_empty(rooms: "Rooms") -> None:
    for game_id, room in list(rooms.by_game.items()):
        room.empty_ticks = 0 if room.size else room.empty_ticks + 1
        if room.empty_ticks > EMPTY_TICKS:
            await rooms.leave(game_id)


async def _say_who_is_here(rooms: "Rooms") -> None:
    here = list(rooms.sizes().items())
    message = {"type": "presence", "process": rooms.process, "here": here}
    await events.deliver(events.EVERY_PROCESS, message)


async def _catch_up(rooms: "Rooms", watched: Sequence["Room"]) -> None:
    """Tell sockets of a change whose message never came, or that the game is gone."""
    seqs = await in_thread(_seqs_of, [room.game.pk for room in watched])
    for room in watched:
        seq = seqs.get(room.game.pk)
        await _alone(room, rooms.end(room) if seq is None else _tell(rooms, room, seq))


async def _tell(rooms: "Rooms", room: "Room", seq: int) -> None:
    room.behind_ticks = room.behind_ticks + 1 if seq > room.seq else 0
    if room.behind_ticks > 1:
        await rooms.reload(room)
        room.seq = max(room.seq, room.game.seq)
        await room.write(frames.game_text(room.seq, room.public, room.notice))


async def _lead(rooms: "Rooms", led: Sequence["Room"]) -> None:
    game_ids = [room.game.pk for room in led]
    counted = await in_thread(Answer.objects.counts, game_ids) if led else {}
    for room in led:
        here = {"here": rooms.here(room.game.pk)}
        await _alone(room, _count(room, here | counted.get(room.game.pk, {})))


async def _count(room: "Room", tally: dict[str, int]) -> None:
    """Broadcast the counts and the board, where they have changed."""
    game_id = room.game.pk
    # First: a tally of our own would be on its way, and look like a change.
    await in_thread(_announce_untracked_changes, game_id, room.seq, room.public)
    if tally != room.tally:
        answered = tally.get("answered") != room.tally.get("answered")
        await in_thread(_tell_tally, game_id, tally)
        if answered or tally.get("right") != room.tally.get("right"):
            await in_thread(_tell_board, game_id, room.game.slug, room.board)


async def _heartbeat(room: "Room") -> None:
    room.quiet_ticks += 1
    if room.quiet_ticks >= HEARTBEAT_TICKS:
        room.quiet_ticks = 0
        await room.write(frames.encode(frames.tally(room.seq, room.tally)))


def _seqs_of(game_ids: list[int]) -> dict[int, int]:
    return dict(Game.objects.filter(pk__in=game_ids).values_list("pk", "seq"))


def _tell_tally(game_id: int, tally: dict[str, int]) -> None:
    seq = Game.objects.next_seq(game_id)
    events.broadcast(game_id, frames.tally(seq, tally))


def _tell_board(game_id: int, slug: str, told: list[dict[str, Any]]) -> None:
    top = boards_of([slug]).get(slug, [])
    if top != told:
        seq = Game.objects.next_seq(game_id)
        events.broadcast(game_id, frames.board(seq, top))


def _announce_untracked_changes(game_id: int, seq: int, told: str) -> None:
    """Broadcast what has come about without a verb, such as codes running out.

    Unless something is on its way that the room has not been told yet: it may be that.
    """
    game = games_with_public_state().get(pk=game_id)
    if game.seq == seq and frames.encode(game.public(timezone.now())) != told:
        game.announce()
