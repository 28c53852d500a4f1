"""Where a process hears of changes: its one channel, in a group for each room."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from channels.layers import get_channel_layer

from games import events

logger = logging.getLogger(__name__)

MAX_WAIT = 1.0  # seconds to join, beside players who wait to be welcomed


class ChannelLayerSubscription:
    """This process's part in the channel layer.

    Where the layer is away it is joined later, and whoever comes is welcomed none the
    less: a room finds in the database what it did not hear.
    """

    def __init__(self, on_message: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        self._on_message = on_message
        self._channel = ""
        self._groups = {events.EVERY_PROCESS}
        self._joined: set[str] = set()
        self._joining = asyncio.Lock()
        self._listening: asyncio.Task[None] | None = None
        self._layer_down = False

    async def subscribe(self, group: str) -> None:
        self._groups.add(group)
        await self.join()

    async def leave(self, group: str) -> None:
        self._groups.discard(group)
        if group in self._joined:
            self._joined.discard(group)
            await self._attempt(get_channel_layer().group_discard, group, self._channel)

    async def join(self) -> None:
        """Be in all groups one should be in; does nothing if that is so."""
        async with self._joining:
            if not self._groups <= self._joined:
                await self._attempt(self._join)

    async def _join(self) -> None:
        layer = get_channel_layer()
        if not self._channel:
            self._channel = await layer.new_channel()
            self._listening = asyncio.create_task(self._listen(self._channel))
        for group in self._groups - self._joined:
            await layer.group_add(group, self._channel)
            self._joined.add(group)

    async def _attempt(self, act: Callable[..., Awaitable[None]], *what: Any) -> None:
        """Do it if the layer is there; the log says once that it is not."""
        try:
            await asyncio.wait_for(act(*what), MAX_WAIT)
        except events.LAYER_AWAY as error:
            if not self._layer_down:
                logger.error("The channel layer is away, going on without: %r", error)
            self._layer_down = True
        else:
            if self._layer_down:
                logger.warning("The channel layer is back.")
            self._layer_down = False

    async def _listen(self, channel: str) -> None:
        layer = get_channel_layer()
        while True:
            message = await layer.receive(channel)
            try:
                await self._on_message(message)
            except Exception:  # anything else would silence every room
                logger.exception("A message could not be passed on: %r", message)
