"""Renews the sessions of sockets that stay open: to watch a game is to use a session.

A socket that comes renews its own (`live/welcome.py`). This is for those that stay
longer than a session lasts.
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

LOOK_SECONDS = 600.0  # far less than a session lasts


async def renew_open(rooms: "Rooms") -> None:
    """Look every ten minutes, as long as the process lives."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await renew_sessions(rooms.by_game.values())
        except Exception:  # the database may be away; the next look finds them again
            logger.exception("Sessions in use could not be renewed")


async def renew_sessions(rooms: Iterable["Room"]) -> None:
    sockets = [socket for room in rooms for socket in room.everybody]
    keys = {one.session_key for one in sockets if one.player_id is not None}
    if keys:
        await in_thread(renew, keys, timezone.now())
