"""Our server: daphne's, subclassed by its own hook, with what a rush asks of it.

All that is overridden of daphne, autobahn and twisted stands here; pyproject.toml
bounds them to the versions that were read, and a test (test_foreign_attributes.py)
names each attribute of theirs that is relied on. The application needs none of this.
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
from gameproject.ops.upgrades import Newcomer
from gameproject.ops.writes import frame_of, is_plain, write

# Sockets


class QuietProtocol(ws_protocol.WebSocketProtocol):
    """autobahn's methods without their debug lines.

    autobahn works those out, in colours, at every handshake and chunk of bytes, whether
    anybody reads them or not.
    """

    CONFIG_ATTRS = ()  # the factory gives them to each protocol in one go
    dataReceived = Websocket._dataReceived

    def connectionMade(self) -> None:
        self.is_plain = is_plain(self.transport)
        details = create_transport_details(self.transport, True)
        self._transport_details, self.peer = details, details.peer
        with suppress(AttributeError, OSError):  # a unix socket has no such thing
            self.transport.setTcpNoDelay(True)
        Websocket._connectionMade(self)
        self.factory.countConnections += 1

    def connectionLost(self, reason: Any = connectionDone) -> None:
        Websocket._connectionLost(self, reason)
        self.factory.countConnections -= 1


class WebSocketProtocol(QuietProtocol):
    """A socket that asks for little, is written to at once, and says why it closes."""

    frames_left, counted = float(FRAMES_AT_ONCE), 0.0
    # What daphne's own two say, without a call: asked twice for each frame.
    __hash__, __eq__ = object.__hash__, object.__eq__

    def processHandshake(self) -> None:
        """What comes before its end is kept, not taken for another handshake."""
        if not hasattr(self, "handshake_deferred"):
            super().processHandshake()
        elif len(self.data) > MAX_AHEAD:
            self.dropConnection(abort=True)

    def onConnect(self, request: Any) -> Any:
        """Refuse names of subprotocols that daphne can't read."""
        if not request.headers.get("sec-websocket-protocol", "").isascii():
            raise ConnectionDeny(400, "Bad Request")
        return super().onConnect(request)

    def onFrameBegin(self) -> None:
        """Count the frame.

        autobahn takes a chunk of the network apart in one go, unless it is closed.
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
        """Pongs go out here too: a client must read what it asks for.

        autobahn's own would also send in pieces, which nobody here asks for.
        """
        if waiting(self.transport) > MAX_BACKLOG:
            self.dropConnection(abort=True)
        else:
            self.transport.write(data)

    def serverSend(self, content: Any, binary: bool = False) -> None:
        """Write a text message to the network at once.

        A client who reads too slowly is cut off, and comes back to the whole state.
        """
        if self.state == self.STATE_OPEN and self.is_plain and not binary:
            queued = waiting(self.transport)
            if queued > MAX_BACKLOG:
                self.transport.abortConnection()
            else:
                write(self.transport, frame_of(content), queued)
        elif self.state not in (self.STATE_CLOSING, self.STATE_CLOSED):
            super().serverSend(content, binary)
        # After goodbye nobody hears a reply any more.

    def serverClose(self, code: int | None = None) -> None:
        """Close with any code: autobahn's `sendClose` refuses 1001 to 2999.

        A client that doesn't answer is dropped, and then may not read the code any
        more: autobahn would give it a second, which a slow network takes.
        """
        self.closeHandshakeTimeout = GOODBYE_SECONDS
        self.sendCloseFrame(code=code or 1000, isReply=False)

    def _sendAutoPing(self) -> None:
        """Have one ping at a time wait for its pong.

        With a second one autobahn would forget the first one's timer, and drop a client
        that had answered both.
        """
        if not self.autoPingTimeoutCall:
            super()._sendAutoPing()

    def onClose(self, *how: Any) -> None:
        """Let the socket go: autobahn's last word leads to it.

        Where a thousand leave no garbage, the collector may come seldom. daphne's own
        fails where the handshake did.
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
    body_came = 0  # bytes

    def handleContentChunk(self, data: bytes) -> None:
        """A body that is too large is cut off, and not kept."""
        self.body_came += len(data)
        if self.body_came > MAX_BODY:
            self.channel.transport.abortConnection()
        else:
            super().handleContentChunk(data)

    def process(self) -> Any:
        """Leave out the header by which a client would name our paths."""
        self.requestHeaders.removeHeader(b"Daphne-Root-Path")
        return super().process()


