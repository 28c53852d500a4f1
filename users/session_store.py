"""Django's sessions in the database alone (`SESSION_ENGINE`).

A session's row is the truth: once it is gone, nobody is signed in by it, whatever any
cache says or fails to forget.
"""

import re
from base64 import b32encode
from datetime import datetime
from secrets import token_bytes
from typing import Any, NamedTuple, cast

from django.contrib.sessions.backends import db

KEY = re.compile("[a-z0-9]{32}")


class Row(NamedTuple):
    """What a session holds, and when it ends unless it is used."""

    data: dict[str, Any]
    expires: datetime


class SessionStore(db.SessionStore):
    """A key that can't be one is no key, so no statement is sent for it."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key if is_key(session_key) else None)
        self.expires: datetime | None = None  # of a row that was read
        self.begins = False  # with this response; its row is there already
        self._filled, self._row = False, cast(Row | None, None)

    def _get_session_from_db(self) -> Any:
        row = super()._get_session_from_db()  # type: ignore[misc]
        self.expires = row.expire_date if row else None
        return row

    def fill(self, row: Row | None) -> None:
        """Have what was read for many sessions at once; None if there is no such row.

        No statement is sent then. It counts as used once somebody looks into it.
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
        """Take a new key; where there was none, the row comes with the first save.

        Django's own would insert an empty row first.
        """
        if self.session_key is None:
            self._session_cache = self._session  # type: ignore[attr-defined]
            self.modified = True
        else:
            super().cycle_key()

    def _get_new_session_key(self) -> str:
        return new_key()


def new_key() -> str:
    """A session's key that nobody has, of 160 bits: no insert of one fails."""
    return b32encode(token_bytes(20)).decode().lower()


def is_key(said: Any) -> bool:
    """Whether this can be a session's key at all."""
    return isinstance(said, str) and KEY.fullmatch(said) is not None
