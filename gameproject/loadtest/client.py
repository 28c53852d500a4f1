"""A cheap HTTP and WebSocket client.

A thousand players share a machine with the site that they test, so each must cost
little. The kernel's timestamps say when data arrived, however late it is read.
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
SO_TIMESTAMPNS = 35  # on Linux; Python has no name for it
ANCILLARY_SIZE = socket.CMSG_SPACE(struct.calcsize("ll"))
TIMESTAMPS_SECONDS = 5.0  # to wait until the kernel turns its timestamps on
MAX_FRAME = 4 * 1024 * 1024  # bytes


class Lost(Exception):
    """The connection ended, or was never made."""


@dataclass(frozen=True)
class TimedResponse:
    """One HTTP response."""

    status: int  # 0: no response
    seconds: float
    cache: str = ""  # nginx's `X-Cache`: hit, miss, ...


class Connection(socket.socket):
    """A connection with the time at which the last data arrived, in s since 1970."""

    received_at = 0.0

    def recv(self, size: int, flags: int = 0) -> bytes:
        data, ancillary, *_rest = self.recvmsg(size, ANCILLARY_SIZE, flags)
        self.received_at = arrival_time(ancillary)
        return data

    def recv_into(self, buffer: Any, size: int = 0, flags: int = 0) -> int:
        """As `recv`; asyncio calls this one under TLS."""
        read, ancillary, *_rest = self.recvmsg_into([buffer], ANCILLARY_SIZE, flags)
        self.received_at = arrival_time(ancillary)
        return read


class Exchange(asyncio.Protocol):
    """Sends a request once it is connected."""

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
            self.done.set_result(self.connection.received_at or time.time())


async def get(
    address: Address, path: str, session: str, within: float = 30
) -> TimedResponse:
    """GET a path as this player. `seconds` is the time until the last byte."""
    started = time.time()
    head = (
        f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n"
        f"Accept-Encoding: gzip\r\nCookie: sessionid={session}\r\n\r\n"
    )
    response, ended = await send_request(address, head.encode(), within)
    return parse(response, ended - started)


async def send_request(
    address: Address, head_and_body: bytes, within: float
) -> tuple[bytes, float]:
    """The response, and when its last byte arrived; no bytes without a response."""
    request = _Request(head_and_body)
    try:
        async with asyncio.timeout(within):
            await connect(address, request)
            ended = await request.done
    except OSError:  # a timeout is one too
        return b"", time.time()
    return bytes(request.received), ended


def is_whole(response: bytes) -> bool:
    """Whether a response is complete.

    Like a browser, this does not wait for the end of the connection.
    """
    head, end, body = response.partition(b"\r\n\r\n")
    if CHUNKED.search(head + b"\r\n"):
        return body.endswith(LAST_CHUNK)
    length = LENGTH.search(head + b"\r\n")
    return bool(end and length and len(body) >= int(length[1]))


def parse(response: bytes, seconds: float) -> TimedResponse:
    """The status of a response, and nginx's `X-Cache`."""
    head = response.partition(b"\r\n\r\n")[0]
    status, cached = STATUS.match(head), X_CACHE.search(head)
    return TimedResponse(
        int(status[1]) if status else 0,
        seconds,
        cached[1].decode().lower() if cached else "",
    )


async def connect(address: Address, exchange: Exchange) -> None:
    """Connect and send the request. `OSError` if that fails."""
    exchange.connection = connection = start_connecting(address)
    if not address.tls:
        sent = send_early(connection, exchange.request)
        exchange.request = exchange.request[sent:]
    await asyncio.get_running_loop().create_connection(
        lambda: exchange,
        sock=connection,
        ssl=ssl.create_default_context() if address.tls else None,
        server_hostname=address.host if address.tls else None,
    )


def start_connecting(address: Address) -> Connection:
    """A connection in progress. asyncio would look up the address each time."""
    family, kind, number, _name, target = resolve(address)
    connection = Connection(family, kind, number)
    if sys.platform == "linux":
        keep_timestamps_on()
        connection.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    connection.setblocking(False)
    connection.connect_ex(target)
    return connection


@cache
def keep_timestamps_on() -> Connection:
    """A socket that keeps the kernel's timestamps turned on.

    Linux turns them on some time after the first socket asks for them. Until then a
    timestamp is the time of reading.
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
    """Whether a datagram's timestamp is the time of its arrival."""
    probe.sendto(b"?", probe.getsockname())
    select.select([probe], [], [])
    before_reading = time.time()
    probe.recv(1)
    return probe.received_at < before_reading


def arrival_time(ancillary: list[tuple[int, int, bytes]]) -> float:
    """The kernel's timestamp of the data; the current time if there is none."""
    for _level, _kind, data in ancillary:
        seconds, nanoseconds = struct.unpack("ll", data)
        return float(seconds) + float(nanoseconds) / 1e9
    return time.time()


def send_early(connection: socket.socket, request: bytes) -> int:
    """Send before asyncio has the connection. Returns the number of bytes sent.

    A local connection is made at once. For others asyncio sends it all on connect.
    """
    try:
        return connection.send(request)
    except OSError:
        return 0


@cache
def resolve(address: Address) -> tuple[Any, ...]:
    """The socket address, looked up once for all players."""
    return socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]


def handshake(address: Address, path: str, session: str) -> bytes:
    """The request for a WebSocket, made faster than a library would.

    The key is always the same: it protects from caches, and there are none here.
    """
    cookie = f"Cookie: sessionid={session}\r\n" if session else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\n{cookie}"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()


class Socket(Exchange):
    """A WebSocket that calls `on_frame(frame, time)`, and `on_lost()` at its end."""

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
        now = self.connection.received_at
        self.protocol.receive_data(
            data if self.is_open else self._after_handshake(data)
        )
        for event in self.protocol.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self.on_frame(json.loads(bytes(event.data)), now)
        self._flush()

    def _after_handshake(self, data: bytes) -> bytes:
        """The bytes after the handshake's response; none if it was refused."""
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
        """Abort the connection, as a dead network does."""
        if self.transport:
            self.transport.abort()

    def close(self) -> None:
        """Close in good order if the socket is open, else abort."""
        if not self.is_open or self.protocol.state is not State.OPEN:
            self.drop()
        elif not self.transport.is_closing():
            self.protocol.send_close(1000)
            self._flush()
