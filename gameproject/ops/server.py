"""Our server: daphne, subclassed through its own hook, and tuned for a rush.

Everything that is overridden of daphne, autobahn and twisted is in this file.
pyproject.toml limits them to the versions that were read, and a test
(test_foreign_attributes.py) names each attribute that this file relies on. The
application works without it.
"""

import asyncio
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any

from autobahn.twisted.util import create_transport_details
from autobahn.websocket.protocol import WebSocketProtocol as Websocket
from autobahn.websocket.types import ConnectionDeny
from daphne import cli, http_protocol, server, ws_protocol
from twisted.internet import defer
from twisted.internet.protocol import connectionDone
from twisted.web import http

from gameproject.ops import stopping
from gameproject.ops.bounds import (
    ARRIVAL_SECONDS,
    FRAME_BYTES,
    FRAMES_A_SECOND,
    FRAMES_AT_ONCE,
    GOODBYE_SECONDS,
    MAX_AHEAD,
    MAX_BACKLOG,
    MAX_BODY,
    waiting,
)
from gameproject.ops.upgrades import UpgradeSniffer
from gameproject.ops.writes import frame_of, is_plain, write

# Sockets


class QuietProtocol(ws_protocol.WebSocketProtocol):
    """autobahn's methods without their debug lines.

    autobahn formats those, in colours, at every handshake and chunk of bytes, even if
    nobody reads them.
    """

    CONFIG_ATTRS = ()  # the factory sets them on each protocol at once
    dataReceived = Websocket._dataReceived

    def connectionMade(self) -> None:
        self.is_plain = is_plain(self.transport)
        details = create_transport_details(self.transport, True)
        self._transport_details, self.peer = details, details.peer
        with suppress(AttributeError, OSError):  # a unix socket has no such option
            self.transport.setTcpNoDelay(True)
        Websocket._connectionMade(self)
        self.factory.countConnections += 1

    def connectionLost(self, reason: Any = connectionDone) -> None:
        Websocket._connectionLost(self, reason)
        self.factory.countConnections -= 1


class WebSocketProtocol(QuietProtocol):
    """A bounded WebSocket that is written to at once, and closes with any code."""

    frames_left, counted = float(FRAMES_AT_ONCE), 0.0
    # The same results as daphne's, without a Python call: used twice for each frame.
    __hash__, __eq__ = object.__hash__, object.__eq__

    def processHandshake(self) -> None:
        """Keep bytes that arrive before its end; they are no second handshake."""
        if not hasattr(self, "handshake_deferred"):
            super().processHandshake()
        elif len(self.data) > MAX_AHEAD:
            self.dropConnection(abort=True)

    def onConnect(self, request: Any) -> Any:
        """Refuse names of subprotocols that daphne can't decode."""
        if not request.headers.get("sec-websocket-protocol", "").isascii():
            raise ConnectionDeny(400, "Bad Request")
        return super().onConnect(request)

    def onFrameBegin(self) -> None:
        """Count the frame.

        autobahn parses all frames of a chunk in one go, unless the socket is closed.
        """
        now = monotonic()
        refilled = self.frames_left + (now - self.counted) * FRAMES_A_SECOND
        cost = 1 + self.current_frame.length // FRAME_BYTES
        self.frames_left = min(FRAMES_AT_ONCE, refilled) - cost
        self.counted = now
        if self.frames_left < 0:
            self.dropConnection(abort=True)
        else:
            super().onFrameBegin()

    def sendData(
        self, data: bytes, sync: bool = False, chopsize: int | None = None
    ) -> None:
        """Write bytes, unless the client reads too slowly. Pongs are sent here too.

        autobahn could also send in pieces, which nothing here uses.
        """
        if waiting(self.transport) > MAX_BACKLOG:
            self.dropConnection(abort=True)
        else:
            self.transport.write(data)

    def serverSend(self, content: Any, binary: bool = False) -> None:
        """Write a text message to the network at once.

        A client that reads too slowly is cut off. It reconnects and gets the whole
        state.
        """
        if self.state == self.STATE_OPEN and self.is_plain and not binary:
            queued = waiting(self.transport)
            if queued > MAX_BACKLOG:
                self.transport.abortConnection()
            else:
                write(self.transport, frame_of(content), queued)
        elif self.state not in (self.STATE_CLOSING, self.STATE_CLOSED):
            super().serverSend(content, binary)
        # After the close frame no client reads a reply.

    def serverClose(self, code: int | None = None) -> None:
        """Close with any code: autobahn's `sendClose` refuses 1001 to 2999.

        A client that doesn't answer in time is dropped, and may miss the code. autobahn
        waits for one second, too short for a slow network.
        """
        self.closeHandshakeTimeout = GOODBYE_SECONDS
        self.sendCloseFrame(code=code or 1000, isReply=False)

    def _sendAutoPing(self) -> None:
        """Let only one ping at a time wait for its pong.

        With a second one autobahn would forget the first timer, and drop a client that
        has answered both.
        """
        if not self.autoPingTimeoutCall:
            super()._sendAutoPing()

    def onClose(self, *how: Any) -> None:
        """Break the reference cycle, so that a closed socket is no garbage.

        The collector runs seldom. daphne's own method fails if the handshake failed.
        """
        if hasattr(self, "server"):
            super().onClose(*how)
        self.is_closed = None


