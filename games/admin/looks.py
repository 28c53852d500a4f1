"""What staff are shown of an uploaded table before anything of it is imported."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from core.refusals import Refused
from games.forms.codes import ReadingForm, letters
from games.imports import Look, look
from games.models import Pool
from games.tables.cells import Spoiled, plain_text
from games.tables.files import Table
from games.tables.guesses import CODE_WORDS
from games.tables.reading import Reading, Row

ROWS, COLUMNS = 10, 12  # shown
LONGEST = 60  # characters of a cell


class ShownCell(NamedTuple):
    text: str
    chosen: bool  # it stands in the column of the codes
    spoiled: bool


class ShownRow(NamedTuple):
    number: int
    header: bool
    cells: list[ShownCell]


@dataclass
class Shown:
    """A table in one reading, or why it can't be read so."""

    pool: Pool
    table: Table
    form: ReadingForm
    reading: Reading = field(default_factory=Reading)
    rows: list[Row] = field(default_factory=list)
    look: Look | None = None
    refusal: str = ""

    def __post_init__(self) -> None:
        self.reading = Reading(**self.form.chosen)
        try:
            self.reading = self.table.guess(CODE_WORDS, **self.form.chosen)
            self.rows = self.table.first_rows(self.reading, ROWS + 1)
            self.look = look(self.pool, self.table, self.reading)
        except Refused as refused:
            self.refusal = str(refused.detail)
        self.form = self.form.showing(self.reading, self.rows)

    @property
    def columns(self) -> list[int]:
        """The first columns that the table shows, and the chosen one."""
        width = max((len(row.cells) for row in self.rows), default=0)
        shown = set(range(width)) - self.table.hidden.columns
        return sorted({*sorted(shown)[:COLUMNS], self.reading.column})

    @property
    def headings(self) -> list[str]:
        return [letters(place) for place in self.columns]

    @property
    def first_rows(self) -> Iterator[ShownRow]:
        for place, row in enumerate(self.rows):
            header = place == 0 and self.reading.header
            cells = [self.cell(row, column, header) for column in self.columns]
            yield ShownRow(row.number, header, cells)

    def cell(self, row: Row, column: int, header: bool) -> ShownCell:
        chosen = column == self.reading.column and not header
        text = row.cells[column] if column < len(row.cells) else ""
        text = plain_text(text) if chosen else text
        return ShownCell(text[:LONGEST], chosen, chosen and isinstance(text, Spoiled))

    @property
    def is_foreign(self) -> bool:
        """Whether the letters were read in an encoding that is only a guess."""
        return self.reading.encoding.startswith("cp")

    @property
    def importable(self) -> bool:
        return self.look is not None and not self.look.codes.broken
