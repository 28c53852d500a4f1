"""Browsers, by a signed cookie: each has a mark, and the accounts it was signed in to.

It is set where somebody signs in or joins a game, never by a page that is shared. By
its mark a browser wins once in a game. For accounts that it knows, failed sign-ins are
counted apart from everybody else's, so nobody can lock them out from elsewhere (OWASP:
"device cookies"). The cookie lets nobody in.
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
MAX_ACCOUNTS = 8  # that one browser is known for


@dataclass(frozen=True)
class Device:
    """A browser: a random id, and the ids of accounts, the last one first."""

    id: str
    accounts: tuple[int, ...] = ()


def device_of(request: HttpRequest) -> Device:
    """The browser that asks; a new one where it shows no good cookie."""
    return device_in(request.COOKIES) or Device(uuid4().hex)


def device_in(cookies: Mapping[str, str]) -> Device | None:
    """The browser that these cookies are of, if they say."""
    try:
        said = signing.loads(cookies.get(COOKIE, ""), salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return None
    id_, accounts = said
    return Device(id_, tuple(accounts))


def mark_of(cookies: Mapping[str, str]) -> str:
    """The browser's mark; empty for one that has none."""
    device = device_in(cookies)
    return device.id if device else ""


def remember(request: HttpRequest, response: HttpResponseBase, player: Player) -> None:
    """Let the browser show from now on that this account was signed in to here."""
    known = device_of(request)
    others = [pk for pk in known.accounts if pk != player.pk]
    keep(response, Device(known.id, (player.pk, *others[: MAX_ACCOUNTS - 1])))


def keep(response: HttpResponseBase, device: Device) -> None:
    """Let the browser show from now on that it is this one."""
    said = [device.id, list(device.accounts)]
    response.set_cookie(
        COOKIE,
        signing.dumps(said, salt=SALT),
        max_age=LIFETIME,
        path=settings.SESSION_COOKIE_PATH,
        domain=settings.SESSION_COOKIE_DOMAIN,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
