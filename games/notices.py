"""Notices: a message from staff to everybody in a game, for a while."""

import unicodedata
from datetime import datetime
from typing import TypedDict

from django.utils.translation import gettext_lazy as _

from core.refusals import Refused
from core.timestamps import to_ms

LONGEST = 300  # characters
UNKEPT = ("Cc", "Cs")  # control characters, lone surrogates


class Notice(TypedDict):
    """As the wire has it; `until` is in ms since 1970."""

    text: str
    until: int


def checked(text: str) -> str:
    """The text without spaces around it; `Refused` if there is none, or too much."""
    text = "\n".join(text.strip().splitlines())
    if any(unicodedata.category(c) in UNKEPT for c in text.replace("\n", "")):
        raise Refused(
            "invalid", _("The text has characters that can’t be stored."), field="text"
        )
    if not 0 < len(text) <= LONGEST:
        detail = _("Message: 1 to %(most)d characters.") % {"most": LONGEST}
        raise Refused("invalid", detail, field="text")
    return text


def in_force(notice: Notice | None, now: datetime) -> Notice | None:
    """The notice, unless it is over by the server's clock."""
    return notice if notice and notice["until"] > to_ms(now) else None
