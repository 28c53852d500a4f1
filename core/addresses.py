"""Whose address a request or a socket comes from."""

from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

UNKNOWN = "127.0.0.1"
MAX_DIGEST_LENGTH = 16


def client_address(request: HttpRequest) -> str:
    """The client's address: the peer's or, with TRUST_PROXY, what our proxy says.

    Only `X-Real-IP` is read, which the proxy must overwrite; `X-Forwarded-For` may
    carry what a stranger wrote into it.
    """
    said = request.META.get("HTTP_X_REAL_IP", "") if settings.TRUST_PROXY else ""
    return first_address(said, request.META.get("REMOTE_ADDR") or "")


def first_address(*said: str) -> str:
    """The first of these that is an address; without any, this machine's own.

    IPv4 is written as such, also where it came in through an IPv6 socket: otherwise
    all of IPv4 would be one network to the limits.
    """
    for text in said:
        try:
            address = ip_address(text.partition("%")[0])
        except ValueError:
            continue
        return str(getattr(address, "ipv4_mapped", None) or address)
    return UNKNOWN


def client_network(request: HttpRequest) -> str:
    """The network by which a client is counted."""
    return network(client_address(request))


def network_of(scope: dict[str, Any]) -> str:
    """The same of a socket. `gameproject.boundary` has put there what is believed."""
    client = scope.get("client")
    return network(first_address(str(client[0]) if client else ""))


def digest(network: str, game_id: int) -> str:
    """What stands for a network in one game: it tells them apart, and names none."""
    key = salted_hmac("core.addresses", f"{game_id} {network}", algorithm="sha256")
    return key.hexdigest()[:MAX_DIGEST_LENGTH]


def network(address: str) -> str:
    """The address or, of IPv6, the /64 that is all its owner's."""
    found = ip_address(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((int(found), 64), strict=False))
    return str(found)
