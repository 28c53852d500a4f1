"""The prize codes in a table. Each row is checked."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from games.models.prizes import MAX_CODE_LENGTH
from games.tables.cells import LOST, MAX_DIGITS, Spoiled
from games.tables.files import Table
from games.tables.reading import Reading, broken, refused

MAX_CODES = 200_000
EXAMPLES = 10


class Line(NamedTuple):
    """One code, and its row in the file."""

    row: int
    text: str


class BrokenRow(NamedTuple):
    """A row without a valid code, and why."""

    row: int
    why: str | Promise


@dataclass
class Codes:
    """The codes in their order, and the first rows without a valid code."""

    lines: list[Line] = field(default_factory=list)
    broken: list[BrokenRow] = field(default_factory=list)
    broken_rows: int = 0

    def refuse(self, row: int, why: str | Promise) -> None:
        self.broken_rows += 1
        if len(self.broken) < EXAMPLES:
            self.broken.append(BrokenRow(row, why))

    def check(self) -> None:
        """`Refused` if there is a row without a valid code."""
        for row, why in self.broken:
            raise broken(row, why)

    @property
    def others(self) -> int:
        """How many more broken rows there are."""
        return self.broken_rows - len(self.broken)


def codes_in(table: Table, reading: Reading) -> Codes:
    """Read the codes below the header; rows without a valid code are in `broken`."""
    codes = Codes()
    for row, cell in table.cells(reading):
        if why := fault(cell):
            codes.refuse(row, why)
            continue
        codes.lines.append(Line(row, cell))
        if len(codes.lines) > MAX_CODES:
            text = _("%(name)s has more than %(most)s codes.")
            raise refused(text, table.name, "too_large", most=f"{MAX_CODES:,}")
    if not (codes.lines or codes.broken):
        raise refused(_("%(name)s has no codes in it."), table.name)
    if are_rounded(codes.lines):
        codes.refuse(codes.lines[0].row, holds(LOST))
    return codes


def fault(text: str) -> str | Promise:
    """Why this can't be a code; empty if it can."""
    if not text:
        return _("the code is empty.")
    if isinstance(text, Spoiled):
        return holds(text.why)
    if len(text) > MAX_CODE_LENGTH:
        return _("the code has over %(most)d characters.") % {"most": MAX_CODE_LENGTH}
    if not text.isprintable() and any(map(is_invisible, text)):
        return _("the code has invisible characters.")
    return ""


def holds(what: str | Promise) -> str:
    return _("the cell holds %(what)s, not text.") % {"what": what}


def is_invisible(character: str) -> bool:
    """Control and format characters, lone surrogates, line separators."""
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp")


def are_rounded(lines: Iterable[Line]) -> bool:
    """Whether all long numbers end in zeros, because a spreadsheet rounded them."""
    long = [text for _row, text in lines if len(text) > MAX_DIGITS and text.isdecimal()]
    return len(long) > 2 and not any(text[MAX_DIGITS:].strip("0") for text in long)
