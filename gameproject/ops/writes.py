"""Writes text messages to the network at once, without Twisted's queue.

Twisted would keep the bytes, wait for the selector's callback, and only then write.
That is two thirds of the cost of a broadcast (docs/decisions/0006-frames-at-once.md).
"""

import socket
from functools import lru_cache
from typing import Any

from autobahn.websocket.protocol import PreparedMessage
from twisted.internet.tcp import Connection


def is_plain(transport: Any) -> bool:
    """Whether bytes go to the network directly, not through TLS."""
    return isinstance(transport, Connection) and not transport.TLS


def write(transport: Any, frame: bytes, queued: int) -> None:
    """Write behind the queued bytes. Twisted keeps what the network doesn't take."""
    if transport.connected and not queued:
        frame = frame[send(transport.socket, frame) :]
    if frame:
        transport.write(frame)


def send(connection: socket.socket, frame: bytes) -> int:
    """The number of bytes that the network takes now; 0 on an error.

    Twisted will see the same error.
    """
    try:
        return connection.send(frame)
    except OSError:
        return 0


@lru_cache(maxsize=16)
def frame_of(text: str) -> bytes:
    """The bytes of a frame, made once for all sockets that get this text."""
    prepared = PreparedMessage(text.encode(), False, False, True)
    return bytes(prepared.payloadHybi)
