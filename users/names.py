"""Names as people type them, and the keys by which we tell them apart."""

import unicodedata

from django.conf import settings
from django.utils.translation import gettext as _

from users.refusals import Refused

NICKNAME_MIN, NICKNAME_MAX = 2, 20

# Parts no nickname may hold, folded; a site adds its own in NICKNAME_BLOCKLIST.
BLOCKED_PARTS = (
    "admin",
    "moderator",
    "staff",
    "support",
    "system",
    "fuck",
    "shit",
    "cunt",
    "nigger",
    "ควย",
    "เหี้ย",
    "สัส",
    "แอดมิน",
    "ทีมงาน",
)


def tidy(name: str) -> str:
    """The name as shown: NFKC, no invisible characters, single inner spaces."""
    shown = unicodedata.normalize("NFKC", name)
    shown = "".join(c for c in shown if c == " " or unicodedata.category(c)[0] != "C")
    return " ".join(shown.split())


def fold(name: str) -> str:
    """The name as compared: tidy, case folded, without any space."""
    return "".join(unicodedata.normalize("NFKC", tidy(name).casefold()).split())


def check_nickname(nickname: str) -> str:
    """The nickname as shown, or `Refused("invalid")` on the field `nickname`."""
    shown = tidy(nickname)
    if not NICKNAME_MIN <= len(shown) <= NICKNAME_MAX or len(fold(shown)) < 2:
        raise Refused(
            "invalid", _("A nickname has 2 to 20 characters."), field="nickname"
        )
    if is_blocked(shown):
        raise Refused("invalid", _("Choose another nickname."), field="nickname")
    return shown


def is_blocked(name: str) -> bool:
    folded = fold(name)
    parts = (*BLOCKED_PARTS, *map(fold, settings.NICKNAME_BLOCKLIST))
    return any(part in folded for part in parts)
