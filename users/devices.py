"""The browsers in which an account was signed in to before, by a signed cookie.

Their failed sign-ins are counted apart from everybody else's, so nobody can lock them
out from elsewhere (OWASP: "device cookies"). The cookie lets nobody in.
"""

from dataclasses import dataclass
from uuid import uuid4

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from users.models import Player

COOKIE = SALT = "device"
LIFETIME = 365 * 24 * 3600  # seconds
MOST_ACCOUNTS = 8  # that one browser is known for


@dataclass(frozen=True)
class Device:
    """A browser: a random id, and the ids of accounts, the last one first."""

    id: str
    accounts: tuple[int, ...] = ()

    def knows(self, name_key: str) -> bool:
        """Whether the account of that name was signed in to here."""
        owners = Player.objects.filter(pk__in=self.accounts, name_key=name_key)
        return bool(self.accounts) and owners.exists()


def device_of(request: HttpRequest) -> Device:
    """The browser that asks; a new one where it shows no good cookie."""
    said = request.COOKIES.get(COOKIE, "")
    try:
        id_, accounts = signing.loads(said, salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return Device(uuid4().hex)
    return Device(id_, tuple(accounts))


def remember(request: HttpRequest, response: HttpResponseBase, player: Player) -> None:
    """Let the browser show from now on that this account was signed in to here."""
    known = device_of(request)
    others = [pk for pk in known.accounts if pk != player.pk]
    said = [known.id, [player.pk, *others][:MOST_ACCOUNTS]]
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
