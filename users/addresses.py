"""Whose address a request comes from."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The client's address: the peer's or, with TRUST_PROXY, what our proxy says.

    Only `X-Real-IP` is read, which the proxy must overwrite; `X-Forwarded-For` may
    carry what a stranger wrote into it.
    """
    if settings.TRUST_PROXY:
        said = request.META.get("HTTP_X_REAL_IP", "")
        if said:
            return str(said)
    return request.META.get("REMOTE_ADDR") or "127.0.0.1"
