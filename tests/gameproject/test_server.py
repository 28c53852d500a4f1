"""Our server writes to sockets at once, in order, and within bounds."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.address import UNIXAddress
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.tcp import Connection
from twisted.internet.testing import MemoryReactorClock
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from websockets.exceptions import ConnectionClosed
from websockets.protocol import Protocol as Wire
from websockets.protocol import Side, State

from gameproject.loadtest.client import handshake
from gameproject.loadtest.plan import Address
from gameproject.ops.bounds import MAX_BACKLOG, waiting
from gameproject.ops.server import WebSocketFactory
from tests.gameproject.test_operations import silence
from tests.stack import ROOT, Stack, wait_until_served


class Network(Connection):
    """One end of a real socket, as Twisted has it."""

    def getPeer(self) -> UNIXAddress:
        return UNIXAddress(None)


def server_on(ours: socket.socket) -> Any:
    """Our protocol with an open socket and a fake clock."""
    ours.setblocking(False)
    reactor: Any = MemoryReactorClock()
    factory = WebSocketFactory(None, reactor=reactor)
    factory.setProtocolOptions(openHandshakeTimeout=0)
    server = factory.buildProtocol(None)
    network = Network(ours, server, reactor)
    network.connected = 1
    server.makeConnection(network)
    server.client_addr = None
    server.state = server.STATE_OPEN
    return server


class Client:
    """The other end, reading frames as browsers do."""

    def __init__(self, theirs: socket.socket) -> None:
        theirs.setblocking(False)
        self.socket, self.wire = theirs, Wire(Side.CLIENT, state=State.OPEN)

    def read(self) -> list[str]:
        """The complete frames that have arrived."""
        try:
            self.wire.receive_data(self.socket.recv(1 << 20))
        except BlockingIOError:
            return []
        return [bytes(frame.data).decode() for frame in self.wire.events_received()]


@pytest.fixture
def both() -> Iterator[tuple[Any, Client]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield server_on(ours), Client(theirs)


@pytest.mark.parametrize("length", [1, 125, 126, 65_535, 65_536])
def test_a_frame_is_on_the_network_at_once(both: Any, length: int) -> None:
    server, client = both
    server.serverSend("x" * length)
    assert waiting(server.transport) == 0
    assert client.read() == ["x" * length]


def test_what_the_network_does_not_take_follows_in_order(both: Any) -> None:
    """Bytes go through Twisted; text bypasses it if nothing is queued."""
    server, client = both
    said = [f"{place} ไทย {'x' * 8000}" for place in range(100)]
    for place, text in enumerate(said):
        is_binary = place % 7 == 3
        server.serverSend(text.encode() if is_binary else text, is_binary)
    assert waiting(server.transport) > 0
    heard = client.read()
    while waiting(server.transport):
        server.transport.doWrite()
        heard += client.read()
    assert heard + client.read() == said


def test_a_client_who_does_not_read_is_cut_off(both: Any) -> None:
    server, _client = both
    while not server.transport.disconnected:
        server.serverSend("x" * 60_000)
        assert waiting(server.transport) < MAX_BACKLOG + 2 * 60_000
        server.factory.reactor.advance(0)


def test_a_client_who_does_not_read_its_pongs_is_cut_off(both: Any) -> None:
    server, _client = both
    while not server.transport.disconnected:
        server.sendData(b"x" * 60_000)
        assert waiting(server.transport) < MAX_BACKLOG + 2 * 60_000
        server.factory.reactor.advance(0)


def test_what_waits_behind_tls_counts_too(both: Any) -> None:
    server, _client = both
    wrapped: Any = ProtocolWrapper(WrappingFactory(ServerFactory()), Protocol())
    wrapped.transport, wrapped._appSendBuffer = server.transport, [b"abc", b"de"]
    assert waiting(wrapped) == waiting(server.transport) + 5


def test_what_comes_after_goodbye_is_left_unsaid(both: Any) -> None:
    server, client = both
    for state in (server.STATE_CLOSING, server.STATE_CLOSED):
        server.state = state
        server.serverSend("too late")
        server.serverSend(b"too late", True)
    assert waiting(server.transport) == 0
    assert client.read() == []


async def test_player_is_told_by_a_close_code_that_the_database_is_away(
    runs_servers: None,
    tmp_path: Path,
) -> None:
    with silence() as port:
        stack = Stack(tmp_path, 1, DATABASE_URL=f"postgres://x:x@127.0.0.1:{port}/x")
        daphne = stack._serve(stack.ports[0])
        wait_until_served(stack.ports[0])
        async with stack.socket("any") as player:
            assert (await player.hear("error"))["code"] == "unavailable"
            with pytest.raises(ConnectionClosed):
                await player.hear("nothing more")
            assert player.ws.close_code == 1013
        daphne.terminate()
        daphne.wait(20)


LETTING_GO = """
import asyncio, gc, sys
from collections import Counter
from gameproject.ops.server import Server
from twisted.internet import reactor

async def application(scope, receive, send):
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass

async def until(kept):
    there = None
    while there != kept:
        await asyncio.sleep(0.05)
        names = Counter(type(one).__name__ for one in gc.get_objects())
        there = [names[name] for name in ("WebSocketProtocol", "WebRequest")]

async def come_and_go():
    await asyncio.sleep(0)
    writers = []
    for _place in range(20):
        reader, writer = await asyncio.open_unix_connection(sys.argv[1])
        writer.write(sys.argv[2].encode())
        await reader.readuntil(b"\\r\\n\\r\\n")
        writers.append(writer)
    await until([20, 0])
    for writer in writers:
        writer.close()
    await until([0, 0])
    print("all let go", flush=True)
    reactor.stop()

gc.disable()
reactor.callWhenRunning(lambda: asyncio.ensure_future(come_and_go()))
Server(application, [f"unix:{sys.argv[1]}"], signal_handlers=False).run()
"""


def test_request_is_let_go_with_the_socket_open_and_all_once_it_is_closed(
    tmp_path: Path,
) -> None:
    """With the garbage collector off, because it runs seldom."""
    address = Address.parse("http://127.0.0.1:1")
    asked = handshake(address, "/", "").decode()
    command = [sys.executable, "-c", LETTING_GO, str(tmp_path / "socket"), asked]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert said.stdout == "all let go\n", said.stderr
