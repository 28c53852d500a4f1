"""The parts of a workbook besides its sheets: their names, shared texts, formats."""

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
    """The parts to which another part refers: (type, path) by id."""

    def __init__(self, budget: Budget, folder: str) -> None:
        super().__init__(budget)
        self.folder, self.parts = folder, dict[str, tuple[str, str]]()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship":
            kind = attributes.get("Type", "").rpartition("/")[2]
            path = posixpath.join("/", self.folder, attributes.get("Target", ""))
            path = posixpath.normpath(path).lstrip("/")
            self.parts[attributes.get("Id", "")] = kind, path

    def path(self, kind: str) -> str:
        """The path of the first part of this type; empty if there is none."""
        return next((path for type_, path in self.parts.values() if type_ == kind), "")


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
        self.sheets: list[SheetName] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name != "sheet":
            return
        hidden = attributes.get("state", "visible") != "visible"
        title = attributes.get("name", "")[:MAX_NAME_LENGTH]
        ids = [attributes[key] for key in attributes if key.rpartition(":")[2] == "id"]
        self.sheets += [SheetName(title, relation, hidden) for relation in ids]
        if len(self.sheets) > MAX_SHEETS:
            raise TooLarge


class TextCollector(Part):
    """Collects the text inside `<t>`, which may be in several runs."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.pieces: list[str] = []
        self.length, self.listening, self.phonetic = 0, False, False

    def listen(self, name: str, begins: bool) -> None:
        if name == "rPh":  # the pronunciation
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
        """The text that was collected since the last call."""
        text = "".join(self.pieces)
        self.pieces, self.length = [], 0
        return text


class Texts(TextCollector):
    """The shared texts of cells."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.texts: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.listen(name, True)

    def end(self, name: str) -> None:
        self.listen(name, False)
        if name == "si":
            self.texts.append(self.take().replace("x005F_", ""))


class Styles(Part):
    """The number format of each style, by the style's place."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.formats: dict[str, str] = {}
        self.inside, self.place, self.by_place = False, 0, dict[str, str]()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            code = attributes.get("formatCode", "")[:MAX_FORMAT_LENGTH]
            self.formats[attributes.get("numFmtId", "")] = code
        elif name == "cellXfs":
            self.inside = True
        elif name == "xf" and self.inside:
            self.note(attributes.get("numFmtId", "0"))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self.inside = False

    def note(self, number: str) -> None:
        code = self.formats.get(number) or BUILTIN_FORMATS.get(int(number), number)
        if code != GENERAL:
            self.by_place[str(self.place)] = code
        self.place += 1
        if self.place > MAX_STYLES:
            raise TooLarge
