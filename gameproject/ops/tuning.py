"""What Python and the server underneath do in a rush, and need not.

Of servers daphne alone is tuned: others don't load its modules, and for them there is
nothing to do. Without any of this everything works as well, more slowly.
"""

import gc
import socket
import sys
from functools import lru_cache
from typing import Any

from gameproject.ops import bounds, stopping
from gameproject.ops.bounds import MAX_BACKLOG, waiting

# New objects before each generation of them is looked through for garbage.
COLLECT_EVERY = (200_000, 5, 5)
# Made colourful at every handshake and frame, for debug lines nobody reads.
DECORATION = {
    "autobahn.websocket.protocol": ("hltype", "hlval", "pformat"),
    "autobahn.twisted.websocket": ("hltype", "hlval"),
}
GOODBYE_SECONDS = 5.0  # for a client to answer that its socket is closed


def collect_seldom() -> None:
    """Spare a rush the pauses of Python's collector. Called once all is loaded.

    What was loaded stays, so that it need not be gone through: that halted a process
    for a tenth of a second, several times in a second of handshakes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)


def tune_daphne() -> None:
    """Called once, before the first handshake."""
    if "daphne.server" not in sys.modules:
        return
    connections: Any = sys.modules["daphne.http_protocol"].HTTPFactory
    connections.buildProtocol = welcoming(connections.buildProtocol)
    sockets: Any = sys.modules["daphne.ws_protocol"].WebSocketProtocol
    sockets.serverSend = sending(sockets.serverSend)
    # What daphne's own two say, without a call: asked twice for each frame.
    sockets.__hash__, sockets.__eq__ = object.__hash__, object.__eq__
    sockets.onClose = closing(sockets.onClose)
    sockets.serverClose = saying_goodbye
    sockets._sendAutoPing = pinging(sockets._sendAutoPing)
    for module, names in DECORATION.items():
        for name in names:
            setattr(sys.modules[module], name, nothing)
    bound(sockets)
    end_in_time(sys.modules["daphne.server"].Server)


def bound(sockets: Any) -> None:
    """Bound what a connection may ask for."""
    channels: Any = sys.modules["twisted.web.http"].HTTPChannel
    utils: Any = sys.modules["daphne.utils"]
    sockets.frames_left, sockets.counted = float(bounds.FRAMES_AT_ONCE), 0.0
    sockets.onFrameBegin = bounds.counting(sockets.onFrameBegin)
    sockets.sendData = bounds.writing(sockets.sendData)
    sockets.processHandshake = bounds.shaking_hands_once(sockets.processHandshake)
    sockets.onConnect = bounds.connecting(sockets.onConnect)
    channels.last_moment = None
    channels.dataReceived = bounds.arriving(channels.dataReceived)
    channels.allContentReceived = bounds.arrived(channels.allContentReceived)
    channels.connectionLost = bounds.arrived(channels.connectionLost)
    requests: Any = sys.modules["daphne.http_protocol"].WebRequest
    requests.body_came = 0
    requests.handleContentChunk = bounds.sizing(requests.handleContentChunk)
    requests.process = bounds.processing(requests.process)
    utils.header_value = bounds.header_value


def end_in_time(server: Any) -> None:
    server.run = stopping.running(server.run)
    server.listen_success = stopping.listening(server.listen_success)
    server.kill_all_applications = stopping.finishing


def nothing(*_args: object, **_options: object) -> str:
    return ""


def welcoming(otherwise: Any) -> Any:
    """`buildProtocol`, after which handshakes go past Twisted's HTTP."""
    from gameproject.ops.upgrades import Newcomer

    def build(factory: Any, address: Any) -> Any:
        return Newcomer(factory, address, otherwise)

    return build


def closing(otherwise: Any) -> Any:
    """`onClose`, after which the socket is let go: autobahn's last word leads to it.

    Where a thousand leave no garbage, the collector may come seldom. daphne's own fails
    where the handshake did.
    """

    def close(protocol: Any, *how: Any) -> None:
        if hasattr(protocol, "server"):
            otherwise(protocol, *how)
        protocol.is_closed = None

    return close


def saying_goodbye(protocol: Any, code: int | None = None) -> None:
    """`serverClose` with any code: autobahn's `sendClose` refuses 1001 to 2999.

    A client that doesn't answer is dropped, and then may not read the code any more:
    autobahn would give it a second, which a slow network takes.
    """
    protocol.closeHandshakeTimeout = GOODBYE_SECONDS
    protocol.sendCloseFrame(code=code or 1000, isReply=False)


def pinging(otherwise: Any) -> Any:
    """`_sendAutoPing`, of which one waits for its pong at a time.

    With a second one autobahn would forget the first one's timer, and drop a client
    that had answered both.
    """

    def ping(protocol: Any) -> None:
        if not protocol.autoPingTimeoutCall:
            otherwise(protocol)

    return ping


def sending(otherwise: Any) -> Any:
    """`serverSend`, which writes a text message to the network at once.

    Twisted itself would queue it, have the selector call back and only then write: two
    thirds of what a broadcast costs. A client who reads too slowly is cut off, and
    comes back to the whole state.
    """
    from twisted.internet.tcp import Connection

    def is_plain(transport: Any) -> bool:
        """Whether what is written goes to the network as it is, not through TLS."""
        return isinstance(transport, Connection) and not transport.TLS

    def send(protocol: Any, content: Any, binary: bool = False) -> None:
        transport = protocol.transport
        if protocol.state in (protocol.STATE_CLOSING, protocol.STATE_CLOSED):
            return  # nobody hears a reply any more that comes after goodbye
        if binary or protocol.state != protocol.STATE_OPEN or not is_plain(transport):
            otherwise(protocol, content, binary)
        elif waiting(transport) > MAX_BACKLOG:
            transport.abortConnection()
        else:
            write(transport, frame_of(content))

    return send


def write(transport: Any, frame: bytes) -> None:
    """What the network doesn't take now waits in Twisted's buffer."""
    if transport.connected and not waiting(transport):
        frame = frame[taken(transport.socket, frame) :]
    if frame:
        transport.write(frame)


def taken(connection: socket.socket, frame: bytes) -> int:
    """The bytes that the network takes now. An error Twisted will meet itself."""
    try:
        return connection.send(frame)
    except OSError:
        return 0


@lru_cache(maxsize=16)
def frame_of(text: str) -> bytes:
    """The bytes of a frame: made once for all who are sent the same text."""
    from autobahn.websocket.protocol import PreparedMessage

    prepared = PreparedMessage(text.encode(), False, False, True)
    return bytes(prepared.payloadHybi)
