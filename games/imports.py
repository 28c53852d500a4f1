"""Reading files of prize codes, and taking them into a pool.

Either the whole file is read or nothing is changed: a broken row is refused by its
number.
"""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from games.models import Pool
from games.models.prizes import LONGEST_CODE
from games.states import SEEN
from games.workbooks import MOST_ROWS, Cell, rows_of
from games.xml_parts import BROKEN, TooLarge
from users.refusals import Refused

LARGEST_UPLOAD = 20 * 1024 * 1024  # bytes
MOST_CODES = 200_000
MOST_DIGITS = 15  # of a number that spreadsheets keep exactly
LONGEST_LINE = 100_000  # characters
EXAMPLES = 10
HEADER = "code"

# A row of the file as it stands there: its number, and its cells.
Row = tuple[int, list[str]]


@dataclass(frozen=True)
class Line:
    """One code and the row of the file in which it stood."""

    row: int
    text: str


@dataclass
class Repeats:
    """Codes left out because they were there before."""

    count: int = 0
    examples: list[Line] = field(default_factory=list)

    def add(self, line: Line) -> None:
        self.count += 1
        if self.count <= EXAMPLES:
            self.examples.append(line)

    @property
    def others(self) -> int:
        """How many there are beside the examples."""
        return self.count - len(self.examples)


@dataclass
class Report:
    """What an import did."""

    read: int = 0
    added: int = 0
    to_waiting: int = 0  # of those added, given at once to players who were owed one
    first: str = ""
    last: str = ""
    in_file: Repeats = field(default_factory=Repeats)
    in_pool: Repeats = field(default_factory=Repeats)


def import_codes(pool: Pool, upload: Any) -> Report:
    """Add the codes of an uploaded file to the pool; `Refused` changes nothing."""
    lines = read_codes(upload)
    report = Report(read=len(lines))
    with transaction.atomic():
        Pool.objects.select_for_update().get(pk=pool.pk)
        present = set(pool.codes.values_list("text", flat=True))
        texts = list(new_texts(lines, present, report))
        waiting = pool.owed.count()
        report.added = pool.add(texts)
        report.to_waiting = waiting - pool.owed.count()
        if report.added and pool.game.state in SEEN:
            # It may have been sold out: players must hear that it no longer is.
            pool.game.announce()
    if texts:
        report.first, report.last = texts[0], texts[-1]
    return report


def new_texts(
    lines: Iterable[Line], present: set[str], report: Report
) -> Iterator[str]:
    """The codes to add, in the file's order; the others are counted in the report."""
    seen: set[str] = set()
    for line in lines:
        if line.text in seen:
            report.in_file.add(line)
        elif line.text in present:
            report.in_pool.add(line)
        else:
            yield line.text
        seen.add(line.text)


def read_codes(upload: Any) -> list[Line]:
    """The codes of a CSV, TXT or XLSX file, in their order, repeats and all."""
    if upload.size > LARGEST_UPLOAD:
        raise refused(_("%(name)s has more than 20 MB."), upload, "too_large")
    read = READERS.get(PurePath(upload.name).suffix.lower())
    if read is None:
        raise refused(_("%(name)s is not a CSV, TXT or XLSX file."), upload)
    lines: list[Line] = []
    for row, cells in below_header(read(upload)):
        lines.append(Line(row, checked(row, cells[0])))
        if len(lines) > MOST_CODES:
            text = _("%(name)s has more than %(most)s codes.")
            raise refused(text, upload, "too_large", most=f"{MOST_CODES:,}")
    if not lines:
        raise refused(_("%(name)s has no codes in it."), upload)
    return lines


