"""How our server is started, with what daphne's defaults would get wrong in a rush."""

PING_SECONDS, GONE_SECONDS, HANDSHAKE_SECONDS = 25, 60, 10
LOOK_SECONDS = 2  # daphne looks so often who is to be pinged
# daphne counts from the ping, which comes so long after the last sign of life.
PONG_SECONDS = GONE_SECONDS - PING_SECONDS - LOOK_SECONDS
MAX_MESSAGE = 64 * 1024  # bytes; above it the socket closes, below it we answer


def daphne(endpoint: str) -> list[str]:
    """The arguments for Python that serve the application at a Twisted endpoint.

    Not `--proxy-headers`: whose word counts the boundary decides, by TRUST_PROXY.
    """
    return [
        "-m",
        "gameproject.ops.server",
        *("-e", endpoint),
        *("-v", "0"),  # no line a request: that is nginx's log
        *("--ping-interval", str(PING_SECONDS)),
        *("--ping-timeout", str(PONG_SECONDS)),
        *("--websocket_connect_timeout", str(HANDSHAKE_SECONDS)),
        *("--application-close-timeout", "10"),
        *("--websocket-max-message-size", str(MAX_MESSAGE)),
        *("--websocket-max-frame-size", str(MAX_MESSAGE)),
        "--no-server-name",
        "gameproject.asgi:application",
    ]
