"""What one connection may ask of our server, whoever is behind it.

Counted where the bytes come in, before anything is done with them. Whoever asks for
more is cut off: a client of ours never comes near, and comes back in any case.
"""

from typing import Any

# Frames of any kind, fragments too, that a socket may send: at once, and each second in
# the long run. Our own client sends at most 33 at once, and 60 in 10 s.
FRAMES_AT_ONCE, FRAMES_A_SECOND = 80, 12
FRAME_BYTES = 8 * 1024  # what is larger counts as several
MAX_BACKLOG = 1024 * 1024  # bytes that may wait for a client who doesn't read
MAX_AHEAD = 64 * 1024  # bytes of a client who doesn't wait for the handshake's end
MAX_BODY = 24 * 1024 * 1024  # bytes of a request, as nginx takes of staff
ARRIVAL_SECONDS = 60.0  # from a request's first byte to its last
GOODBYE_SECONDS = 5.0  # for a client to answer that its socket is closed


def waiting(transport: Any) -> int:
    """The bytes that the network hasn't taken yet, and those that TLS holds back."""
    if beneath := getattr(transport, "transport", None):
        held = sum(map(len, getattr(transport, "_appSendBuffer", ())))
        return held + waiting(beneath)
    buffered: int = len(transport.dataBuffer) - transport.offset
    return buffered + int(transport._tempDataLen)
