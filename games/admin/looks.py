"""What staff see of an uploaded table before anything is imported."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from core.refusals import Refused
from games.forms.codes import ReadingForm, letters
from games.imports import Preview, preview
from games.models import Pool
from games.tables.cells import Spoiled, plain_text
from games.tables.files import Table
from games.tables.guesses import CODE_WORDS
from games.tables.reading import Reading, Row

MAX_ROWS, MAX_COLUMNS = 10, 12  # shown
MAX_LENGTH = 60  # characters of a cell


class ShownCell(NamedTuple):
    text: str
    chosen: bool  # it is in the column of the codes
    spoiled: bool


class ShownRow(NamedTuple):
    number: int
    header: bool
    cells: list[ShownCell]


@dataclass
class Shown:
    """A table as it was read, or why it can't be read in this way."""

    pool: Pool
    table: Table
    form: ReadingForm
    reading: Reading = field(default_factory=Reading)
    rows: list[Row] = field(default_factory=list)
    preview: Preview | None = None
    refusal: str = ""

    def __post_init__(self) -> None:
        self.reading = Reading(**self.form.chosen)
        try:
            self.reading = self.table.guess(CODE_WORDS, **self.form.chosen)
            self.rows = self.table.first_rows(self.reading, MAX_ROWS + 1)
            self.preview = preview(self.pool, self.table, self.reading)
        except Refused as refused:
            self.refusal = str(refused.detail)
        self.form = self.form.showing(self.reading, self.rows)

    @property
    def columns(self) -> list[int]:
        """The first visible columns, and the chosen one."""
        width = max((len(row.cells) for row in self.rows), default=0)
        shown = set(range(width)) - self.table.hidden.columns
        return sorted({*sorted(shown)[:MAX_COLUMNS], self.reading.column})

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
        return ShownCell(
            text[:MAX_LENGTH], chosen, chosen and isinstance(text, Spoiled)
        )

    @property
    def is_foreign(self) -> bool:
        """Whether the encoding is only a guess."""
        return self.reading.encoding.startswith("cp")

    @property
    def importable(self) -> bool:
        return self.preview is not None and not self.preview.codes.broken
