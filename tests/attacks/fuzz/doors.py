"""The ways in, and what may come back through them."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.attacks.fuzz import junk
from tests.attacks.fuzz.frames import Said, Socket, Talk, may_close, reply_to
from tests.attacks.fuzz.http import Ask
from tests.attacks.fuzz.raw import Bytes
from tests.attacks.fuzz.world import World
from tests.stack import Player, Stack

PATIENCE = 60  # seconds until whoever hasn't answered counts as fallen silent
# Seconds without a byte after which we say the next: before the first, and after.
THINKING, QUIET = 1.0, 0.05
STATUS = re.compile(rb"^HTTP/1\.[01] (\d{3})\b", re.MULTILINE)
LENGTH = re.compile(rb"^content-length: *(\d+)\r", re.IGNORECASE | re.MULTILINE)
CHUNKED = re.compile(rb"^transfer-encoding: *chunked\r", re.IGNORECASE | re.MULTILINE)
# What HTTP itself says of methods, codings and versions that aren't its own.
NOT_OURS = (501, 505)
# Only our proxy writes these where a stack believes them.
TRUSTED = ("x-forwarded-", "x-real-ip", "daphne-root-path")


class Fault(AssertionError):
    """What no input may bring about."""


@dataclass(frozen=True)
class Door:
    """nginx, or one daphne. `origin` is what its site calls itself."""

    name: str
    stack: Stack
    address: str  # host:port
    origin: str
    believes_headers: bool = False

    def fill(self, text: str) -> bytes:
        said = text.replace("{host}", self.address).replace("{origin}", self.origin)
        return junk.wire(said)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["Line"]:
        place = urlsplit(f"//{self.address}")
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        try:
            yield Line(reader, writer)
        finally:
            writer.transport.abort()


@dataclass
class Line:
    """A connection, on which either side may say what it likes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def hear(self, size: int = 1 << 16) -> bytes:
        """What comes next; nothing at the end."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self.reader.read(size)
        except ConnectionError:
            return b""
        except TimeoutError:
            raise Fault("neither an answer nor an end") from None

    async def hear_until_quiet(self) -> bytes:
        heard = b""
        while True:
            try:
                async with asyncio.timeout(QUIET if heard else THINKING):
                    more = await self.reader.read(1 << 16)
            except (TimeoutError, ConnectionError):
                return heard
            if not more:
                return heard
            heard += more

    async def hear_out(self) -> bytes:
        """Everything, once we have said all."""
        heard = b""
        if self.writer.can_write_eof() and not self.writer.is_closing():
            try:
                self.writer.write_eof()
            except OSError:  # they have gone
                return heard
        while more := await self.hear():
            heard += more
        return heard


# HTTP


async def ask(door: Door, world: World, asked: Ask) -> int:
    """The status of the answer; `Fault` where there is none, or an error of ours."""
    async with door.connect() as line:
        line.say(request_of(door, world, asked))
        status = await answer_on(line, asked.method == "HEAD")
    if status >= 500 and status not in NOT_OURS:
        raise Fault(f"status {status}")
    return status


def request_of(door: Door, world: World, asked: Ask) -> bytes:
    """The request as it goes out: what a client always says, unless this one
    doesn't."""
    body = junk.wire(asked.body)
    usual = {"Host": "{host}", "Connection": "close"}
    usual |= world.headers(asked.role, asked.turn)
    names = {name.lower() for name, _value in asked.headers}
    if body and "transfer-encoding" not in names:
        usual["Content-Length"] = str(len(body))
    own = [one for one in usual.items() if one[0].lower() not in names]
    cookies = usual.get("Cookie", "")
    said = own + [
        (name, f"{cookies}; {value}" if name == "Cookie" and cookies else value)
        for name, value in asked.headers
    ]
    if door.believes_headers:
        said = [one for one in said if not one[0].lower().startswith(TRUSTED)]
    lines = [f"{asked.method} {asked.target} HTTP/1.1", *(f"{n}: {v}" for n, v in said)]
    return door.fill("\r\n".join(lines) + "\r\n\r\n") + body


