"""The baseline for comparison: an arrival takes seven calls and five sockets.

The former system asked for the page, the list, the game, the user, their answers, their
check-ins and the game again, and subscribed to five streams.
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
    """As `Player.arrive`, with the seconds of each call in `calls`."""
    started, took, retried = time.time(), [], 0
    for path in calls(slug, player.credentials.player_id):
        while True:
            response = await player.page(path)
            took.append(response.seconds)
            if response.status not in (0, 429, 502, 503):
                break
            retried += 1
            await asyncio.sleep(RETRY_SECONDS)
    streams = [
        Player(player.address, player.credentials) for _stream in range(STREAMS - 1)
    ]
    await asyncio.gather(*(each.connect(slug) for each in [player, *streams]))
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
