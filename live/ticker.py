"""The ticker: once a second, counts, leaderboards and missed changes; heartbeats.

Among the processes with players in a game, one leads: only it counts and broadcasts.
Heartbeats have their own loop, which waits for neither database nor Redis.
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

TICK_SECONDS = 1.0
HEARTBEAT_TICKS = 10  # ticks without a frame before the tally is sent again
EMPTY_TICKS = 60  # ticks without a socket before a room is left


async def tick(rooms: "Rooms") -> None:
    """Tick once a second; never returns."""
    while True:
        await asyncio.sleep(TICK_SECONDS)
        try:
            await _tick(rooms)
        except Exception:  # the database may be away; the next tick tries again
            logger.exception("A tick failed")


async def heartbeat(rooms: "Rooms") -> None:
    """Send heartbeats to quiet rooms, even while the database hangs; never returns."""
    while True:
        await asyncio.sleep(TICK_SECONDS)
        for room in rooms.watched:
            await _alone(room, _heartbeat(room))


async def _tick(rooms: "Rooms") -> None:
    await _leave_empty(rooms)
    await rooms.subscription.join()
    await _say_who_is_here(rooms)
    if rooms.watched:
        await _catch_up(rooms, rooms.watched)
        await _lead(rooms, [room for room in rooms.watched if rooms.leads(room)])


async def _alone(room: "Room", part: Coroutine[Any, Any, None]) -> None:
    """One game's part of a tick: if it fails, the other games go on."""
    try:
        await part
    except OUTAGES:
        raise
    except Exception:
        logger.exception("Game %s was left out of a tick", room.game.pk)


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
    """Send the changes whose message was lost; close the rooms of deleted games."""
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


async def _lead(rooms: "Rooms", own: Sequence["Room"]) -> None:
    """Count and broadcast for the rooms that this process leads."""
    game_ids = [room.game.pk for room in own]
    counts = await in_thread(Answer.objects.counts, game_ids) if own else {}
    for room in own:
        here = {"here": rooms.here(room.game.pk)}
        await _alone(room, _count(room, here | counts.get(room.game.pk, {})))


async def _count(room: "Room", tally: dict[str, int]) -> None:
    """Broadcast the tally and the leaderboard if they have changed."""
    game_id = room.game.pk
    # First: our own tally raises `seq`, and would hide a change.
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


def _tell_board(game_id: int, slug: str, sent: list[dict[str, Any]]) -> None:
    top = boards_of([slug]).get(slug, [])
    if top != sent:
        seq = Game.objects.next_seq(game_id)
        events.broadcast(game_id, frames.board(seq, top))


def _announce_untracked_changes(game_id: int, seq: int, sent: str) -> None:
    """Broadcast a change of state that no verb announced, such as codes running out.

    `seq` and `sent` (encoded public state) are what the room has. With a newer `seq`
    in the database do nothing: the frame on its way may carry the change.
    """
    game = games_with_public_state().get(pk=game_id)
    if game.seq == seq and frames.encode(game.public(timezone.now())) != sent:
        game.announce()
