"""How many sockets one session and one address may hold in this process."""

from collections import Counter
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.refusals import Refused

RETRY_SECONDS = 10


class OpenSockets:
    """The sockets that are open, those of a session with the oldest first."""

    def __init__(self) -> None:
        self._held: dict[Any, tuple[str, str]] = {}  # by what each is counted
        self._by_session: dict[str, dict[Any, None]] = {}
        self._by_address: Counter[str] = Counter()

    def add(self, socket: Any, session: str, address: str) -> Any:
        """Count a socket; the one that has to go for it, or None.

        The newest of a session is let in: a phone that comes back leaves sockets
        behind that are dead, and nobody has noticed. Of an address it is refused.
        """
        if self._by_address[address] >= settings.SOCKETS_PER_ADDRESS:
            detail = _("Too many players come from your network.")
            raise Refused("rate_limited", detail, retry_after=RETRY_SECONDS)
        self._by_address[address] += 1
        self._held[socket] = session, address
        if not session:
            return None
        mates = self._by_session.setdefault(session, {})
        mates[socket] = None
        return self._oldest_of(mates)

    @staticmethod
    def _oldest_of(mates: dict[Any, None]) -> Any:
        """Take out the oldest, where there is one too many."""
        if len(mates) <= settings.SOCKETS_PER_SESSION:
            return None
        oldest = next(iter(mates))
        del mates[oldest]
        return oldest

    def remove(self, socket: Any) -> None:
        """Forget a socket that has gone, if it was ever let in."""
        if socket not in self._held:
            return
        session, address = self._held.pop(socket)
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
        mates = self._by_session.get(session, {})
        mates.pop(socket, None)
        if not mates:
            self._by_session.pop(session, None)


open_sockets = OpenSockets()
