"""A player's socket: it sends the welcome, carries out commands and sends frames.

It does not use Channels' generic consumer, which makes a channel for every socket, and
a task and a thread hop for every message. Here the process subscribes once per game,
and only the welcome and the commands use the database.
"""

import asyncio
import json
import logging
import uuid
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from time import monotonic
from typing import Any

from channels.consumer import AsyncConsumer, get_handler_name
from channels.exceptions import StopConsumer
from django.conf import settings
from django.http import parse_cookie
from django.utils import timezone

from core import metrics
from core.addresses import network_of
from core.outages import OUTAGES
from core.parsing import read
from core.rate_limits import on_sockets
from core.refusals import Refused
from games import frames
from games.sources import Source
from live.batchers import Batcher, DebouncedBatcher
from live.commands import COMMANDS, Call, batcher_of
from live.open_sockets import open_sockets
from live.rooms import Room, rooms
from live.welcome import Personal, WelcomeRequest, personal_states
from users.devices import browser_id
from users.session_store import is_key

logger = logging.getLogger(__name__)

MAX_FRAME = 8 * 1024  # bytes
MAX_QUEUE_LENGTH = 32  # frames a client may send ahead of their replies
MAX_FUTILE = 64  # frames in a row that are no command, or exceed the rate limit
UNREADABLE = 4  # how many of these a frame counts as that isn't a small JSON object
SIGNED_OUT, GONE, REPLACED, FLOODED = 4401, 4404, 4409, 4429  # close codes
RESTARTING = 1012  # the close code when the server stops, not the client

# A rush of handshakes takes longer than reading the personal states.
arrivals: Batcher[WelcomeRequest, Personal] = DebouncedBatcher(
    personal_states, max_items=1000
)


class GameConsumer(AsyncConsumer):
    """One socket in one game."""

    futile = 0  # see MAX_FUTILE

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.name = uuid.uuid4().hex
        self.player_id: int | None = None
        self.session_key = session_key_of(scope)
        self.revocation = 0
        self.personal = Personal()
        self.rank: dict[str, Any] | None = None
        self.room: Room | None = None
        self.queue: deque[tuple[dict[str, Any], float]] = deque()  # frame, arrival
        self.worker: asyncio.Task[None] | None = None
        self.scope, self.base_send = scope, send
        try:
            with suppress(StopConsumer):
                while True:
                    await self.dispatch(await receive())
        finally:
            self.leave()

    async def dispatch(self, message: dict[str, Any]) -> None:
        await getattr(self, get_handler_name(message))(message)

    # Connecting and closing

    async def websocket_connect(self, _message: dict[str, Any]) -> None:
        await self.base_send({"type": "websocket.accept"})
        try:
            await self.be_counted()
            self.room = await rooms.enter(self.scope["url_route"]["kwargs"]["slug"])
            await self.be_welcomed(self.room)
        except Refused as refused:
            await self.refuse(None, refused)
            await self.close(GONE if refused.code == "not_found" else FLOODED)
        except OUTAGES as error:
            logger.error("A socket could not be welcomed: %s", error)
            await self.refuse(None, Refused("unavailable", retry_after=2))
            await self.close(1013)

    async def be_counted(self) -> None:
        """Count this socket for its session and its address, or raise `Refused`."""
        address = network_of(self.scope)
        if oldest := open_sockets.add(self, self.session_key, address):
            await oldest.end(REPLACED)

    def leave(self) -> None:
        open_sockets.remove(self)
        if self.room:
            self.room.remove(self)
            self.room = None

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        if self.worker and message.get("code") == RESTARTING:
            await self.worker  # the client still receives the replies
        self.leave()
        if self.worker:
            # Finish the command that runs: it may be committed already.
            await self.worker
        raise StopConsumer

    async def end_session(self) -> None:
        """Close: the session has ended."""
        await self.end(SIGNED_OUT)

    async def end_game(self) -> None:
        """Close: the game no longer exists."""
        await self.end(GONE)

    async def end(self, code: int) -> None:
        self.queue.clear()
        self.personal = Personal()
        self.leave()
        await self.close(code)

    async def close(self, code: int) -> None:
        await self.base_send({"type": "websocket.close", "code": code})

    # Receiving

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        if self.futile > MAX_FUTILE:
            return  # closed, but frames already received are still delivered
        try:
            self.queue.append((read_frame(message.get("text")), monotonic()))
        except Refused as refused:
            self.futile += UNREADABLE
            await self.refuse(None, refused)
            await self.close_if_futile()
            return
        if len(self.queue) > MAX_QUEUE_LENGTH:
            await self.cut_off()
        elif self.worker is None or self.worker.done():
            self.worker = asyncio.create_task(self.work())

    async def cut_off(self) -> None:
        self.queue.clear()
        await self.close(FLOODED)

    async def close_if_futile(self) -> None:
        if self.futile > MAX_FUTILE:
            await self.cut_off()

    async def work(self) -> None:
        """Reply to the queued frames, in their order."""
        while self.queue:
            frame, began = self.queue.popleft()
            refused = await self.attempt(frame)
            if refused:
                await self.refuse(frame.get("id"), refused)
                await self.close_if_futile()
            metrics.replied(name_of(frame), refused.code if refused else "done", began)

    async def attempt(self, frame: dict[str, Any]) -> Refused | None:
        """Reply to a frame; return the refusal if it was refused or failed."""
        try:
            await self.answer(frame)
        except Refused as refused:
            return refused
        except OUTAGES as error:
            logger.error("A command could not be carried out: %s", error)
            return Refused("unavailable", retry_after=2)
        except Exception:  # a bug of ours must not leave the client waiting
            logger.exception("A command failed")
            metrics.failures.labels("socket").inc()
            return Refused("server_error")
        return None

    async def answer(self, frame: dict[str, Any]) -> None:
        """Carry out one command and send the reply, or raise `Refused`."""
        self.futile += 1
        name = check_command(frame)
        if self.room is None:
            raise Refused("unavailable", retry_after=2)
        on_sockets.check(limit_of(name), self.rate_key())
        self.futile = 0
        if name == "resync":
            await self.room.settled()
            await self.be_welcomed(self.room, frame["id"])
            return
        reply = await self.carry_out(name, frame, self.room)
        await self.write(frames.encode(frames.reply(name, frame["id"], reply)))

    async def carry_out(
        self, name: str, frame: dict[str, Any], room: Room
    ) -> Mapping[str, Any]:
        """The reply's fields. Commands that arrive together share a transaction."""
        command = COMMANDS.get(name)
        if command is None:
            raise Refused("invalid", "There is no such command.", field="type")
        player = self.personal.player
        if player is None:
            raise Refused("not_signed_in")
        data = read(command.schema, frame)
        call = Call(
            *(player.pk, room.game.pk, data, timezone.now(), self.name),
            version=room.version,
            source=self.source,
        )
        return await batcher_of(name)(call)

    @cached_property
    def source(self) -> Source:
        return Source(browser_id(cookies_of(self.scope)), network_of(self.scope))

    def rate_key(self) -> str:
        """The key by which this socket's commands are rate limited."""
        return f"player:{self.player_id}" if self.player_id else f"socket:{self.name}"

    # Sending

    async def be_welcomed(self, room: Room, reply_to: str = "") -> None:
        """Send the whole state and join the room; `reply_to` is a resync's id."""
        personal = (
            await arrivals(WelcomeRequest(self.session_key, room.game))
            if self.session_key
            else Personal()
        )
        if self.room is None:
            return  # closed meanwhile
        # No await until the socket is in the room, so no frame is missed in between.
        self.personal, self.rank = personal, personal.mine.get("rank")
        room.remove(self)
        self.player_id = personal.player.pk if personal.player else None
        room.add(self)
        welcome = room.welcome(personal.me, personal.mine)
        if reply_to:
            welcome = frames.resynced(reply_to, welcome)
        await self.write(welcome)

    async def refresh_me(self) -> None:
        """Send the player's own state again, after a change from anywhere."""
        if self.room is None:
            return
        personal = await arrivals(WelcomeRequest(self.session_key, self.room.game))
        if self.room is None:
            return  # closed meanwhile
        self.personal, self.rank = personal, personal.mine.get("rank")
        await self.write(frames.encode(frames.me(personal.me, personal.mine)))

    async def refuse(self, reply_to: Any, refused: Refused) -> None:
        id_ = reply_to if isinstance(reply_to, str) else None
        await self.write(frames.encode_error(id_, refused))

    async def write(self, text: str) -> None:
        await self.base_send({"type": "websocket.send", "text": text})
        metrics.frames.inc()


