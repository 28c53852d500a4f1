"""What one connection may ask of daphne, whoever is behind it.

Counted where the bytes come in, before anything is done with them. Whoever asks for
more is cut off: a client of ours never comes near, and comes back in any case.
"""

from collections.abc import Callable
from time import monotonic
from typing import Any

# Frames of any kind, fragments too, that a socket may send: at once, and each second in
# the long run. Our own client sends at most 33 at once, and 60 in 10 s.
FRAMES_AT_ONCE, FRAMES_A_SECOND = 80, 12
FRAME_BYTES = 8 * 1024  # what is larger counts as several
MAX_BACKLOG = 1024 * 1024  # bytes that may wait for a client who doesn't read
MAX_AHEAD = 64 * 1024  # bytes of a client who doesn't wait for the handshake's end
MAX_BODY = 24 * 1024 * 1024  # bytes of a request, as nginx takes of staff
ARRIVAL_SECONDS = 60.0  # from a request's first byte to its last

Call = Callable[..., Any]


# Sockets


def counting(otherwise: Call) -> Call:
    """`onFrameBegin`, which counts the frame.

    autobahn takes a chunk of the network apart in one go, unless the socket is closed.
    """

    def begin(protocol: Any) -> None:
        now = monotonic()
        refilled = protocol.frames_left + (now - protocol.counted) * FRAMES_A_SECOND
        cost = 1 + protocol.current_frame.length // FRAME_BYTES
        protocol.frames_left = min(FRAMES_AT_ONCE, refilled) - cost
        protocol.counted = now
        if protocol.frames_left < 0:
            protocol.dropConnection(abort=True)
        else:
            otherwise(protocol)

    return begin


def writing(otherwise: Call) -> Call:
    """`sendData`, by which pongs go out too: a client must read what it asks for."""

    def write(protocol: Any, *what: Any, **how: Any) -> None:
        if waiting(protocol.transport) > MAX_BACKLOG:
            protocol.dropConnection(abort=True)
        else:
            otherwise(protocol, *what, **how)

    return write


def waiting(transport: Any) -> int:
    """The bytes that the network hasn't taken yet, and those that TLS holds back."""
    if beneath := getattr(transport, "transport", None):
        held = sum(map(len, getattr(transport, "_appSendBuffer", ())))
        return held + waiting(beneath)
    buffered: int = len(transport.dataBuffer) - transport.offset
    return buffered + int(transport._tempDataLen)


def shaking_hands_once(otherwise: Call) -> Call:
    """`processHandshake`: what comes before its end is kept, not taken for another."""

    def process(protocol: Any) -> None:
        if not hasattr(protocol, "handshake_deferred"):
            otherwise(protocol)
        elif len(protocol.data) > MAX_AHEAD:
            protocol.dropConnection(abort=True)

    return process


def connecting(otherwise: Call) -> Call:
    """`onConnect`, which refuses names of subprotocols that daphne can't read."""
    from autobahn.websocket import types

    refused: Any = types.ConnectionDeny

    def connect(protocol: Any, request: Any) -> Any:
        if not request.headers.get("sec-websocket-protocol", "").isascii():
            raise refused(400, "Bad Request")
        return otherwise(protocol, request)

    return connect


# Requests


def arriving(otherwise: Call) -> Call:
    """`dataReceived` of Twisted's HTTP, whose own clock begins anew with each byte."""

    def receive(channel: Any, data: bytes) -> None:
        otherwise(channel, data)
        begun = channel.requests or channel._buffer
        if begun and not channel._handlingRequest and not channel.last_moment:
            channel.last_moment = channel.callLater(ARRIVAL_SECONDS, give_up, channel)

    return receive


def give_up(channel: Any) -> None:
    channel.last_moment = None
    channel.transport.abortConnection()


def arrived(otherwise: Call) -> Call:
    """`allContentReceived` or `connectionLost`: there is nothing to wait for."""

    def stop(channel: Any, *how: Any) -> None:
        if channel.last_moment:
            channel.last_moment.cancel()
            channel.last_moment = None
        otherwise(channel, *how)

    return stop


def sizing(otherwise: Call) -> Call:
    """`handleContentChunk`: a body that is too large is cut off, and not kept."""

    def take(request: Any, data: bytes) -> None:
        request.body_came += len(data)
        if request.body_came > MAX_BODY:
            request.channel.transport.abortConnection()
        else:
            otherwise(request, data)

    return take


def processing(otherwise: Call) -> Call:
    """`WebRequest.process`, without the header by which a client names our paths."""

    def process(request: Any) -> None:
        request.requestHeaders.removeHeader(b"Daphne-Root-Path")
        otherwise(request)

    return process


def header_value(headers: Any, name: bytes) -> str:
    """A forwarded header, whatever bytes it holds: daphne's own fails on some."""
    value = headers[name]
    return (value[0] if isinstance(value, list) else value).decode("latin1")
