"""Reads a sheet of an Excel workbook as a stream, within bounds.

Only what the sheet's rows need is held in memory; gaps between rows take none. Hidden
sheets, rows and columns are not read, but counted.
"""

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, NamedTuple

from games.tables.workbook_parts import (
    YES,
    Relations,
    SheetName,
    SheetNames,
    Styles,
    TextCollector,
    Texts,
)
from games.tables.xml_parts import Budget, check_members

MAX_ROWS = 1_048_576  # as in Excel
MAX_COLUMNS = 50  # that are read; others are only noticed


class Cell(NamedTuple):
    """`kind`: s text, n number, d date, b yes or no, e error, f formula.

    `format`: how a number is shown; empty for the general format.
    """

    kind: str
    text: str
    format: str = ""


class SheetRow(NamedTuple):
    """The filled cells by column, and whether there are cells in `others`."""

    number: int
    cells: Mapping[int, Cell]
    others: bool


@dataclass
class Hidden:
    """What a workbook hides, and so is not read."""

    rows: int = 0
    columns: set[int] = field(default_factory=set)
    sheets: list[str] = field(default_factory=list)


def rows_of(
    file: IO[bytes], sheet: int = 0, hidden: Hidden | None = None
) -> Iterator[SheetRow]:
    """The filled rows of one of the visible sheets.

    Raises `TooLarge`, or one of `BROKEN`.
    """
    with zipfile.ZipFile(file) as archive:
        check_members(archive)
        book = Book(archive, Budget())
        reader = SheetReader(
            book.budget, book.texts(), book.formats(), hidden or Hidden()
        )
        for _piece in reader.read(archive, book.path_of(book.visible()[sheet])):
            yield from reader.taken()


def sheets_of(file: IO[bytes]) -> tuple[list[str], list[str]]:
    """The names of the visible and of the hidden sheets. Raises as `rows_of`."""
    with zipfile.ZipFile(file) as archive:
        check_members(archive)
        book = Book(archive, Budget())
        hidden = [sheet.name for sheet in book.sheets() if sheet.hidden]
        return [sheet.name for sheet in book.visible()], hidden


@dataclass
class Book:
    """The parts of a workbook that its sheets need."""

    archive: zipfile.ZipFile
    budget: Budget
    path: str = ""
    relations: Relations = field(init=False)

    def __post_init__(self) -> None:
        self.path = self.related("").path("officeDocument")
        self.relations = self.related(self.path)

    def related(self, path: str) -> Relations:
        folder, name = posixpath.split(path)
        relations = Relations(self.budget, folder)
        relations.whole(self.archive, posixpath.join(folder, "_rels", f"{name}.rels"))
        return relations

    def sheets(self) -> list[SheetName]:
        """The sheets with cells, without those of charts."""
        names = SheetNames(self.budget)
        names.whole(self.archive, self.path)
        kinds = {key: kind for key, (kind, _path) in self.relations.parts.items()}
        return [s for s in names.sheets if kinds.get(s.relation) == "worksheet"]

    def visible(self) -> list[SheetName]:
        return [sheet for sheet in self.sheets() if not sheet.hidden]

    def path_of(self, sheet: SheetName) -> str:
        return self.relations.parts[sheet.relation][1]

    def texts(self) -> list[str]:
        texts = Texts(self.budget)
        if path := self.relations.path("sharedStrings"):
            texts.whole(self.archive, path)
        return texts.texts

    def formats(self) -> dict[str, str]:
        styles = Styles(self.budget)
        if path := self.relations.path("styles"):
            styles.whole(self.archive, path)
        return styles.by_place


class SheetReader(TextCollector):
    """Reads the rows of a sheet; `taken` returns those read since its last call."""

    def __init__(
        self,
        budget: Budget,
        texts: list[str],
        formats: Mapping[str, str],
        hidden: Hidden,
    ) -> None:
        super().__init__(budget)
        self.texts, self.formats, self.hidden = texts, formats, hidden
        self.ready: list[SheetRow] = []
        self.row, self.column, self.is_hidden = 0, -1, False
        self.cells: dict[int, Cell] = {}
        self.others, self.formula = False, False
        self.attributes: dict[str, str] = {}  # of the current cell

    def taken(self) -> list[SheetRow]:
        ready, self.ready = self.ready, []
        return ready

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            number = attributes.get("r")
            self.row = self.row + 1 if number is None else row_number(number)
            self.cells, self.others, self.column = {}, False, -1
            self.is_hidden = is_hidden(attributes, "ht")
        elif name == "col" and is_hidden(attributes, "width"):
            self.hide_columns(int(attributes["min"]), int(attributes["max"]))
        elif name == "c":
            self.attributes, self.formula = attributes, False
        elif name == "f":
            self.formula = True
        else:
            self.listen(name, True)

    def end(self, name: str) -> None:
        if name == "c":
            self.add(self.cell())
        elif name == "row":
            self.end_row()
        else:
            self.listen(name, False)

    def end_row(self) -> None:
        if not (self.cells or self.others):
            return
        if self.is_hidden:
            self.hidden.rows += 1
        else:
            self.ready.append(SheetRow(self.row, self.cells, self.others))

    def hide_columns(self, first: int, last: int) -> None:
        """They are counted from 1."""
        self.hidden.columns |= set(range(max(first, 1) - 1, min(last, MAX_COLUMNS)))

    def cell(self) -> Cell | None:
        """The cell that ends here; None if it is empty."""
        text, kind = self.take(), self.attributes.get("t", "n")
        if self.formula:
            return Cell("f", text)
        if not text:
            return None
        if kind == "s":
            return Cell("s", self.texts[int(text)])
        if kind in ("str", "inlineStr"):
            return Cell("s", text)
        style = self.attributes.get("s", "")
        format = self.formats.get(style, "") if kind == "n" else ""
        return Cell(kind, text, format)

    def add(self, cell: Cell | None) -> None:
        """Add it to the row: in the column that it names, else in the next one."""
        place = self.attributes.get("r", "").rstrip("0123456789")
        self.column = column_number(place) if place else self.column + 1
        if cell is None or self.column in self.hidden.columns:
            return
        if self.column < MAX_COLUMNS:
            self.cells[self.column] = cell
        else:
            self.others = True


def is_hidden(attributes: Mapping[str, str], size: str) -> bool:
    """Whether a row or column is hidden, or has no height or width."""
    return attributes.get("hidden", "") in YES or float(attributes.get(size) or 1) == 0


def row_number(text: str) -> int:
    number = int(text.partition(".")[0])  # some programs write 7.0
    if not 0 < number <= MAX_ROWS:
        raise ValueError("a row that no sheet has")
    return number


@lru_cache(maxsize=256)
def column_number(letters: str) -> int:
    """The column, from 0; `MAX_COLUMNS` for all columns that aren't read."""
    number = 0
    for letter in letters[:4].upper():
        number = number * 26 + ord(letter) - 64
    return min(max(number - 1, 0), MAX_COLUMNS)