def read_frame(text: Any) -> dict[str, Any]:
    """A client's frame, a JSON object of at most `MAX_FRAME` bytes, or `Refused`."""
    if not isinstance(text, str):
        raise Refused("invalid", "Send text frames of JSON.")
    if len(text.encode()) > MAX_FRAME:
        raise Refused("too_large", "A frame has at most 8 KiB.")
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("invalid", "That is no JSON.") from None
    if not isinstance(frame, dict):
        raise Refused("invalid", "Send a JSON object.")
    return frame


def check_command(frame: dict[str, Any]) -> str:
    """The command's name; `Refused` if `type` or `id` is missing or invalid."""
    if not isinstance(frame.get("type"), str):
        raise Refused("invalid", "The type of the command is missing.", field="type")
    try:
        uuid.UUID(frame["id"])
    except (KeyError, ValueError, AttributeError, TypeError):
        raise Refused(
            "invalid", "Every command has an id, a UUID.", field="id"
        ) from None
    return str(frame["type"])


def name_of(frame: dict[str, Any]) -> str:
    """The command's name as metrics label; "unknown" for anything else."""
    name = frame.get("type")
    return name if isinstance(name, str) and is_command(name) else "unknown"


def is_command(name: str) -> bool:
    return name == "resync" or name in COMMANDS


def limit_of(name: str) -> str:
    """A command's key in `settings.RATE_LIMITS`; unknown commands count as answers."""
    if name == "resync":
        return "game"
    return COMMANDS[name].limit if name in COMMANDS else "answers"


def session_key_of(scope: dict[str, Any]) -> str:
    """The session key in the handshake's cookies; empty if missing or malformed."""
    key = cookies_of(scope).get(settings.SESSION_COOKIE_NAME, "")
    return key if is_key(key) else ""


def cookies_of(scope: dict[str, Any]) -> dict[str, str]:
    for name, value in scope["headers"]:
        if name == b"cookie":
            return {k: str(v) for k, v in parse_cookie(value.decode("latin1")).items()}
    return {}
