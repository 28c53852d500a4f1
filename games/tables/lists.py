"""Pasted lists, one line per item: whether they look like a table, and its columns."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from games.tables.cells import Spoiled, plain_text
from games.tables.guesses import (
    DELIMITERS,
    LISTED_WORDS,
    NAME_WORDS,
    SAMPLE,
    at,
    column_of,
    counts_rows,
    delimiter_in,
    says,
)


@dataclass(frozen=True)
class PastedTable:
    """Pasted lines. `words` has, for each part of a line, words of its heading.

    One part is a whole line; two parts are separated by a comma.
    """

    lines: Sequence[str]
    words: Sequence[Sequence[str]]

    @cached_property
    def delimiter(self) -> str:
        """The likely delimiter; else one that some line has, else a comma."""
        likely = delimiter_in(self.lines[:SAMPLE])
        used = (mark for mark in DELIMITERS if any(mark in line for line in self.lines))
        return likely or next(used, ",")

    @cached_property
    def rows(self) -> list[list[str]]:
        """The lines' cells."""
        try:
            rows = list(csv.reader(self.lines, delimiter=self.delimiter))
        except csv.Error:
            rows = [line.split(self.delimiter) for line in self.lines]
        return [[plain_text(cell.strip()) for cell in row] for row in rows]

    @property
    def width(self) -> int:
        return max(map(len, self.rows), default=0)

    @cached_property
    def has_header(self) -> bool:
        """Whether each cell of the first line has a word of headings."""
        first = [cell for cell in self.rows[0] if cell] if self.rows else []
        words = LISTED_WORDS if len(first) > 1 else NAME_WORDS
        return bool(first) and all(says(cell, words) for cell in first)

    @property
    def columns(self) -> list[int]:
        """The likely column of each part."""
        header = self.rows[0] if self.has_header else None
        below = self.rows[1 if header else 0 : SAMPLE]
        first = column_of(below, header, self.words[0])
        columns = [first]
        for words in self.words[1:]:
            place = column_of(below, header, words) if header else first + 1
            columns.append(place if place != first else first + 1)
        return columns

    @property
    def doubtful(self) -> int | None:
        """The first line that doesn't fit a plain list, counted from 0; or None."""
        if not self.lines:
            return None
        if self.has_header or self.counts:
            return 0
        doubts = (n for n, line in enumerate(self.lines) if self.is_doubtful(line))
        return next(doubts, None)

    @property
    def counts(self) -> bool:
        """Whether there are several columns, and the first only numbers the lines."""
        first = [at(row, 0) for row in self.rows]
        several = all(len(row) > 1 for row in self.rows)
        return several and len(first) > 1 and counts_rows(first)

    def is_doubtful(self, line: str) -> bool:
        name = line if len(self.words) == 1 else line.partition(",")[0]
        text = plain_text(name.strip())
        has_columns = any(mark in name for mark in DELIMITERS) or line.startswith('"')
        return has_columns or text != name.strip() or isinstance(text, Spoiled)

    def parts(self, columns: Sequence[int], header: bool) -> Iterator[list[str]]:
        """The parts of each line, from these columns."""
        for row in self.rows[1 if header else 0 :]:
            if any(row):
                yield [at(row, place) for place in columns]
