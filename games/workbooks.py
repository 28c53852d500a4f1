"""The first sheet of an Excel workbook, as a stream with bounds.

Nothing is kept of it but what the sheet's rows need, and gaps between rows stay gaps.
"""

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

from games.xml_parts import Budget, Part, TooLarge, check_members

LONGEST_TEXT = 32_767  # characters in a cell, as in Excel
LONGEST_FORMAT = 255  # characters, as in Excel
MOST_ROWS = 1_048_576  # as in Excel
MOST_STYLES = 65_490  # as in Excel


@dataclass(frozen=True)
class Cell:
    """`kind`: s text, n number, d date, b yes or no, e error, f formula."""

    kind: str
    text: str


@dataclass(frozen=True)
class SheetRow:
    """The first cell, if anything is in it, and whether others hold anything."""

    number: int
    first: Cell | None
    others: bool


def rows_of(file: IO[bytes]) -> Iterator[SheetRow]:
    """The filled rows of the first sheet. Raises `TooLarge`, or one of `BROKEN`."""
    with zipfile.ZipFile(file) as archive:
        check_members(archive)
        budget = Budget()
        book = Book(archive, budget)
        sheet = Sheet(budget, book.texts(), book.date_styles())
        for _piece in sheet.read(archive, book.first_sheet()):
            yield from sheet.taken()


class Relations(Part):
    """Where the parts are that another one names: (type, path) by id."""

    def __init__(self, budget: Budget, folder: str) -> None:
        super().__init__(budget)
        self.folder, self.found = folder, dict[str, tuple[str, str]]()

    def start(self, name: str, said: dict[str, str]) -> None:
        if name == "Relationship":
            kind = said.get("Type", "").rpartition("/")[2]
            path = posixpath.join("/", self.folder, said.get("Target", ""))
            self.found[said.get("Id", "")] = kind, posixpath.normpath(path).lstrip("/")

    def path(self, kind: str) -> str:
        """The first part of this kind; empty where there is none."""
        return next((path for what, path in self.found.values() if what == kind), "")


class SheetIds(Part):
    """The relations of a workbook's sheets, in their order."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.ids: list[str] = []

    def start(self, name: str, said: dict[str, str]) -> None:
        if name == "sheet":
            self.ids += [said[key] for key in said if key.rpartition(":")[2] == "id"]


class Gathering(Part):
    """Joins the text inside `<t>`, which may stand in several runs."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.pieces: list[str] = []
        self.length, self.listening, self.phonetic = 0, False, False

    def listen(self, name: str, begins: bool) -> None:
        if name == "rPh":  # how it is spoken
            self.phonetic = begins
        if name in ("t", "v"):
            self.listening = begins and not self.phonetic

    def text(self, text: str) -> None:
        if self.listening:
            self.pieces.append(text)
            self.length += len(text)
            if self.length > LONGEST_TEXT:
                raise TooLarge

    def take(self) -> str:
        """What was gathered since the last time."""
        text = "".join(self.pieces)
        self.pieces, self.length = [], 0
        return text


class Texts(Gathering):
    """The texts that cells share."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.found: list[str] = []

    def start(self, name: str, said: dict[str, str]) -> None:
        self.listen(name, True)

    def end(self, name: str) -> None:
        self.listen(name, False)
        if name == "si":
            self.found.append(self.take().replace("x005F_", ""))


class Styles(Part):
    """Which of the cells' styles show a number as a date."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.formats: dict[str, str] = {}
        self.inside, self.place, self.dates = False, 0, set[str]()

    def start(self, name: str, said: dict[str, str]) -> None:
        if name == "numFmt":
            code = said.get("formatCode", "")[:LONGEST_FORMAT]
            self.formats[said.get("numFmtId", "")] = code
        elif name == "cellXfs":
            self.inside = True
        elif name == "xf" and self.inside:
            self.note(said.get("numFmtId", "0"))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self.inside = False

    def note(self, number: str) -> None:
        code = self.formats.get(number) or BUILTIN_FORMATS.get(int(number))
        if code and is_date_format(code):
            self.dates.add(str(self.place))
        self.place += 1
        if self.place > MOST_STYLES:
            raise TooLarge


@dataclass
class Book:
    """Where a workbook keeps what its first sheet needs."""

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

    def first_sheet(self) -> str:
        sheets = SheetIds(self.budget)
        sheets.whole(self.archive, self.path)
        known: Mapping[str, tuple[str, str]] = self.relations.found
        found = (known[one] for one in sheets.ids if one in known)
        return next(path for kind, path in found if kind == "worksheet")

    def texts(self) -> list[str]:
        texts = Texts(self.budget)
        if path := self.relations.path("sharedStrings"):
            texts.whole(self.archive, path)
        return texts.found

    def date_styles(self) -> set[str]:
        styles = Styles(self.budget)
        if path := self.relations.path("styles"):
            styles.whole(self.archive, path)
        return styles.dates


class Sheet(Gathering):
    """The rows of a sheet, gathered until they are taken."""

    def __init__(self, budget: Budget, texts: list[str], dates: set[str]) -> None:
        super().__init__(budget)
        self.texts, self.dates = texts, dates
        self.ready: list[SheetRow] = []
        self.row, self.column = 0, ""
        self.first: Cell | None = None
        self.others, self.formula, self.said = False, False, dict[str, str]()

    def taken(self) -> list[SheetRow]:
        ready, self.ready = self.ready, []
        return ready

    def start(self, name: str, said: dict[str, str]) -> None:
        if name == "row":
            self.row = row_number(said["r"]) if "r" in said else self.row + 1
            self.first, self.others, self.column = None, False, ""
        elif name == "c":
            self.said, self.formula = said, False
        elif name == "f":
            self.formula = True
        else:
            self.listen(name, True)

    def end(self, name: str) -> None:
        if name == "c":
            self.keep(self.cell())
        elif name == "row" and (self.first or self.others):
            self.ready.append(SheetRow(self.row, self.first, self.others))
        else:
            self.listen(name, False)

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
        dated = kind == "n" and self.said.get("s") in self.dates
        return Cell("d" if dated else kind, text)

    def keep(self, cell: Cell | None) -> None:
        """The cell stands where it says, or else after the one before it."""
        place = self.said.get("r", "").rstrip("0123456789")
        is_first = place == "A" if place else not self.column
        self.column = place or "?"
        if is_first:
            self.first = cell
        elif cell:
            self.others = True


def row_number(said: str) -> int:
    number = int(said.partition(".")[0])  # some programs write 7.0
    if not 0 < number <= MOST_ROWS:
        raise ValueError("a row that no sheet has")
    return number
