"""Renews the sessions of open sockets: watching a game counts as using a session.

A new socket renews its session itself (`live/welcome.py`). This is for sockets that
stay open for longer than a session lasts.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils import timezone

from live.batchers import in_thread
from users.renewal import renew

if TYPE_CHECKING:
    from live.rooms import Room, Rooms

logger = logging.getLogger(__name__)

LOOK_SECONDS = 600.0  # far shorter than a session


async def renew_open(rooms: "Rooms") -> None:
    """Renew them every ten minutes; never returns."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await renew_sessions(rooms.by_game.values())
        except Exception:  # the database may be away; the next round tries again
            logger.exception("Sessions in use could not be renewed")


async def renew_sessions(rooms: Iterable["Room"]) -> None:
    """Renew the sessions of all signed-in sockets."""
    sockets = [socket for room in rooms for socket in room.everybody]
    keys = {socket.session_key for socket in sockets if socket.player_id is not None}
    if keys:
        await in_thread(renew, keys, timezone.now())
