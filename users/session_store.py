"""Django's sessions, stored only in the database (`SESSION_ENGINE`).

Nothing of a session is cached: once its row is deleted, it signs nobody in.
"""

import re
from base64 import b32encode
from datetime import datetime
from secrets import token_bytes
from typing import Any, NamedTuple, cast

from django.contrib.sessions.backends import db

KEY = re.compile("[a-z0-9]{32}")


class Row(NamedTuple):
    """A session's data, and when it ends unless it is used."""

    data: dict[str, Any]
    expires: datetime


class SessionStore(db.SessionStore):
    """Ignores impossible keys without a query, and accepts rows read in bulk."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key if is_key(session_key) else None)
        self.expires: datetime | None = None  # of the row, once it is read
        self.begins = False  # whether this response gives the browser its cookie
        self._filled, self._row = False, cast(Row | None, None)

    def _get_session_from_db(self) -> Any:
        row = super()._get_session_from_db()  # type: ignore[misc]
        self.expires = row.expire_date if row else None
        return row

    def fill(self, row: Row | None) -> None:
        """Take over a row that was read in bulk, None if there is none.

        `load` then takes no statement. The session counts as used once it is loaded.
        """
        self._filled, self._row = True, row

    def load(self) -> dict[str, Any]:
        if not self._filled:
            return super().load()
        if self._row is None:
            self._session_key = None
            return {}
        self.expires = self._row.expires
        return self._row.data

    def cycle_key(self) -> None:
        """Take a new key; without an old one, the first save inserts the row.

        Django would insert an empty row first.
        """
        if self.session_key is None:
            self._session_cache = self._session  # type: ignore[attr-defined]
            self.modified = True
        else:
            super().cycle_key()

    def _get_new_session_key(self) -> str:
        return new_key()


def new_key() -> str:
    """160 random bits, so that nobody has to ask whether the key is free."""
    return b32encode(token_bytes(20)).decode().lower()


def is_key(value: Any) -> bool:
    """Whether the value has the form of a session key."""
    return isinstance(value, str) and KEY.fullmatch(value) is not None
