"""Connections that have said nothing yet: their first bytes say who serves them.

daphne would have Twisted's HTTP take every handshake apart first, and keep what it made
of it as long as the socket (docs/decisions/0010-handshakes.md).
"""

import re
from typing import Any

from twisted.internet.protocol import Protocol
from twisted.protocols.policies import ProtocolWrapper

MAX_HANDSHAKE = 8 * 1024  # bytes, as many as nginx takes; HTTP looks at more

# A whole handshake and nothing after it, in plain letters. HTTP looks at all the rest.
# One line after the other, and no part can give back what it took (`++`, `*+`): what
# doesn't fit costs one look at each byte, not one at each way to divide them.
HANDSHAKE = re.compile(
    rb"GET /[!->@-~]*+(?:\?(?P<query>[!-~]*+))? HTTP/1\.1\r\n"
    rb"(?=(?:[ -~]++\r\n)*?upgrade: websocket\r\n)(?:[-\w]++:[ -~]*+\r\n)++\r\n",
    re.IGNORECASE,
)


def handshake_in(data: bytes) -> re.Match[bytes] | None:
    """The handshake that these bytes are; None if they are anything else."""
    return HANDSHAKE.fullmatch(data) if len(data) <= MAX_HANDSHAKE else None


class Newcomer(Protocol):
    """Whoever comes, until it is known whether they want a socket or a page."""

    def __init__(self, factory: Any, address: Any) -> None:
        self.factory, self.address = factory, address

    def connectionMade(self) -> None:
        silent: Any = self.transport
        wait = self.factory.reactor.callLater
        self.patience = wait(self.factory.timeOut, silent.abortConnection)

    def connectionLost(self, *_reason: Any) -> None:
        if self.patience.active():
            self.patience.cancel()

    def dataReceived(self, data: bytes) -> None:
        """Hand the connection over to who serves it, with what has come."""
        self.patience.cancel()
        protocol = self.served_by(data)
        wrapped = isinstance(self.transport, ProtocolWrapper)  # in TLS
        setattr(self.transport, "wrappedProtocol" if wrapped else "protocol", protocol)
        protocol.makeConnection(self.transport)
        protocol.dataReceived(data)

    def served_by(self, data: bytes) -> Any:
        handshake = handshake_in(data)
        if not handshake:
            return self.factory.channel(self.address)
        protocol = self.factory.server.ws_factory.buildProtocol(self.address)
        protocol._raw_query_string = handshake["query"] or b""
        return protocol
