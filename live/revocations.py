"""Closes the sockets of players who were signed out, once a second.

It has its own loop, which needs only the database, so it works while Redis stalls.
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

TICK_SECONDS = 1.0
# Seconds. Longer than a transaction takes to commit, or a socket to be welcomed.
OVERLAP = 60.0


async def end_revoked(rooms: "Rooms") -> None:
    """Look once a second; never returns."""
    last_look = time.monotonic()
    while True:
        await asyncio.sleep(TICK_SECONDS)
        now = time.monotonic()
        try:
            await look(rooms.by_game.values(), now - last_look + OVERLAP)
            last_look = now
        except Exception:  # the database may be away; the next tick looks further back
            logger.exception("Revoked sessions could not be looked up")


async def look(rooms: Iterable["Room"], seconds: float) -> None:
    """Close the sockets whose sessions were revoked in the last `seconds`.

    Sockets without a player stay open, even if the session of their cookie has ended.
    """
    everybody = [socket for room in rooms for socket in room.everybody]
    sockets = [socket for socket in everybody if socket.player_id is not None]
    if not sockets:
        return
    revoked = await in_thread(revoked_in_the_last, timedelta(seconds=seconds))
    ended = {entry.session_key for entry in revoked if entry.session_key}
    for socket in sockets:
        if socket.session_key in ended:
            await socket.end_session()
    await check_players(sockets, revoked)


async def check_players(
    sockets: Sequence["Socket"], revoked: Sequence[Revoked]
) -> None:
    """Close the sockets of these players whose session is no longer valid.

    A player who sets a new password keeps the session in which it was set.
    """
    last = {entry.player_id: entry.number for entry in sorted(revoked, key=by_number)}
    unchecked = [s for s in sockets if last.get(s.player_id, 0) > s.revocation]
    if not unchecked:
        return
    valid = await in_thread(players_of, [socket.session_key for socket in unchecked])
    for socket in unchecked:
        socket.revocation = last[socket.player_id]
        if socket.session_key not in valid:
            await socket.end_session()


def by_number(revoked: Revoked) -> int:
    return revoked.number
