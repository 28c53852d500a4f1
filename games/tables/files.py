"""An uploaded file as a table: CSV, TXT or XLSX."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import PurePath
from typing import IO, Any

from django.utils.translation import gettext as _

from games.tables.cells import plain_text, text_of
from games.tables.guesses import SAMPLE, column_of, has_header
from games.tables.reading import Reading, Row, refused
from games.tables.texts import delimiter_of, encoding_of, text_rows
from games.tables.workbooks import MAX_COLUMNS, Hidden, SheetRow, rows_of, sheets_of
from games.tables.xml_parts import BROKEN, TooLarge

MAX_UPLOAD = 20 * 1024 * 1024  # bytes
SUFFIXES = (".csv", ".txt", ".xlsx")


def check_upload(upload: Any) -> None:
    """`Refused` if the file is too large, or its name has another ending."""
    if upload.size > MAX_UPLOAD:
        raise refused(_("%(name)s has more than 20 MB."), upload.name, "too_large")
    if PurePath(upload.name).suffix.lower() not in SUFFIXES:
        text = _("%(name)s is not a CSV, TXT or XLSX file.")
        raise refused(text, upload.name)


@dataclass
class Table:
    """The rows of a file. All methods may raise `Refused`."""

    file: IO[bytes]
    name: str
    hidden: Hidden = field(default_factory=Hidden)  # of the rows last read

    @property
    def suffix(self) -> str:
        return PurePath(self.name).suffix.lower()

    @property
    def is_workbook(self) -> bool:
        return self.suffix == ".xlsx"

    @cached_property
    def sheets(self) -> list[str]:
        """The names of a workbook's visible sheets."""
        if not self.is_workbook:
            return []
        try:
            shown, self.hidden.sheets = sheets_of(self.file)
        except TooLarge as error:
            raise self._too_large() from error
        except BROKEN as error:
            raise self._no_workbook() from error
        if not shown:
            raise refused(_("%(name)s has no visible sheet."), self.name)
        return shown

    def guess(self, words: Sequence[str], **chosen: Any) -> Reading:
        """The likely reading of the file, with what staff have chosen."""
        reading = replace(Reading(), **chosen)
        if not self.is_workbook and not reading.encoding:
            reading = replace(reading, encoding=encoding_of(self.file))
        if not self.is_workbook and "delimiter" not in chosen:
            delimiter = delimiter_of(self.file, self.name, reading.encoding)
            usual = "," if self.suffix == ".csv" else ""
            reading = replace(reading, delimiter=delimiter or usual)
        rows = [row.cells for row in self.first_rows(reading, SAMPLE)]
        if "header" not in chosen and rows:
            reading = replace(reading, header=has_header(rows, chosen.get("column")))
        if "column" not in chosen and rows:
            header = rows[0] if reading.header else None
            below = rows[1:] if reading.header else rows
            reading = replace(reading, column=column_of(below, header, words))
        return reading

    def first_rows(self, reading: Reading, count: int) -> list[Row]:
        """The first rows that aren't empty, with the header."""
        return list(islice(self.rows(reading), count))

    def rows(self, reading: Reading) -> Iterator[Row]:
        """The rows that aren't empty."""
        raw = self._workbook_rows if self.is_workbook else self._text_rows
        return (row for row in raw(reading) if any(row.cells))

    def cells(self, reading: Reading) -> Iterator[tuple[int, str]]:
        """Below the header, each row's number and its cell in the chosen column."""
        column = reading.column
        rows = self.rows(reading)
        for number, cells in islice(rows, 1 if reading.header else 0, None):
            cell = cells[column] if column < len(cells) else ""
            yield number, plain_text(cell)

    def _text_rows(self, reading: Reading) -> Iterator[Row]:
        quoted = self.suffix == ".csv"
        how = (reading.encoding, reading.delimiter, quoted)
        return text_rows(self.file, self.name, *how)

    def _workbook_rows(self, reading: Reading) -> Iterator[Row]:
        self.hidden = Hidden(sheets=self.hidden.sheets)
        if reading.sheet >= len(self.sheets):
            raise refused(_("%(name)s has no such sheet."), self.name)
        try:
            for row in rows_of(self.file, reading.sheet, self.hidden):
                yield Row(row.number, list(texts_in(row)))
        except TooLarge as error:
            raise self._too_large() from error
        except BROKEN as error:
            raise self._no_workbook() from error

    def _too_large(self) -> Exception:
        text = _("%(name)s is too large when unpacked.")
        return refused(text, self.name, "too_large")

    def _no_workbook(self) -> Exception:
        return refused(_("%(name)s is not an Excel workbook."), self.name)


def texts_in(row: SheetRow) -> Iterator[str]:
    """The texts of a row's cells, from the first column on."""
    width = MAX_COLUMNS if row.others else max(row.cells, default=-1) + 1
    for place in range(width):
        cell = row.cells.get(place)
        yield text_of(cell) if cell else ""
    if row.others:
        yield "…"  # more columns, which are not read


def table_of(upload: Any) -> Table:
    """The table in an upload, or `Refused`."""
    check_upload(upload)
    return Table(upload.file, upload.name)
