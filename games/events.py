"""The only publisher: it broadcasts changes to every process.

It is called from `transaction.on_commit`, so HTTP, sockets, admin and commands all
broadcast in the same way. The channel layer carries one encoded message per process.
Clients notice a lost message by its `seq` (see `live/rooms.py`), so an error here never
fails what was committed.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from channels.layers import get_channel_layer
from django.utils import timezone
from redis.exceptions import RedisError

from core import metrics
from core.cache import invalidate
from games import frames

if TYPE_CHECKING:
    from games.models import Game

logger = logging.getLogger(__name__)

# The group of all processes; each process also joins the groups of its rooms.
EVERY_PROCESS = "processes"
MAX_PLAYERS = 500  # in one message
MAX_WAIT = 0.5  # seconds, in a running server
MAX_WAIT_ALONE = 2.0  # seconds, in a command or after the server has stopped

# The errors of a channel layer that can't be reached.
LAYER_AWAY = (RedisError, OSError, TimeoutError)

# The event loop of this process's server, since its first request.
loop: asyncio.AbstractEventLoop | None = None


def group_of(game_id: int) -> str:
    return f"game.{game_id}"


def game_changed(game: "Game", former_slug: str = "") -> None:
    """Invalidate the cached states and pages, and broadcast the new state."""
    invalidate("games", *{f"game:{slug}" for slug in (game.slug, former_slug) if slug})
    now, fresh = timezone.now(), game.refetch()
    broadcast(game.pk, frames.game(game.seq, fresh.public(now), fresh.notice_at(now)))


def notice_changed(game: "Game") -> None:
    """Invalidate the cached states and pages, and broadcast the notice."""
    invalidate("games", f"game:{game.slug}")
    broadcast(game.pk, frames.notice(game.seq, game.notice_at(timezone.now())))


def broadcast(game_id: int, frame: dict[str, Any]) -> None:
    """Send a frame with its `seq` to every socket in the game."""
    message = {
        "type": "frame",
        "game": game_id,
        "seq": frame["seq"],
        "text": frames.encode(frame),
    }
    send(group_of(game_id), message)


def player_changed(player_id: int, game_id: int | None, origin: str = "") -> None:
    """Send a player's new state to their devices, except the socket `origin`."""
    players_changed(game_id, [(player_id, origin)])


def players_changed(game_id: int | None, changed: Sequence[tuple[int, str]]) -> None:
    """`player_changed` for pairs of player id and origin.

    Without a game it goes to devices in all games: coins are the same in each.
    """
    group = group_of(game_id) if game_id else EVERY_PROCESS
    for place in range(0, len(changed), MAX_PLAYERS):
        players = changed[place : place + MAX_PLAYERS]
        send(group, {"type": "me", "game": game_id, "players": players})


def send(group: str, message: dict[str, Any]) -> None:
    """Pass a message to the channel layer, from any thread, without waiting.

    The server's loop may be stopping. A thread that waited for it would keep its
    process from ending.
    """
    if loop is not None and loop.is_running():
        asyncio.run_coroutine_threadsafe(deliver(group, message), loop)
    else:
        asyncio.run(deliver(group, message, MAX_WAIT_ALONE))


async def deliver(
    group: str, message: dict[str, Any], max_wait: float = MAX_WAIT
) -> None:
    layer = get_channel_layer()
    try:
        await asyncio.wait_for(layer.group_send(group, message), max_wait)
        metrics.broadcasts.labels("sent").inc()
    except LAYER_AWAY as error:
        metrics.broadcasts.labels("failed").inc()
        logger.warning("Broadcast failed, clients will notice: %r", error)