def below_header(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows in which anything is written, but for a first one that says “code”."""
    filled = ((row, cells) for row, cells in rows if any(cells))
    for place, (row, cells) in enumerate(filled):
        if place or cells[0].casefold() != HEADER:
            yield row, cells


def checked(row: int, text: str) -> str:
    """The code, if it can be one."""
    if not text:
        raise broken(row, _("the code is empty."))
    if len(text) > LONGEST_CODE:
        most = {"most": LONGEST_CODE}
        raise broken(row, _("the code has over %(most)d characters.") % most)
    if any(is_invisible(character) for character in text):
        raise broken(row, _("the code has invisible characters."))
    return text


def is_invisible(character: str) -> bool:
    """Control and format characters, halves of surrogate pairs, line separators."""
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp")


def broken(row: int, why: str | Promise) -> Refused:
    text = _("Row %(row)d: %(why)s Nothing was imported.") % {"row": row, "why": why}
    return Refused("invalid", text, field="file")


def refused(text: str, upload: Any, code: str = "invalid", **values: Any) -> Refused:
    """A refusal that names the file."""
    return Refused(code, text % {"name": upload.name, **values}, field="file")


# The formats


def text_of(upload: Any) -> str:
    """The file as text; with or without the mark that Excel puts in front."""
    data: bytes = upload.read()
    if data.startswith((b"PK\x03\x04", b"\x89PNG", b"%PDF", b"\xff\xd8")):
        raise refused(_("%(name)s is no text file, whatever its name says."), upload)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if b"\x00" in data[:1000]:
            text = _("%(name)s is no text file in UTF-8.")
            raise refused(text, upload) from error
        row = data.count(b"\n", 0, error.start) + 1
        raise broken(row, _("it isn't written in UTF-8.")) from error
    if "\x00" in text:
        raise refused(_("%(name)s is no text file, whatever its name says."), upload)
    return text


def lines_of(upload: Any, text: str, newline: str) -> Iterator[str]:
    """The lines of a text, as far as a list of codes can have any."""
    for number, line in enumerate(io.StringIO(text, newline=newline), 1):
        if number > MOST_ROWS:
            text = _("%(name)s has more than %(most)s rows.")
            raise refused(text, upload, "too_large", most=f"{MOST_ROWS:,}")
        if len(line) > LONGEST_LINE:
            raise broken(number, _("it is too long."))
        yield line


def txt_rows(upload: Any) -> Iterator[Row]:
    """One code a line."""
    for number, line in enumerate(lines_of(upload, text_of(upload), "\n"), 1):
        yield number, [line.strip()]


def csv_rows(upload: Any) -> Iterator[Row]:
    """The first of the columns, which commas part, or what parts them in the header."""
    text = text_of(upload)
    lines = lines_of(upload, text, "")
    reader = csv.reader(lines, delimiter=delimiter_of(text), strict=True)
    row = 1
    try:
        for cells in reader:
            yield row, [cell.strip() for cell in cells]
            row = reader.line_num + 1
    except csv.Error as error:
        raise broken(row, _("it can't be read as CSV.")) from error


def delimiter_of(text: str) -> str:
    """Excel writes `;` or tabs in some languages; only a header says so for sure."""
    says_code = text[: len(HEADER)].casefold() == HEADER
    after = text[len(HEADER) : len(HEADER) + 1]
    return after if says_code and after in (";", "\t") else ","


def xlsx_rows(upload: Any) -> Iterator[Row]:
    """The first sheet of a workbook."""
    try:
        for row in rows_of(upload):
            first = cell_text(row.number, row.first) if row.first else ""
            yield row.number, [first, "x" if row.others else ""]
    except TooLarge as error:
        text = _("%(name)s is too large when unpacked.")
        raise refused(text, upload, "too_large") from error
    except BROKEN as error:
        raise refused(_("%(name)s is not an Excel workbook."), upload) from error


def cell_text(row: int, cell: Cell) -> str:
    """A cell's text; numbers only where Excel has surely kept every digit."""
    if cell.kind == "s":
        return cell.text.strip()
    if cell.kind == "n" and (number := float(cell.text)).is_integer():
        digits = str(int(number))
        if len(digits) <= MOST_DIGITS:
            return digits
    names = {"f": _("a formula"), "e": _("an error"), "d": _("a date")}
    what = names.get(cell.kind, _("a number that may have lost digits, or a yes or no"))
    raise broken(row, _("the cell holds %(what)s, not text.") % {"what": what})


READERS = {".csv": csv_rows, ".txt": txt_rows, ".xlsx": xlsx_rows}
