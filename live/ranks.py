"""Sends each player their own rank, privately, after the counts have changed.

It never runs on the answer path. Each process computes the ranks of the players in its
own rooms, one game after the other, with one statement per game. The longer that takes,
the less often it runs, so under overload ranks are the first to be late.
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

TICK_SECONDS = 1.0
# Seconds from one update of a game's ranks to the next: REST times what it took, but
# at least EVERY and at most LONGEST.
REST, EVERY, LONGEST = 20, 5.0, 60.0


@dataclass
class Ranking:
    """Whether the ranks last sent to a room's players may be outdated."""

    changes: int = 0  # of the counts, that the room has heard of
    seen: int = 0  # the changes that the ranks last sent include
    not_before: float = 0.0  # on the monotonic clock

    def is_due(self, now: float) -> bool:
        return self.changes != self.seen and now >= self.not_before


async def tell_ranks(rooms: "Rooms") -> None:
    """Once a second, update the ranks of the rooms that are due; never returns."""
    while True:
        await asyncio.sleep(TICK_SECONDS)
        for room in list(rooms.by_game.values()):
            if room.ranking.is_due(time.monotonic()):
                await _update(room)


async def _update(room: "Room") -> None:
    began = time.monotonic()
    try:
        await tell(room)
    except Exception:  # the database may be away; a later tick tries again
        logger.exception("Ranks were not sent")
    took = time.monotonic() - began
    room.ranking.not_before = began + min(LONGEST, max(EVERY, REST * took))


async def tell(room: "Room") -> None:
    """Send their rank to all players here whose `place`, `points` or `of` changed."""
    changes, players = room.ranking.changes, room.players
    ranks = await in_thread(ranks_of, room.game.pk, players) if players else {}
    room.ranking.seen = changes
    for player_id in players:
        if await room.tell_rank(player_id, ranks.get(player_id)):
            await asyncio.sleep(0)  # lets replies be sent in between
