"""Text messages written to the network at once, past Twisted's queue.

Twisted itself would keep the bytes, have the selector call back and only then write:
two thirds of what a broadcast costs (docs/decisions/0006-frames-at-once.md).
"""

import socket
from functools import lru_cache
from typing import Any

from autobahn.websocket.protocol import PreparedMessage
from twisted.internet.tcp import Connection


def is_plain(transport: Any) -> bool:
    """Whether what is written goes to the network as it is, not through TLS."""
    return isinstance(transport, Connection) and not transport.TLS


def write(transport: Any, frame: bytes, queued: int) -> None:
    """Write after the bytes that are queued. What the network doesn't take waits."""
    if transport.connected and not queued:
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
    prepared = PreparedMessage(text.encode(), False, False, True)
    return bytes(prepared.payloadHybi)
