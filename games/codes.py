"""The prize codes that a table holds, each checked by its row."""

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
    """One code and the row of the file in which it stood."""

    row: int
    text: str


class BrokenRow(NamedTuple):
    """A row that holds no code, and why."""

    row: int
    why: str | Promise


@dataclass
class Codes:
    """The codes in their order, and the first of the rows that hold none."""

    lines: list[Line] = field(default_factory=list)
    broken: list[BrokenRow] = field(default_factory=list)
    broken_rows: int = 0

    def refuse(self, row: int, why: str | Promise) -> None:
        self.broken_rows += 1
        if len(self.broken) < EXAMPLES:
            self.broken.append(BrokenRow(row, why))

    def check(self) -> None:
        """`Refused` by the first row that holds no code."""
        for row, why in self.broken:
            raise broken(row, why)

    @property
    def others(self) -> int:
        """How many broken rows there are beside the first ones."""
        return self.broken_rows - len(self.broken)


def codes_in(table: Table, reading: Reading) -> Codes:
    """Every row below the header is a code, or is told as one that isn't."""
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
    """Why this can be no code; empty where it can."""
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
    """Control and format characters, halves of surrogate pairs, line separators."""
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp")


def are_rounded(lines: Iterable[Line]) -> bool:
    """Whether all the long numbers end in zeros, as a spreadsheet leaves them."""
    long = [text for _row, text in lines if len(text) > MAX_DIGITS and text.isdecimal()]
    return len(long) > 2 and not any(text[MAX_DIGITS:].strip("0") for text in long)
