"""The limit on failed sign-ins. Attempts are counted before the password is checked.

A successful sign-in gets its attempt back. So only failures count, even if many
attempts come at the same time. Three rules keep attackers from locking others out:

- a browser that was signed in to the account before has a limit of its own;
- other browsers are counted by account and address, so that nobody locks out another
  address;
- an address that has used up its failures keeps a few for each account, so that nobody
  locks out a whole venue.
"""

from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest

from core.addresses import client_network
from core.rates import parse_rate
from core.token_buckets import Bucket, Held, give_back, take
from users.devices import device_of
from users.models import Player

TIMES = 10  # times the limit: of an account over all addresses or known browsers
SPARE = 3  # failures per account, for an address that has used up its own
SPARE_VENUES = 3  # times VENUE_SIZE: all spare failures of an address


class Attempt:
    """One attempt to sign in to an account. Unknown names are counted as well."""

    def __init__(
        self, request: HttpRequest, name_key: str, account: Player | None
    ) -> None:
        self.name_key = name_key or "-"
        self.device, self.network = device_of(request), client_network(request)
        self.is_known = account is not None and account.pk in self.device.accounts
        self._taken: list[Held] = []

    def begin(self) -> int:
        """Count it. Returns 0, or the seconds to wait if it is over the limit."""
        wait = 0
        for buckets in self._choices():
            wait = take(buckets)
            if not wait:
                self._taken = buckets
                break
        return wait

    def take_back(self) -> None:
        """Don't count it: it was no failure."""
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
    """`times` the limit of one account."""
    rate = parse_rate(settings.SIGN_IN_FAILURES["account"])
    rate = rate._replace(most=times * rate.most)
    return Bucket(f"sign-in-{what}", rate.most, rate)


def address_limit() -> Bucket:
    rate = parse_rate(settings.SIGN_IN_FAILURES["address"])
    return Bucket("sign-in-address", rate.most, rate)


def spare(what: str, most: int) -> Bucket:
    """`most` failures, in the time in which an address gets its own back."""
    rate = parse_rate(settings.SIGN_IN_FAILURES["address"])._replace(most=most)
    return Bucket(f"sign-in-{what}", most, rate)
