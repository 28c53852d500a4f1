"""Each player's own place in a game, told privately once the counts have changed.

Nothing of it is on an answer's way. A process looks for the players in its own rooms:
one game after the other, a statement each, and the longer one takes, the rarer they
become. So under overload places are late before anything else is.
"""

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from answers.leaderboard import ranks_of
from live.batchers import in_thread

if TYPE_CHECKING:
    from live.rooms import Room, Rooms

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0  # seconds
EVERY, LONGEST = 5.0, 60.0  # seconds between two looks at a game, by how long one takes
REST = 20  # a look is followed by so many times its length without one


@dataclass
class Ranking:
    """Whether a room's players may have other places than they were told."""

    changes: int = 0  # of the counts, as far as heard of
    seen: int = 0  # of these
    not_before: float = 0.0

    def is_due(self, now: float) -> bool:
        return self.changes != self.seen and now >= self.not_before


async def tell_ranks(rooms: "Rooms") -> None:
    """Look once a second who is due, as long as the process lives."""
    while True:
        await asyncio.sleep(TICK_SECONDS)
        for room in list(rooms.by_game.values()):
            if room.ranking.is_due(time.monotonic()):
                await _look(room)


async def _look(room: "Room") -> None:
    began = time.monotonic()
    try:
        await tell(room)
    except Exception:  # the database may be away; a later beat looks again
        logger.exception("Places were not told")
    took = time.monotonic() - began
    room.ranking.not_before = began + min(LONGEST, max(EVERY, REST * took))


async def tell(room: "Room") -> None:
    """Tell everybody here whose place, points or company have changed."""
    changes, players = room.ranking.changes, room.players
    places = await in_thread(ranks_of, room.game.pk, players) if players else {}
    room.ranking.seen = changes
    for player_id in players:
        if await room.tell_rank(player_id, places.get(player_id)):
            await asyncio.sleep(0)  # replies go between