async def answer_on(line: Line, is_head: bool) -> int:
    """The status of the answer, which is read whole."""
    heard = b""
    while True:
        head, ended, rest = heard.partition(b"\r\n\r\n")
        if ended and int(status_of(head)) in (100, 102, 103):
            heard = rest
        elif ended:
            break
        elif more := await line.hear():
            heard += more
        else:
            raise Fault(f"no answer, only {heard[:100]!r}")
    status = status_of(head)
    if is_head or status in (101, 204, 304):
        return status
    while not is_whole(head, rest) and (more := await line.hear()):
        rest += more
    return status


def status_of(head: bytes) -> int:
    found = STATUS.match(head)
    if not found:
        raise Fault(f"no HTTP: {head[:100]!r}")
    return int(found[1])


def is_whole(head: bytes, body: bytes) -> bool:
    length = LENGTH.search(head + b"\r")
    if length:
        return len(body) >= int(length[1])
    return bool(CHUNKED.search(head + b"\r")) and body.endswith(b"0\r\n\r\n")


# Frames


async def hold(door: Door, world: World, talk: Talk) -> int:
    """Talk; how many messages were replied to. `Fault` if one wasn't, or twice."""
    sessions = world.sessions.get(talk.role, [""])
    session = sessions[talk.turn % len(sessions)]
    replied = 0
    for socket in talk.sockets:
        address = f"ws://{door.address}/ws/games/{socket.game}/"
        try:
            async with Player(address, session) as player:
                await player.hear("welcome", within=PATIENCE)
                await say_all(player, socket)
                replied += len(socket.messages)
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            if code not in (4404, 4429) and not may_close(talk):
                raise Fault(f"the socket was closed: {closed}") from None
        except InvalidStatus as refused:
            raise Fault(f"no handshake: {refused}") from None
        except TimeoutError:
            raise Fault("no reply") from None
    return replied


async def say_all(player: Player, socket: Socket) -> None:
    """Send the messages, and hold what comes back to what is owed."""
    for message in socket.messages:
        await send(player, message)
    end = await player.ask("resync")
    replies = Counter(
        frame.get("id")
        for frame in player.frames
        if frame["type"] == "error" or frame.get("id") not in (None, end["id"])
    )
    for frame in player.frames:
        if frame.get("code") == "unavailable":
            raise Fault(f"unavailable: {frame}")
    owed = [
        reply_to(one) for one in socket.messages if one.kind not in ("ping", "pong")
    ]
    for id_, _maybe_null in sorted(owed, key=lambda one: one[1]):
        replies[id_ if replies[id_] > 0 or not _maybe_null else None] -= 1
    wrong = {id_: count for id_, count in replies.items() if count}
    if wrong:
        raise Fault(f"replies over (or, below zero, missing), by id: {wrong}")


async def send(player: Player, message: Said) -> None:
    data = message.data
    if message.kind == "ping":
        await player.ws.ping(data)
    elif message.kind == "pong":
        await player.ws.pong(data)
    elif message.kind == "binary":
        await player.ws.send(data)
    elif message.kind == "text":
        await player.ws.send(data.decode())
    else:
        text = data.decode()
        third = len(text) // 3 + 1
        await player.ws.send(text[at : at + third] for at in range(0, 3 * third, third))


# Bytes


async def throw(door: Door, _world: World, said: Bytes) -> int:
    """Say it all, then hear them out: how many answers came."""
    async with door.connect() as line:
        heard = b""
        for piece in said.pieces:
            line.say(junk.wire(piece))
            heard += await line.hear_until_quiet()
        heard += await line.hear_out()
    for status in map(int, STATUS.findall(heard)):
        if status >= 500 and status not in NOT_OURS:
            raise Fault(f"status {status}")
    return len(STATUS.findall(heard))
