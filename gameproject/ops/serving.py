"""The command line of our server, with defaults of daphne's corrected for a rush."""

PING_SECONDS, GONE_SECONDS, HANDSHAKE_SECONDS = 25, 60, 10
POLL_SECONDS = 2  # how often daphne checks which sockets to ping
# daphne counts from the ping, which comes this long after the last sign of life.
PONG_SECONDS = GONE_SECONDS - PING_SECONDS - POLL_SECONDS
MAX_MESSAGE = 64 * 1024  # bytes; a larger message closes the socket


def daphne(endpoint: str) -> list[str]:
    """The arguments of Python that serve the application at a Twisted endpoint.

    No `--proxy-headers`: TRUST_PROXY decides, in `gameproject/boundary.py`.
    """
    return [
        "-m",
        "gameproject.ops.server",
        *("-e", endpoint),
        *("-v", "0"),  # no line per request: nginx logs them
        *("--ping-interval", str(PING_SECONDS)),
        *("--ping-timeout", str(PONG_SECONDS)),
        *("--websocket_connect_timeout", str(HANDSHAKE_SECONDS)),
        *("--application-close-timeout", "10"),
        *("--websocket-max-message-size", str(MAX_MESSAGE)),
        *("--websocket-max-frame-size", str(MAX_MESSAGE)),
        "--no-server-name",
        "gameproject.asgi:application",
    ]
