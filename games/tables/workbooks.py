"""A sheet of an Excel workbook, as a stream with bounds.

Nothing is kept of it but what the sheet's rows need, and gaps between rows stay gaps.
What is hidden in the workbook (sheets, rows, columns) is not read, and counted.
"""

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, NamedTuple

from games.tables.workbook_parts import (
    YES,
    Gathering,
    Relations,
    SheetName,
    SheetNames,
    Styles,
    Texts,
)
from games.tables.xml_parts import Budget, check_members

MAX_ROWS = 1_048_576  # as in Excel
MAX_COLUMNS = 50  # that are read; of further ones only whether they hold anything


class Cell(NamedTuple):
    """`kind`: s text, n number, d date, b yes or no, e error, f formula.

    `format`: how a number is shown; empty where nothing special is said.
    """

    kind: str
    text: str
    format: str = ""


class SheetRow(NamedTuple):
    """The cells in which anything is, by column, and whether further ones hold any."""

    number: int
    cells: Mapping[int, Cell]
    others: bool


@dataclass
class Hidden:
    """What a workbook hides, and so isn't taken."""

    rows: int = 0
    columns: set[int] = field(default_factory=set)
    sheets: list[str] = field(default_factory=list)


def rows_of(
    file: IO[bytes], sheet: int = 0, hidden: Hidden | None = None
) -> Iterator[SheetRow]:
    """The filled rows of one of the sheets that are shown.

    Raises `TooLarge`, or one of `BROKEN`.
    """
    with zipfile.ZipFile(file) as archive:
        check_members(archive)
        book = Book(archive, Budget())
        reader = PlayerAnswers(
            book.budget, book.texts(), book.formats(), hidden or Hidden()
        )
        for _piece in reader.read(archive, book.path_of(book.shown()[sheet])):
            yield from reader.taken()


def sheets_of(file: IO[bytes]) -> tuple[list[str], list[str]]:
    """The names of the sheets that are shown, and of those hidden. Raises as above."""
    with zipfile.ZipFile(file) as archive:
        check_members(archive)
        book = Book(archive, Budget())
        hidden = [one.name for one in book.sheets() if one.hidden]
        return [one.name for one in book.shown()], hidden


@dataclass
class Book:
    """Where a workbook keeps what one of its sheets needs."""

    archive: zipfile.ZipFile
    budget: Budget
    path: str = ""
    relations: Relations = field(init=False)

    def __post_init__(self) -> None:
        self.path = self.related("").path("officeDocument")
        self.relations = self.related(self.path)

    def related(self, path: str) -> Relations:
        folder, name = posixpath.split(path)
        found = Relations(self.budget, folder)
        found.whole(self.archive, posixpath.join(folder, "_rels", f"{name}.rels"))
        return found

    def sheets(self) -> list[SheetName]:
        """The sheets of cells; charts have sheets of their own."""
        names = SheetNames(self.budget)
        names.whole(self.archive, self.path)
        kinds = {key: kind for key, (kind, _path) in self.relations.found.items()}
        return [one for one in names.found if kinds.get(one.relation) == "worksheet"]

    def shown(self) -> list[SheetName]:
        return [one for one in self.sheets() if not one.hidden]

    def path_of(self, sheet: SheetName) -> str:
        return self.relations.found[sheet.relation][1]

    def texts(self) -> list[str]:
        texts = Texts(self.budget)
        if path := self.relations.path("sharedStrings"):
            texts.whole(self.archive, path)
        return texts.found

    def formats(self) -> dict[str, str]:
        styles = Styles(self.budget)
        if path := self.relations.path("styles"):
            styles.whole(self.archive, path)
        return styles.found


class PlayerAnswers(Gathering):
    """The rows of a sheet, gathered until they are taken."""

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
        self.others, self.formula, self.said = False, False, dict[str, str]()

    def taken(self) -> list[SheetRow]:
        ready, self.ready = self.ready, []
        return ready

    def start(self, name: str, said: dict[str, str]) -> None:
        if name == "row":
            self.row = row_number(said["r"]) if "r" in said else self.row + 1
            self.cells, self.others, self.column = {}, False, -1
            self.is_hidden = is_hidden(said, "ht")
        elif name == "col" and is_hidden(said, "width"):
            self.hide_columns(int(said["min"]), int(said["max"]))
        elif name == "c":
            self.said, self.formula = said, False
        elif name == "f":
            self.formula = True
        else:
            self.listen(name, True)

    def end(self, name: str) -> None:
        if name == "c":
            self.keep(self.cell())
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
        """What the cell that ends here holds; None for an empty one."""
        text, kind = self.take(), self.said.get("t", "n")
        if self.formula:
            return Cell("f", text)
        if not text:
            return None
        if kind == "s":
            return Cell("s", self.texts[int(text)])
        if kind in ("str", "inlineStr"):
            return Cell("s", text)
        format = self.formats.get(self.said.get("s", ""), "") if kind == "n" else ""
        return Cell(kind, text, format)

    def keep(self, cell: Cell | None) -> None:
        """The cell stands where it says, or else after the one before it."""
        place = self.said.get("r", "").rstrip("0123456789")
        self.column = column_number(place) if place else self.column + 1
        if cell is None or self.column in self.hidden.columns:
            return
        if self.column < MAX_COLUMNS:
            self.cells[self.column] = cell
        else:
            self.others = True


def is_hidden(said: Mapping[str, str], size: str) -> bool:
    """A row or column that the sheet hides, or shows without any height or width."""
    return said.get("hidden", "") in YES or float(said.get(size) or 1) == 0


def row_number(said: str) -> int:
    number = int(said.partition(".")[0])  # some programs write 7.0
    if not 0 < number <= MAX_ROWS:
        raise ValueError("a row that no sheet has")
    return number


@lru_cache(maxsize=256)
def column_number(letters: str) -> int:
    """From 0; beyond what is read all are alike."""
    number = 0
    for letter in letters[:4].upper():
        number = number * 26 + ord(letter) - 64
    return min(max(number - 1, 0), MAX_COLUMNS)