class WebSocketFactory(ws_protocol.WebSocketFactory):
    protocol = WebSocketProtocol

    def setProtocolOptions(self, **options: Any) -> None:
        super().setProtocolOptions(**options)
        names = ws_protocol.WebSocketProtocol.CONFIG_ATTRS
        self.options = {name: getattr(self, name) for name in names}

    def buildProtocol(self, _address: Any) -> WebSocketProtocol:
        protocol = self.protocol()
        protocol.factory = self
        protocol.__dict__.update(self.options)
        return protocol


# Requests


class WebRequest(http_protocol.WebRequest):
    body_size = 0  # bytes

    def handleContentChunk(self, data: bytes) -> None:
        """Cut the connection if the body is too large."""
        self.body_size += len(data)
        if self.body_size > MAX_BODY:
            self.channel.transport.abortConnection()
        else:
            super().handleContentChunk(data)

    def process(self) -> Any:
        """Remove the header with which a client could change our paths."""
        self.requestHeaders.removeHeader(b"Daphne-Root-Path")
        return super().process()


class HTTPChannel(http.HTTPChannel):
    """A connection whose requests must arrive in time, and that ends when we stop."""

    transport: Any
    arrival_timeout: Any = None

    def dataReceived(self, data: bytes) -> None:
        """Start the time limit of a request. Twisted's own restarts with each byte."""
        super().dataReceived(data)
        begun = self.requests or self._buffer
        if begun and not self._handlingRequest and not self.arrival_timeout:
            self.arrival_timeout = self.callLater(ARRIVAL_SECONDS, self.give_up)

    def give_up(self) -> None:
        self.arrival_timeout = None
        self.transport.abortConnection()

    def allContentReceived(self) -> None:
        self.stop_waiting()
        super().allContentReceived()

    def connectionLost(self, reason: Any = connectionDone) -> None:
        self.stop_waiting()
        super().connectionLost(reason)

    def stop_waiting(self) -> None:
        if self.arrival_timeout:
            self.arrival_timeout.cancel()
            self.arrival_timeout = None

    def checkPersistence(self, request: Any, version: bytes) -> bool:
        """Close the connection after its reply once we stop."""
        if not self.factory.server.is_stopping:
            return super().checkPersistence(request, version)
        request.responseHeaders.setRawHeaders(b"Connection", [b"close"])
        return False


class HTTPFactory(http_protocol.HTTPFactory):
    protocol = HTTPChannel  # HTTP/1.1 only: nothing bounds HTTP/2 here

    def buildProtocol(self, address: Any) -> UpgradeSniffer:
        return UpgradeSniffer(self, address)

    def channel(self, address: Any) -> HTTPChannel:
        """The protocol of a connection that sends an HTTP request."""
        channel = super().buildProtocol(address)
        # Django reads the forms, within bounds of its own.
        channel.requestFactory = partial(WebRequest, parsePOSTFormSubmission=False)
        return channel

    def acceptableProtocols(self) -> list[bytes]:
        return [b"http/1.1"]


# The process


class OwnFactory:
    """An attribute that daphne's `run` sets to its own factory: it gets ours instead.

    daphne has no hook for this. Reading it is like reading any attribute.
    """

    def __init__(self, make: Any) -> None:
        self.make = make

    def __set_name__(self, _owner: Any, name: str) -> None:
        self.name = name

    def __set__(self, server: Any, _theirs: Any) -> None:
        server.__dict__[self.name] = self.make(server)


class Server(server.Server):
    is_stopping = False
    http_factory = OwnFactory(HTTPFactory)
    ws_factory = OwnFactory(lambda it: WebSocketFactory(it, server=it.server_name))

    def run(self) -> None:
        self.ports: list[Any] = []
        if self.signal_handlers:
            server.reactor.callWhenRunning(stopping.end_in_time)
        super().run()

    def listen_success(self, port: Any) -> None:
        self.ports.append(port)
        super().listen_success(port)

    def kill_all_applications(self) -> Any:
        """Let the applications finish first.

        daphne waits only for the first, and fails if a connection has none.
        """
        return defer.Deferred.fromFuture(asyncio.ensure_future(stopping.finish(self)))


class CommandLine(cli.CommandLineInterface):
    description = "Serve an ASGI application with daphne and gameproject's limits."
    server_class = Server

    def load_asgi_app(self, path: str) -> Any:
        """Load everything before we listen, so that no request waits for it."""
        application = super().load_asgi_app(path)
        from gameproject.ops.lifespan import start

        start()
        return application


if __name__ == "__main__":
    CommandLine.entrypoint()
