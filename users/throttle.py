"""The limit on failed sign-ins: counted before the password is looked at.

Who signs in gets back what was taken, so only failures are counted, however many come
at once. Three rules keep the limit from being a weapon:

- a browser that was signed in to the account before is counted for itself;
- strangers are counted by account and address, so nobody locks out another address;
- an address that has used up its failures keeps a few for each account, so nobody locks
  out a venue.
"""

from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest

from core.addresses import client_network
from core.rates import parse_rate
from core.token_buckets import Bucket, Held, give_back, take
from users.devices import device_of
from users.models import Player

TIMES = 10  # an account's limit over all addresses, or over all known browsers
SPARE = 3  # failures for each account from an address that has used up its own
SPARE_VENUES = 3  # times VENUE_SIZE of these


class Attempt:
    """One try of a password for an account; unknown names are counted the same."""

    def __init__(
        self, request: HttpRequest, name_key: str, account: Player | None
    ) -> None:
        self.name_key = name_key or "-"
        self.device, self.network = device_of(request), client_network(request)
        self.is_known = account is not None and account.pk in self.device.accounts
        self._taken: list[Held] = []

    def begin(self) -> int:
        """Count it: 0 if it may be made, or the seconds until one may."""
        wait = 0
        for buckets in self._choices():
            wait = take(buckets)
            if not wait:
                self._taken = buckets
                break
        return wait

    def take_back(self) -> None:
        """It was no failure: it isn't counted."""
        give_back(self._taken)

    def _choices(self) -> Iterator[list[Held]]:
        """Buckets that must all have room, and others in their place."""
        if self.is_known:
            yield [
                limit("device").of(self.name_key, self.device.id),
                limit("devices", TIMES).of(self.name_key),
            ]
            return
        account = [
            limit("account-at-address").of(self.name_key, self.network),
            limit("account", TIMES).of(self.name_key),
        ]
        yield [*account, address_limit().of(self.network)]
        yield [
            *account,
            spare("spare-account", SPARE).of(self.name_key, self.network),
            spare("spare", SPARE_VENUES * settings.VENUE_SIZE).of(self.network),
        ]


def limit(what: str, times: int = 1) -> Bucket:
    """So many times what one account may fail."""
    rate = parse_rate(settings.SIGN_IN_FAILURES["account"])
    rate = rate._replace(most=times * rate.most)
    return Bucket(f"sign-in-{what}", rate.most, rate)


def address_limit() -> Bucket:
    rate = parse_rate(settings.SIGN_IN_FAILURES["address"])
    return Bucket("sign-in-address", rate.most, rate)


def spare(what: str, most: int) -> Bucket:
    """So many in the time in which an address gets its own back."""
    rate = parse_rate(settings.SIGN_IN_FAILURES["address"])._replace(most=most)
    return Bucket(f"sign-in-{what}", most, rate)
