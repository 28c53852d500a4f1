"""This process's subscription to the channel layer: one channel, a group per room."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from channels.layers import get_channel_layer

from games import events

logger = logging.getLogger(__name__)

MAX_WAIT = 1.0  # seconds to join or leave; players wait for their welcome meanwhile


class ChannelLayerSubscription:
    """Subscribes to groups and passes each message to `on_message`.

    If the layer is away, it joins later. Players are welcomed all the same: the ticker
    reads from the database what the room did not hear.
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
        """Join all groups not joined yet; doesn't raise if the layer is away."""
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

    async def _attempt(self, call: Callable[..., Awaitable[None]], *args: Any) -> None:
        """Call the layer; if it is away, log that once and go on."""
        try:
            await asyncio.wait_for(call(*args), MAX_WAIT)
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
            except Exception:  # else the task would end, and no room hear anything
                logger.exception("A message could not be handled: %r", message)
