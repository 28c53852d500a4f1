"""Chooses the protocol of a new connection by its first bytes.

daphne would have Twisted's HTTP parse every handshake first, and keep its objects as
long as the socket (docs/decisions/0010-handshakes.md).
"""

import re
from typing import Any

from twisted.internet.protocol import Protocol
from twisted.protocols.policies import ProtocolWrapper

MAX_HANDSHAKE = 8 * 1024  # bytes, as in nginx; HTTP gets larger ones

# A complete handshake in ASCII with nothing after it. HTTP gets everything else.
# Possessive quantifiers (`++`, `*+`) never backtrack, so that the time to refuse other
# bytes is linear.
HANDSHAKE = re.compile(
    rb"GET /[!->@-~]*+(?:\?(?P<query>[!-~]*+))? HTTP/1\.1\r\n"
    rb"(?=(?:[ -~]++\r\n)*?upgrade: websocket\r\n)(?:[-\w]++:[ -~]*+\r\n)++\r\n",
    re.IGNORECASE,
)


def handshake_in(data: bytes) -> re.Match[bytes] | None:
    """The handshake, if these bytes are exactly one; else None."""
    return HANDSHAKE.fullmatch(data) if len(data) <= MAX_HANDSHAKE else None


class UpgradeSniffer(Protocol):
    """A new connection, until its first bytes say whether it wants a WebSocket."""

    def __init__(self, factory: Any, address: Any) -> None:
        self.factory, self.address = factory, address

    def connectionMade(self) -> None:
        transport: Any = self.transport
        call_later = self.factory.reactor.callLater
        abort = transport.abortConnection
        self.idle_timeout = call_later(self.factory.timeOut, abort)

    def connectionLost(self, *_reason: Any) -> None:
        if self.idle_timeout.active():
            self.idle_timeout.cancel()

    def dataReceived(self, data: bytes) -> None:
        """Hand the connection and its first bytes over to the protocol they ask for."""
        self.idle_timeout.cancel()
        protocol = self.choose_protocol(data)
        wrapped = isinstance(self.transport, ProtocolWrapper)  # under TLS
        setattr(self.transport, "wrappedProtocol" if wrapped else "protocol", protocol)
        protocol.makeConnection(self.transport)
        protocol.dataReceived(data)

    def choose_protocol(self, data: bytes) -> Any:
        handshake = handshake_in(data)
        if not handshake:
            return self.factory.channel(self.address)
        protocol = self.factory.server.ws_factory.buildProtocol(self.address)
        protocol._raw_query_string = handshake["query"] or b""
        return protocol
