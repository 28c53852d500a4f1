"""The only publisher: what players must hear of, told to every process.

Called from `transaction.on_commit`, so HTTP, sockets, admin and commands all broadcast
alike. One message a process goes through the channel layer, already encoded. A message
lost on the way is noticed by its `seq` (see `live/rooms.py`), so publishing never
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

# Every process listens here, beside the groups of its rooms.
EVERY_PROCESS = "processes"
MAX_PLAYERS = 500  # in one message
MAX_WAIT = 0.5  # seconds, beside sockets that others wait for
MAX_WAIT_ALONE = 2.0  # seconds, in a command or once the server has stopped

# What says that the channel layer can't be reached.
LAYER_AWAY = (RedisError, OSError, TimeoutError)

# The loop of this process's server, once it has been asked for anything.
loop: asyncio.AbstractEventLoop | None = None


def group_of(game_id: int) -> str:
    return f"game.{game_id}"


def game_changed(game: "Game", former_slug: str = "") -> None:
    """Nobody is given the old state any more, and everybody there sees the new one."""
    invalidate("games", *{f"game:{slug}" for slug in (game.slug, former_slug) if slug})
    now, shown = timezone.now(), game.refetch()
    broadcast(game.pk, frames.game(game.seq, shown.public(now), shown.notice_at(now)))


def notice_changed(game: "Game") -> None:
    """Everybody there sees what staff have to say, and so does who asks over HTTP."""
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
    """The player's other devices see their new state; `origin` has had its reply."""
    players_changed(game_id, [(player_id, origin)])


def players_changed(game_id: int | None, changed: Sequence[tuple[int, str]]) -> None:
    """The same for many players, each with the socket that has had its reply.

    Coins are the same in every game: without a game, devices in all of them are told.
    """
    group = group_of(game_id) if game_id else EVERY_PROCESS
    for place in range(0, len(changed), MAX_PLAYERS):
        players = changed[place : place + MAX_PLAYERS]
        send(group, {"type": "me", "game": game_id, "players": players})


def send(group: str, message: dict[str, Any]) -> None:
    """Hand a message to the channel layer, from any thread, and go on.

    The server's loop is never waited for: it may be stopping, and a thread that waits
    for it would keep its process from ending.
    """
    if loop is not None and loop.is_running():
        asyncio.run_coroutine_threadsafe(deliver(group, message), loop)
    else:
        asyncio.run(deliver(group, message, MAX_WAIT_ALONE))


async def deliver(
    group: str, message: dict[str, Any], longest: float = MAX_WAIT
) -> None:
    layer = get_channel_layer()
    try:
        await asyncio.wait_for(layer.group_send(group, message), longest)
        metrics.broadcasts.labels("sent").inc()
    except LAYER_AWAY as error:
        metrics.broadcasts.labels("failed").inc()
        logger.warning("Not broadcast, clients will notice: %r", error)
