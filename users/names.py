"""Names as people type them, and the keys by which we tell them apart."""

import re
import unicodedata

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.refusals import Refused

MIN_LENGTH = 2  # of any name's key, and of a nickname as shown
MAX_NAME_LENGTH = 40  # of an account's name, as shown
MAX_NICKNAME_LENGTH = 20  # as shown
MAX_KEY_LENGTH = 80  # of an account's name
MAX_LISTED_LENGTH = 200  # of a key on a list
# As typed. Sorting combining marks takes time that grows with their number squared.
MAX_TYPED = 300

# Parts that no name may hold, as keys; a site adds its own in NICKNAME_BLOCKLIST.
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

# Control, format, surrogate and private characters, which nobody sees.
UNSEEN = {"Cc", "Cf", "Cs", "Co"}
# Letters and marks to Unicode that are drawn as nothing: fillers and joiners.
BLANKS = set("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Ask for a coloured or a plain drawing of the character before them.
VARIANTS = set(map(chr, range(0xFE00, 0xFE10)))
# Drawn alike, and typed one for the other: phones write ’ where a keyboard has '.
ALIKE = str.maketrans(
    dict.fromkeys(
        "\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02bd\u02c8\u055a\u2032\u2035\ua78c`", "'"
    )
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u02ba", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212", "-")
)
# NFKC makes of an accent that stands alone a space with the accent upon it.
ACCENTS = str.maketrans("\u00b4\u1ffd", "''")
# NFKC takes the Thai and Lao vowel AM apart, which fonts then draw wrongly.
AM = {
    re.compile("\u0e4d([\u0e48-\u0e4b]?)\u0e32"): "\\1\u0e33",
    re.compile("\u0ecd([\u0ec8-\u0ecb]?)\u0eb2"): "\\1\u0eb3",
}


def normalize_display(name: str) -> str:
    """The name as shown: NFKC, no invisible characters, single inner spaces.

    `Refused("too_large")` if more than `MAX_TYPED` characters were typed.
    """
    check_length(name)
    return _tidy(name)


def check_length(typed: str) -> None:
    if len(typed) > MAX_TYPED:
        raise Refused("too_large")


def _tidy(name: str) -> str:
    whole = name.translate(ACCENTS)
    shown = unicodedata.normalize("NFKC", whole)
    if not (shown.isprintable() and BLANKS.isdisjoint(shown)):
        shown = "".join(map(_seen, shown))
        shown = unicodedata.normalize("NFKC", shown)
    for in_parts, vowel in AM.items():
        shown = in_parts.sub(vowel, shown)
    return " ".join(unicodedata.normalize("NFC", shown).split())


def _seen(character: str) -> str:
    """The character if it is seen, a space for any kind of space, else nothing."""
    if character.isspace():
        return " "
    unseen = unicodedata.category(character) in UNSEEN or character in BLANKS
    return "" if unseen else character


def normalize_key(name: str) -> str:
    """The name as compared: normalize_display, case folded, without any space.

    What looks the same is the same: the Thai เ typed twice is แ, and either quote is
    the other. Refused as by `normalize_display`.
    """
    check_length(name)
    return fold_text(name)


def fold_text(text: str) -> str:
    """`normalize_key` for a text whose length was checked before."""
    drawn = "".join(c for c in _tidy(text) if not (c == " " or c in VARIANTS))
    return _tidy(drawn.casefold()).replace("เเ", "แ").translate(ALIKE)


def key_on_list(name: str) -> str:
    """The key of a name on a list, which may be longer than any player's."""
    return normalize_key(name)[:MAX_LISTED_LENGTH]


def check_name(name: str, *, allow_blocked: bool = False) -> str:
    """An account's name as shown, or `Refused("invalid")` on the field `name`."""
    shown = normalize_display(name) if len(name) <= MAX_TYPED else ""
    if len(normalize_key(shown)) < MIN_LENGTH or is_too_long(shown):
        text = _("A name has 2 to 40 letters or digits.")
        raise Refused("invalid", text, field="name")
    if is_blocked(shown) and not allow_blocked:
        raise Refused("invalid", _("Choose another name."), field="name")
    return shown


def check_nickname(nickname: str) -> str:
    """The nickname as shown, or `Refused("invalid")` on the field `nickname`."""
    shown = normalize_display(nickname) if len(nickname) <= MAX_TYPED else ""
    fits = MIN_LENGTH <= len(shown) <= MAX_NICKNAME_LENGTH
    if not fits or len(normalize_key(shown)) < MIN_LENGTH:
        text = _("A nickname has 2 to 20 characters.")
        raise Refused("invalid", text, field="nickname")
    if is_blocked(shown):
        raise Refused("invalid", _("Choose another nickname."), field="nickname")
    return shown


def is_too_long(name: str) -> bool:
    """Whether no account can have this name."""
    if len(name) > MAX_TYPED or len(shown := normalize_display(name)) > MAX_NAME_LENGTH:
        return True
    # One character becomes at most three in a key.
    might = 3 * len(shown) > MAX_KEY_LENGTH
    return might and len(normalize_key(shown)) > MAX_KEY_LENGTH


def is_blocked(name: str) -> bool:
    """Whether the name holds a part that is on the blocklist."""
    key = normalize_key(name)
    parts = (*BLOCKED_PARTS, *map(normalize_key, settings.NICKNAME_BLOCKLIST))
    return any(part and part in key for part in parts)
