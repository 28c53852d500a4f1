"""Limits of one connection, whoever the client is.

Counted where the bytes arrive, before any work is done with them. A connection above a
limit is cut. Our own client stays far below, and would reconnect anyway.
"""

from typing import Any

# Frames, fragments too, that a socket may send at once, and per second in the long run.
# Our own client sends at most 33 at once, and 60 in 10 s.
FRAMES_AT_ONCE, FRAMES_A_SECOND = 80, 12
FRAME_BYTES = 8 * 1024  # a larger frame counts as several
MAX_BACKLOG = 1024 * 1024  # bytes that wait for a client that doesn't read
MAX_AHEAD = 64 * 1024  # bytes that a client sends before the handshake ends
MAX_BODY = 24 * 1024 * 1024  # bytes of a request; nginx allows staff as many
ARRIVAL_SECONDS = 60.0  # from the first byte of a request to the last
GOODBYE_SECONDS = 5.0  # for a client to answer a close frame


def waiting(transport: Any) -> int:
    """The bytes that the network hasn't taken yet, with those that TLS holds back."""
    if below := getattr(transport, "transport", None):
        in_tls = sum(map(len, getattr(transport, "_appSendBuffer", ())))
        return in_tls + waiting(below)
    buffered: int = len(transport.dataBuffer) - transport.offset
    return buffered + int(transport._tempDataLen)
