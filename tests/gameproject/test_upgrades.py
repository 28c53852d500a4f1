"""The first bytes of a connection choose its protocol, however they arrive."""

import socket
from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.web.http import Request

from gameproject.loadtest.client import handshake
from gameproject.loadtest.plan import Address
from gameproject.ops.bounds import ARRIVAL_SECONDS
from gameproject.ops.server import HTTPChannel
from gameproject.ops.upgrades import MAX_HANDSHAKE, UpgradeSniffer, handshake_in
from tests.stack import Stack

ASKED = handshake(Address.parse("http://127.0.0.1:1"), "/ws/games/x/", "abc")
PAGE = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.mark.parametrize(
    ("path", "query"),
    [(b"/ws/games/x/", None), (b"/ws/games/x/?a=b?c", b"a=b?c"), (b"/?", b"")],
)
def test_handshake_is_known_with_its_query(path: bytes, query: bytes | None) -> None:
    known = handshake_in(ASKED.replace(b"/ws/games/x/", path))
    assert known
    assert known["query"] == query


@pytest.mark.parametrize(
    "data",
    [
        PAGE,
        ASKED[:-1],
        ASKED + b"{",
        ASKED.replace(b"GET", b"POST"),
        ASKED.replace(b"HTTP/1.1", b"HTTP/1.0"),
        ASKED.replace(b": websocket", b": h2c"),
        ASKED.replace(b"/x/", "/ช้าง/".encode()),
        ASKED.replace(b"Host", b"Ho st"),
        ASKED.replace(b"abc", b"a\x0bc"),
        ASKED.replace(b"abc", b"a" * MAX_HANDSHAKE),
    ],
)
def test_whatever_else_comes_is_looked_at_by_http(data: bytes) -> None:
    assert not handshake_in(data)


@pytest.fixture
def line(stack: Stack) -> Iterator[socket.socket]:
    place = urlsplit(stack.url("/"))
    assert place.hostname
    assert place.port
    with closing(socket.create_connection((place.hostname, place.port), 20)) as line:
        yield line


def status(line: socket.socket) -> bytes:
    """The status of the next response."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += line.recv(1 << 16)
    return answer.split(b" ", 2)[1]


def test_handshake_in_pieces_is_served(line: socket.socket) -> None:
    line.sendall(ASKED[:40])
    line.sendall(ASKED[40:])
    assert status(line) == b"101"


def test_handshake_after_a_page_is_served(line: socket.socket) -> None:
    line.sendall(PAGE)
    assert status(line) == b"200"
    line.sendall(ASKED)
    assert status(line) == b"101"


def test_page_is_served(line: socket.socket) -> None:
    line.sendall(PAGE)
    assert status(line) == b"200"


def test_long_handshake_is_served(line: socket.socket) -> None:
    line.sendall(ASKED.replace(b"abc", b"a" * MAX_HANDSHAKE))
    assert status(line) == b"101"


def test_odd_path_is_a_bad_request(line: socket.socket) -> None:
    line.sendall(ASKED.replace(b"/x/", "/ช้าง/".encode()))
    assert status(line) == b"400"


@pytest.mark.parametrize(("waited", "gone"), [(59, False), (60, True)])
def test_who_says_nothing_is_let_go_of(waited: int, gone: bool) -> None:
    factory: Any = SimpleNamespace(reactor=MemoryReactorClock(), timeOut=60)
    silent, transport = UpgradeSniffer(factory, None), StringTransport()
    silent.makeConnection(transport)
    factory.reactor.advance(waited)
    assert transport.disconnecting is gone
    silent.connectionLost()
    assert not factory.reactor.getDelayedCalls()


class Channel(HTTPChannel):
    """Our HTTP protocol with a fake clock."""

    timeOut = 60
    factory = SimpleNamespace(server=SimpleNamespace(is_stopping=False))

    class requestFactory(Request):
        def process(self) -> None:
            """The response takes long."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = MemoryReactorClock()
        self.callLater = self.clock.callLater
        self.makeConnection(StringTransport())

    def gone_after(self, seconds: int, each_second: bytes) -> bool:
        for _second in range(seconds):
            self.dataReceived(each_second)
            self.clock.advance(1)
        return self.transport.disconnecting


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (b"POST / HTTP/1.1\r\nContent-Length: 900\r\n\r\n", b"a"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        (b"GET / HTTP/1.1\r\n", b"a: b\r\n"),
        (b"G", b"E"),
    ],
)
def test_request_that_comes_too_slowly_is_given_up(first: bytes, then: bytes) -> None:
    channel = Channel()
    channel.dataReceived(first)
    assert not channel.gone_after(int(ARRIVAL_SECONDS) - 1, then)
    assert channel.gone_after(1, then)
    channel.connectionLost(Failure(ConnectionLost()))
    assert not channel.clock.getDelayedCalls()


def test_request_that_has_come_may_be_answered_slowly() -> None:
    channel = Channel()
    channel.dataReceived(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\na")
    channel.dataReceived(b"b")
    assert not channel.gone_after(2 * int(ARRIVAL_SECONDS), b"")
