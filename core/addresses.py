"""The client address of a request or a socket, and the network it is counted by."""

from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

UNKNOWN = "127.0.0.1"
MAX_DIGEST_LENGTH = 16


def client_address(request: HttpRequest) -> str:
    """The peer's address or, with TRUST_PROXY, the one that the proxy reports.

    The proxy must overwrite `X-Real-IP`, the only header read. `X-Forwarded-For` may
    hold what a client wrote.
    """
    reported = request.META.get("HTTP_X_REAL_IP", "") if settings.TRUST_PROXY else ""
    return first_address(reported, request.META.get("REMOTE_ADDR") or "")


def first_address(*texts: str) -> str:
    """The first text that is an address; if none is, `UNKNOWN`.

    An IPv4 address that arrived over an IPv6 socket is written as IPv4: otherwise the
    limits would count all of IPv4 as one network.
    """
    for text in texts:
        try:
            address = ip_address(text.partition("%")[0])
        except ValueError:
            continue
        return str(getattr(address, "ipv4_mapped", None) or address)
    return UNKNOWN


def client_network(request: HttpRequest) -> str:
    """The network that the limits count this client by; see `network`."""
    return network(client_address(request))


def network_of(scope: dict[str, Any]) -> str:
    """The same for a socket; `gameproject.boundary` has set the trusted address."""
    client = scope.get("client")
    return network(first_address(str(client[0]) if client else ""))


def digest(network: str, game_id: int) -> str:
    """A keyed digest of a network in one game: comparable, but not reversible."""
    key = salted_hmac("core.addresses", f"{game_id} {network}", algorithm="sha256")
    return key.hexdigest()[:MAX_DIGEST_LENGTH]


def network(address: str) -> str:
    """The IPv4 address, or the /64 of an IPv6 address: one client has all of it."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        return str(IPv6Network((int(ip), 64), strict=False))
    return str(ip)
