"""The text of a cell, or why a spreadsheet has visibly spoiled it."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from openpyxl.styles.numbers import is_date_format

from games.tables.workbooks import Cell

MAX_DIGITS = 15  # of a number that spreadsheets store exactly
PLAIN = ("", "0", "#", "@")  # formats that show a number's digits and no more

FORMULA, ERROR, DATE = _("a formula"), _("an error"), _("a date")
LOST = _("a number that may have lost digits, or a yes or no")

# Texts that spreadsheets write in place of something else. Codes don't look so.
SPOILED = re.compile(
    r"(?P<shortened>[+-]?[0-9](?:[.,][0-9]{1,20})?[Ee][+-][0-9]{2,3})"
    r"|(?P<marked>[0-9]{1,3}(?:,[0-9]{3}){1,9}(?:\.[0-9]{1,20})?|[0-9]{1,20}\.0{1,9})"
    r"|(?P<date>[0-9]{1,2}-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r"(?:-[0-9]{2,4})?"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-[0-9]{2,4}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9:.]{5,12})?"
    r"|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4})"
    r"|(?P<error>#{3,}|#(?:N/A|NAME\?|REF!|VALUE!|DIV/0!|NUM!|NULL!|ERROR!|SPILL!))"
    r"|(?P<formula>=.+)"
    r"|(?P<letters>\?{3,}|[^\ufffd]*\ufffd.*)",
    re.DOTALL,
)
WHYS: Mapping[str, str | Promise] = {
    "shortened": _("a number that a spreadsheet has shortened"),
    "marked": _("a number with marks between its digits"),
    "date": DATE,
    "error": ERROR,
    "formula": FORMULA,
    "letters": _("letters that were lost when the file was saved"),
}


class Spoiled(str):
    """A cell whose text isn't what was entered; `why` tells what it contains."""

    why: str | Promise

    @classmethod
    def by(cls, text: str, why: str | Promise) -> "Spoiled":
        spoiled = cls(text)
        spoiled.why = why
        return spoiled


def unmarked(text: str) -> str:
    """Remove what keeps spreadsheets from reading a number: ="0042" or '0042."""
    if text.startswith('="') and text.endswith('"') and len(text) > 3:
        return text[2:-1].replace('""', '"').strip()
    if text.startswith("'") and len(text) > 1:
        return text[1:].removesuffix("'").strip()
    return text


def plain_text(cell: str) -> str:
    """The text that was entered into the cell, or a `Spoiled`."""
    if isinstance(cell, Spoiled):
        return cell
    entered = unmarked(cell)
    if entered != cell:
        return entered
    match = SPOILED.fullmatch(cell)
    return Spoiled.by(cell, WHYS[str(match.lastgroup)]) if match else cell


# Cells of a workbook


def text_of(cell: Cell) -> str:
    """A cell's text, or a `Spoiled`, such as for a number that may lack digits."""
    if cell.kind == "s":
        return cell.text.strip()
    if cell.kind == "n":
        return number_text(cell.text, cell.format)
    whys = {"f": FORMULA, "e": ERROR, "d": DATE}
    return Spoiled.by(cell.text or "=", whys.get(cell.kind, LOST))


def number_text(text: str, format: str) -> str:
    """A number's digits, with the leading zeros that its format shows."""
    if format not in PLAIN and is_date_format(format):
        return Spoiled.by(text, DATE)
    digits = whole(text)
    if digits is None or len(digits) > MAX_DIGITS:
        return Spoiled.by(text, LOST)
    if format in PLAIN:
        return digits
    if set(format) == {"0"}:
        sign = "-" if digits.startswith("-") else ""
        return sign + digits.removeprefix("-").zfill(len(format))
    why = _("a number that is displayed differently, as “%(format)s”") % {
        "format": format
    }
    return Spoiled.by(digits, why)


def whole(text: str) -> str | None:
    """The digits of a whole number; None for any other."""
    try:
        number = Decimal(text[:400])
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() > MAX_DIGITS:
        return None
    return str(int(number)) if number == int(number) else None
