"""HTTP and WebSocket on the wire, as cheap as a client can be.

A thousand players share a machine with what they rehearse: each asks for little, and
what comes is timed by the kernel, however late we read it.
"""

import asyncio
import atexit
import json
import re
import select
import socket
import ssl
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side, State

from gameproject.loadtest.plan import Address

STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})\b")
X_CACHE = re.compile(rb"^X-Cache: ([A-Z]+)", re.IGNORECASE | re.MULTILINE)
LENGTH = re.compile(rb"^Content-Length: (\d+)\r", re.IGNORECASE | re.MULTILINE)
CHUNKED = re.compile(rb"^Transfer-Encoding: chunked\r", re.IGNORECASE | re.MULTILINE)
LAST_CHUNK = b"0\r\n\r\n"
SO_TIMESTAMPNS = 35  # Linux's, which Python has no name for
ANCILLARY_SIZE = socket.CMSG_SPACE(struct.calcsize("ll"))
TIMESTAMPS_SECONDS = 5.0  # to wait for the kernel to begin with its timestamps
MAX_FRAME = 4 * 1024 * 1024  # bytes


class Lost(Exception):
    """The connection ended, or never came about."""


@dataclass(frozen=True)
class Got:
    """One HTTP response."""

    status: int  # 0: none came
    seconds: float
    cache: str = ""  # what nginx says of its cache


class Connection(socket.socket):
    """A connection that knows when what was read last had come, since 1970."""

    came = 0.0

    def recv(self, size: int, flags: int = 0) -> bytes:
        data, ancillary, *_rest = self.recvmsg(size, ANCILLARY_SIZE, flags)
        self.came = arrival_time(ancillary)
        return data

    def recv_into(self, buffer: Any, size: int = 0, flags: int = 0) -> int:
        """What asyncio calls beneath TLS."""
        read, ancillary, *_rest = self.recvmsg_into([buffer], ANCILLARY_SIZE, flags)
        self.came = arrival_time(ancillary)
        return read


class Exchange(asyncio.Protocol):
    """What is asked over a connection, and what comes of it."""

    request = b""
    connection: Connection
    transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.request)


class _Request(Exchange):
    def __init__(self, request: bytes) -> None:
        self.request, self.received = request, bytearray()
        self.done: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self.received += data
        if is_whole(bytes(self.received)):
            self.connection_lost(None)
            self.transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(self.connection.came or time.time())


async def get(address: Address, path: str, session: str, within: float = 30) -> Got:
    """GET a path as this player; the time until the last byte."""
    started = time.time()
    head = (
        f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n"
        f"Accept-Encoding: gzip\r\nCookie: sessionid={session}\r\n\r\n"
    )
    response, ended = await send_request(address, head.encode(), within)
    return read(response, ended - started)


async def send_request(
    address: Address, head_and_body: bytes, within: float
) -> tuple[bytes, float]:
    """The bytes of the response, and when the last one came; no bytes if none came."""
    request = _Request(head_and_body)
    try:
        async with asyncio.timeout(within):
            await open_(address, request)
            ended = await request.done
    except OSError:  # a timeout is one too
        return b"", time.time()
    return bytes(request.received), ended


def is_whole(response: bytes) -> bool:
    """Whether a response has all the bytes that it announced.

    The end of the connection, which comes later, is not waited for: no browser does.
    """
    head, end, body = response.partition(b"\r\n\r\n")
    if CHUNKED.search(head + b"\r\n"):
        return body.endswith(LAST_CHUNK)
    length = LENGTH.search(head + b"\r\n")
    return bool(end and length and len(body) >= int(length[1]))


def read(response: bytes, seconds: float) -> Got:
    """The status of a response and what nginx noted in it."""
    head = response.partition(b"\r\n\r\n")[0]
    status, cached = STATUS.match(head), X_CACHE.search(head)
    return Got(
        int(status[1]) if status else 0,
        seconds,
        cached[1].decode().lower() if cached else "",
    )


async def open_(address: Address, exchange: Exchange) -> None:
    """Connect and ask; `OSError` if that fails, or the end of the connection."""
    exchange.connection = connection = connecting(address)
    if not address.tls:
        sent = send_early(connection, exchange.request)
        exchange.request = exchange.request[sent:]
    await asyncio.get_running_loop().create_connection(
        lambda: exchange,
        sock=connection,
        ssl=ssl.create_default_context() if address.tls else None,
        server_hostname=address.host if address.tls else None,
    )