class HTTPChannel(http.HTTPChannel):
    """A connection whose requests have a time to arrive, and end when we do."""

    transport: Any
    last_moment: Any = None

    def dataReceived(self, data: bytes) -> None:
        """Twisted's own clock begins anew with each byte."""
        super().dataReceived(data)
        begun = self.requests or self._buffer
        if begun and not self._handlingRequest and not self.last_moment:
            self.last_moment = self.callLater(ARRIVAL_SECONDS, self.give_up)

    def give_up(self) -> None:
        self.last_moment = None
        self.transport.abortConnection()

    def allContentReceived(self) -> None:
        self.wait_no_more()
        super().allContentReceived()

    def connectionLost(self, reason: Any = connectionDone) -> None:
        self.wait_no_more()
        super().connectionLost(reason)

    def wait_no_more(self) -> None:
        if self.last_moment:
            self.last_moment.cancel()
            self.last_moment = None

    def checkPersistence(self, request: Any, version: bytes) -> bool:
        """Once we stop, a connection ends with its reply."""
        if not self.factory.server.is_stopping:
            return super().checkPersistence(request, version)
        request.responseHeaders.setRawHeaders(b"Connection", [b"close"])
        return False


class HTTPFactory(http_protocol.HTTPFactory):
    protocol = HTTPChannel  # HTTP/1.1 alone: nothing bounds HTTP/2 here

    def buildProtocol(self, address: Any) -> Newcomer:
        return Newcomer(self, address)

    def channel(self, address: Any) -> HTTPChannel:
        """What serves whoever turns out to want a page."""
        channel = super().buildProtocol(address)
        # Django reads the forms, within bounds of its own.
        channel.requestFactory = partial(WebRequest, parsePOSTFormSubmission=False)
        return channel

    def acceptableProtocols(self) -> list[bytes]:
        return [b"http/1.1"]


# The process


class Ours:
    """An attribute in which daphne's `run` puts a factory of its own: ours stays there.

    daphne has no hook for them. Reading it is reading any attribute.
    """

    def __init__(self, make: Any) -> None:
        self.make = make

    def __set_name__(self, _owner: Any, name: str) -> None:
        self.name = name

    def __set__(self, one: Any, _theirs: Any) -> None:
        one.__dict__[self.name] = self.make(one)


class Server(server.Server):
    is_stopping = False
    http_factory = Ours(HTTPFactory)
    ws_factory = Ours(lambda one: WebSocketFactory(one, server=one.server_name))

    def run(self) -> None:
        self.ports: list[Any] = []
        if self.signal_handlers:
            server.reactor.callWhenRunning(stopping.end_in_time)
        super().run()

    def listen_success(self, port: Any) -> None:
        self.ports.append(port)
        super().listen_success(port)

    def kill_all_applications(self) -> Any:
        """Let them finish first.

        daphne's own waits for the first only, and fails where a connection has none.
        """
        return defer.Deferred.fromFuture(asyncio.ensure_future(stopping.finish(self)))


class CommandLine(cli.CommandLineInterface):
    description = "Serve an ASGI application by daphne, as gameproject bounds it."
    server_class = Server

    def load_asgi_app(self, path: str) -> Any:
        """What the first request would otherwise wait for is done before we listen."""
        application = super().load_asgi_app(path)
        from gameproject.ops.lifespan import start

        start()
        return application


if __name__ == "__main__":
    CommandLine.entrypoint()
