"""What names may be, how they are shown, and the keys by which they are compared."""

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

# Categories of invisible characters: control, format, surrogate, private.
INVISIBLE = {"Cc", "Cf", "Cs", "Co"}
# Letters and marks in Unicode that are drawn as nothing: fillers and joiners.
BLANKS = set("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Variation selectors: draw the character before in colour, or plain.
VARIANTS = set(map(chr, range(0xFE00, 0xFE10)))
# Look alike, and are typed for each other: phones write ’ where keyboards have '.
ALIKE = str.maketrans(
    dict.fromkeys(
        "\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02bd\u02c8\u055a\u2032\u2035\ua78c`", "'"
    )
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u02ba", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212", "-")
)
# NFKC turns a stand-alone accent into a space with a combining accent.
ACCENTS = str.maketrans("\u00b4\u1ffd", "''")
# NFKC decomposes the Thai and Lao vowel AM, which fonts then draw wrongly.
AM = {
    re.compile("\u0e4d([\u0e48-\u0e4b]?)\u0e32"): "\\1\u0e33",
    re.compile("\u0ecd([\u0ec8-\u0ecb]?)\u0eb2"): "\\1\u0eb3",
}


def normalize_display(name: str) -> str:
    """The name as shown: NFKC, no invisible characters, single spaces inside.

    `Refused("too_large")` if it has more than `MAX_TYPED` characters.
    """
    check_length(name)
    return _display_text(name)


def check_length(typed: str) -> None:
    if len(typed) > MAX_TYPED:
        raise Refused("too_large")


def _display_text(name: str) -> str:
    whole = name.translate(ACCENTS)
    shown = unicodedata.normalize("NFKC", whole)
    if not (shown.isprintable() and BLANKS.isdisjoint(shown)):
        shown = "".join(map(_visible, shown))
        shown = unicodedata.normalize("NFKC", shown)
    for in_parts, vowel in AM.items():
        shown = in_parts.sub(vowel, shown)
    return " ".join(unicodedata.normalize("NFC", shown).split())


def _visible(character: str) -> str:
    """The character, a space for any kind of space, or nothing if it is invisible."""
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    return "" if category in INVISIBLE or character in BLANKS else character


def normalize_key(name: str) -> str:
    """The key for comparison: `normalize_display`, case folded, without spaces.

    Names that look the same have the same key: Thai เ typed twice is แ, and all
    quotation marks are equal. `Refused` as in `normalize_display`.
    """
    check_length(name)
    return fold_text(name)


def fold_text(text: str) -> str:
    """`normalize_key` for a text whose length has been checked."""
    drawn = "".join(c for c in _display_text(text) if not (c == " " or c in VARIANTS))
    return _display_text(drawn.casefold()).replace("เเ", "แ").translate(ALIKE)


def key_on_list(name: str) -> str:
    """The key of a name on a list, which may be longer than any account's."""
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
