"""The limits on open sockets per session and per address in this process."""

from collections import Counter
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.refusals import Refused

RETRY_SECONDS = 10


class OpenSockets:
    """The open sockets by session, oldest first, and their number by address."""

    def __init__(self) -> None:
        self._held: dict[
            Any, tuple[str, str]
        ] = {}  # session and address of each socket
        self._by_session: dict[str, dict[Any, None]] = {}
        self._by_address: Counter[str] = Counter()

    def add(self, socket: Any, session: str, address: str) -> Any:
        """Count a socket; return the one to close in its place, or None.

        If the session has too many, its oldest is closed: a phone that reconnects
        leaves dead sockets behind. If the address has too many, raise `Refused`.
        """
        if self._by_address[address] >= settings.SOCKETS_PER_ADDRESS:
            detail = _("Too many players come from your network.")
            raise Refused("rate_limited", detail, retry_after=RETRY_SECONDS)
        self._by_address[address] += 1
        self._held[socket] = session, address
        if not session:
            return None
        sockets = self._by_session.setdefault(session, {})
        sockets[socket] = None
        return self._pop_excess(sockets)

    @staticmethod
    def _pop_excess(sockets: dict[Any, None]) -> Any:
        """Remove and return the oldest socket if there is one too many, or None."""
        if len(sockets) <= settings.SOCKETS_PER_SESSION:
            return None
        oldest = next(iter(sockets))
        del sockets[oldest]
        return oldest

    def remove(self, socket: Any) -> None:
        """Stop counting a closed socket; does nothing if it was not counted."""
        if socket not in self._held:
            return
        session, address = self._held.pop(socket)
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
        sockets = self._by_session.get(session, {})
        sockets.pop(socket, None)
        if not sockets:
            self._by_session.pop(session, None)


open_sockets = OpenSockets()
