"""What a workbook keeps beside its sheets: their list, shared texts and formats."""

import posixpath
from dataclasses import dataclass

from openpyxl.styles.numbers import BUILTIN_FORMATS

from games.tables.xml_parts import Budget, Part, TooLarge

MAX_TEXT_LENGTH = 32_767  # characters in a cell, as in Excel
MAX_FORMAT_LENGTH = 255  # characters, as in Excel
MAX_NAME_LENGTH = 31  # characters in a sheet's name, as in Excel
MAX_SHEETS = 1_000
MAX_STYLES = 65_490  # as in Excel
GENERAL = "General"
YES = ("1", "true")


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


@dataclass(frozen=True)
class SheetName:
    """A sheet as the workbook lists it."""

    name: str
    relation: str
    hidden: bool


class SheetNames(Part):
    """A workbook's sheets, in their order."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.found: list[SheetName] = []

    def start(self, name: str, said: dict[str, str]) -> None:
        if name != "sheet":
            return
        hidden = said.get("state", "visible") != "visible"
        shown = said.get("name", "")[:MAX_NAME_LENGTH]
        ids = [said[key] for key in said if key.rpartition(":")[2] == "id"]
        self.found += [SheetName(shown, one, hidden) for one in ids]
        if len(self.found) > MAX_SHEETS:
            raise TooLarge


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
            if self.length > MAX_TEXT_LENGTH:
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
    """The formats in which the cells' styles show a number, by the style's place."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.formats: dict[str, str] = {}
        self.inside, self.place, self.found = False, 0, dict[str, str]()

    def start(self, name: str, said: dict[str, str]) -> None:
        if name == "numFmt":
            code = said.get("formatCode", "")[:MAX_FORMAT_LENGTH]
            self.formats[said.get("numFmtId", "")] = code
        elif name == "cellXfs":
            self.inside = True
        elif name == "xf" and self.inside:
            self.note(said.get("numFmtId", "0"))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self.inside = False

    def note(self, number: str) -> None:
        code = self.formats.get(number) or BUILTIN_FORMATS.get(int(number), number)
        if code != GENERAL:
            self.found[str(self.place)] = code
        self.place += 1
        if self.place > MAX_STYLES:
            raise TooLarge