def connecting(address: Address) -> Connection:
    """A connection under way, where asyncio would look up the address and wait."""
    family, kind, number, _name, where = resolve(address)
    connection = Connection(family, kind, number)
    if sys.platform == "linux":
        keep_timestamps_on()
        connection.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    connection.setblocking(False)
    connection.connect_ex(where)
    return connection


@cache
def keep_timestamps_on() -> Connection:
    """A socket that keeps the kernel's timestamps on, once they are.

    Linux turns them on some time after the first socket asks for them. Until then it
    stamps what is read when it is read.
    """
    probe = Connection(socket.AF_INET, socket.SOCK_DGRAM)
    probe.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    probe.bind(("127.0.0.1", 0))
    atexit.register(probe.close)
    deadline = time.monotonic() + TIMESTAMPS_SECONDS
    while not is_timestamped(probe) and time.monotonic() < deadline:
        pass
    return probe


def is_timestamped(probe: Connection) -> bool:
    """Whether the kernel stamps a datagram when it comes, before it is read."""
    probe.sendto(b"?", probe.getsockname())
    select.select([probe], [], [])
    before_it_is_read = time.time()
    probe.recv(1)
    return probe.came < before_it_is_read


def arrival_time(ancillary: list[tuple[int, int, bytes]]) -> float:
    """The kernel's timestamp of what was read; now, if it gave none."""
    for _level, _kind, data in ancillary:
        seconds, nanoseconds = struct.unpack("ll", data)
        return float(seconds) + float(nanoseconds) / 1e9
    return time.time()


def send_early(connection: socket.socket, request: bytes) -> int:
    """The bytes sent already, before asyncio knows of the connection.

    On one's own machine it stands at once; else all is sent when it does.
    """
    try:
        return connection.send(request)
    except OSError:
        return 0


@cache
def resolve(address: Address) -> tuple[Any, ...]:
    """Where an address is, looked up once for all players."""
    return socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]


def handshake(address: Address, path: str, session: str) -> bytes:
    """The request for a socket, without what a library would make and check anew.

    The key is the same each time: it guards against caches, of which none is here.
    """
    cookie = f"Cookie: sessionid={session}\r\n" if session else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\n{cookie}"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()


class Socket(Exchange):
    """Calls `on_frame(frame, time)` for each frame, and `on_lost()` at its end."""

    def __init__(
        self,
        address: Address,
        path: str,
        session: str,
        on_frame: Callable[[dict[str, Any], float], None],
        on_lost: Callable[[], None],
    ) -> None:
        self.request = handshake(address, path, session)
        self.on_frame, self.on_lost = on_frame, on_lost
        self.received, self.is_open = b"", False
        self.protocol = Protocol(Side.CLIENT, state=State.OPEN, max_size=MAX_FRAME)
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        now = self.connection.came
        self.protocol.receive_data(data if self.is_open else self._agreed(data))
        for event in self.protocol.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self.on_frame(json.loads(bytes(event.data)), now)
        self._flush()

    def _agreed(self, data: bytes) -> bytes:
        """The bytes behind the handshake's response; without a socket, none ever."""
        self.received += data
        head, end, frames = self.received.partition(b"\r\n\r\n")
        if end and not head.startswith(b"HTTP/1.1 101 "):
            self.transport.abort()
        elif end:
            self.is_open, self.received = True, b""
            return frames
        return b""

    def _flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data:
                self.transport.write(data)
            else:
                self.transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        self.closed.set_result(None)
        self.on_lost()

    def send(self, frame: dict[str, Any]) -> None:
        """Send a command; `Lost` if the connection has ended."""
        if self.transport is None or self.transport.is_closing():
            raise Lost
        self.protocol.send_text(json.dumps(frame).encode())
        self._flush()

    def drop(self) -> None:
        """End it without a word, as a dead network does."""
        if self.transport:
            self.transport.abort()

    def close(self) -> None:
        """Say goodbye, if there is anybody yet to say it to."""
        if not self.is_open or self.protocol.state is not State.OPEN:
            self.drop()
        elif not self.transport.is_closing():
            self.protocol.send_close(1000)
            self._flush()
