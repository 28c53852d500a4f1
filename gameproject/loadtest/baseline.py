"""The old flow, for comparison: seven calls and five sockets for one arrival.

The system replaced asked for the page, the list, the game, the user, their answers and
check-ins and the game once more, and subscribed to a stream for each of five things.
"""

import asyncio
import time
from typing import Any

from gameproject.loadtest.player import Player

STREAMS = 5
RETRY_SECONDS = 2.0  # after an overload


def calls(slug: str, player_id: int) -> list[str]:
    return [
        f"/games/{slug}/",
        "/api/games",
        f"/api/games/{slug}",
        f"/api/users/{player_id}",
        f"/api/answers?game={slug}",
        f"/api/checkins?game={slug}",
        f"/api/games/{slug}",
    ]


async def arrive(player: Player, slug: str) -> dict[str, Any]:
    """As `Player.arrive`; `calls` holds the seconds of each call."""
    started, took, retried = time.time(), [], 0
    for path in calls(slug, player.who.player_id):
        while True:
            got = await player.page(path)
            took.append(got.seconds)
            if got.status not in (0, 429, 502, 503):
                break
            retried += 1
            await asyncio.sleep(RETRY_SECONDS)
    streams = [Player(player.address, player.who) for _stream in range(STREAMS - 1)]
    await asyncio.gather(*(one.connect(slug) for one in [player, *streams]))
    playable = time.time() - started
    for stream in streams:
        stream.leave()
    return {
        "page": took[0],
        "status": 200,
        "cache": "",
        "playable": playable,
        "attempts": 1,
        "known": bool(player.welcome.get("me")),
        "calls": took,
        "retried": retried,
    }
