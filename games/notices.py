"""Notices: messages from staff to everybody in a game, for a limited time."""

import unicodedata
from datetime import datetime
from typing import TypedDict

from django.utils.translation import gettext_lazy as _

from core.refusals import Refused
from core.timestamps import to_ms

MAX_LENGTH = 300  # characters
UNSTORABLE = ("Cc", "Cs")  # control characters, lone surrogates


class Notice(TypedDict):
    """As the wire has it; `until` is in ms since 1970."""

    text: str
    until: int


def checked(text: str) -> str:
    """The stripped text; `Refused` if it is empty or too long."""
    text = "\n".join(text.strip().splitlines())
    if any(unicodedata.category(c) in UNSTORABLE for c in text.replace("\n", "")):
        raise Refused(
            "invalid", _("The text has characters that can’t be stored."), field="text"
        )
    if not 0 < len(text) <= MAX_LENGTH:
        detail = _("Message: 1 to %(most)d characters.") % {"most": MAX_LENGTH}
        raise Refused("invalid", detail, field="text")
    return text


def in_force(notice: Notice | None, now: datetime) -> Notice | None:
    """The notice, or None if its time is over."""
    return notice if notice and notice["until"] > to_ms(now) else None
