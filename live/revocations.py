"""Ends the sockets of whoever was signed out, each second.

In a loop of its own: it waits for the database alone, also while Redis stalls.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from live.batchers import in_thread
from users.sessions import Revoked, players_of, revoked_in_the_last

if TYPE_CHECKING:
    from live.rooms import Room, Rooms, Socket

logger = logging.getLogger(__name__)

TICK = 1.0  # seconds
# Longer than a change takes from its row to its commit, or a socket to be welcomed.
OVERLAP = 60.0  # seconds


async def end_revoked(rooms: "Rooms") -> None:
    """Look once a second, as long as the process lives."""
    looked = time.monotonic()
    while True:
        await asyncio.sleep(TICK)
        now = time.monotonic()
        try:
            await look(rooms.by_game.values(), now - looked + OVERLAP)
            looked = now
        except Exception:  # the database may be away; the next tick looks further back
            logger.exception("Revoked sessions could not be looked up")


async def look(rooms: Iterable["Room"], seconds: float) -> None:
    """End the sockets of sessions revoked in so many seconds.

    A stranger may show the cookie of one that is over, and has nothing to lose.
    """
    everybody = [socket for room in rooms for socket in room.everybody]
    sockets = [socket for socket in everybody if socket.player_id is not None]
    if not sockets:
        return
    revoked = await in_thread(revoked_in_the_last, timedelta(seconds=seconds))
    ended = {one.session_key for one in revoked if one.session_key}
    for socket in sockets:
        if socket.session_key in ended:
            await socket.end_session()
    await check_players(sockets, revoked)


async def check_players(
    sockets: Sequence["Socket"], revoked: Sequence[Revoked]
) -> None:
    """End the sockets of players whose session isn't good any more.

    A player with a new password keeps the session in which it was set.
    """
    last = {one.player_id: one.number for one in sorted(revoked, key=by_number)}
    doubted = [one for one in sockets if last.get(one.player_id, 0) > one.revocation]
    if not doubted:
        return
    good = await in_thread(players_of, [socket.session_key for socket in doubted])
    for socket in doubted:
        socket.revocation = last[socket.player_id]
        if socket.session_key not in good:
            await socket.end_session()


def by_number(revoked: Revoked) -> int:
    return revoked.number
