"""The device cookie: a random id of the browser, and the accounts used in it.

It is set when somebody signs in or joins a game, never with a shared page. By the id,
only one player wins in a browser and game. For the accounts in the cookie, failed
sign-ins are counted separately, so that nobody can lock them out from elsewhere
(OWASP: "device cookies"). The cookie itself signs nobody in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from users.models import Player

COOKIE = SALT = "device"
LIFETIME = 365 * 24 * 3600  # seconds
MAX_ACCOUNTS = 8  # in one cookie


@dataclass(frozen=True)
class Device:
    """A browser: a random id, and the ids of its accounts, latest first."""

    id: str
    accounts: tuple[int, ...] = ()


def device_of(request: HttpRequest) -> Device:
    """The browser that sent the request; a new one if it has no valid cookie."""
    return device_in(request.COOKIES) or Device(uuid4().hex)


def device_in(cookies: Mapping[str, str]) -> Device | None:
    """The browser that these cookies name, if any."""
    try:
        payload = signing.loads(cookies.get(COOKIE, ""), salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return None
    id_, accounts = payload
    return Device(id_, tuple(accounts))


def browser_id(cookies: Mapping[str, str]) -> str:
    """The browser's id; empty if it has none."""
    device = device_in(cookies)
    return device.id if device else ""


def remember(request: HttpRequest, response: HttpResponseBase, player: Player) -> None:
    """Add the account to the browser's cookie."""
    known = device_of(request)
    others = [pk for pk in known.accounts if pk != player.pk]
    set_cookie(response, Device(known.id, (player.pk, *others[: MAX_ACCOUNTS - 1])))


def set_cookie(response: HttpResponseBase, device: Device) -> None:
    payload = [device.id, list(device.accounts)]
    response.set_cookie(
        COOKIE,
        signing.dumps(payload, salt=SALT),
        max_age=LIFETIME,
        path=settings.SESSION_COOKIE_PATH,
        domain=settings.SESSION_COOKIE_DOMAIN,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
