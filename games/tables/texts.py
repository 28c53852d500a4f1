"""Rows of CSV and TXT files, read as a stream."""

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import IO

from django.utils.translation import gettext as _

from games.tables.guesses import DELIMITERS, SAMPLE, delimiter_in
from games.tables.reading import Row, broken, refused
from games.tables.workbooks import MAX_ROWS

MAX_LINE_LENGTH = 100_000  # characters
BUFFER = 64 * 1024  # bytes
NO_TEXT = (b"PK\x03\x04", b"\x89PNG", b"%PDF", b"\xff\xd8\xff", b"\xd0\xcf\x11\xe0")
MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
ENCODINGS = ("utf-8-sig", "cp874", "cp1252")  # the first one that fits
NO_DELIMITER = "\x1f"  # for the parser, if a line is one cell


def lines_in(file: IO[bytes], name: str, encoding: str) -> Iterator[str]:
    """The lines of a text file; `Refused` if it can't be a list."""
    file.seek(0)
    if file.read(4).startswith(NO_TEXT):
        raise refused(
            _("%(name)s is not a text file, although its name says so."), name
        )
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        for number, line in enumerate(text, 1):
            check(number, line, name)
            yield line
    except UnicodeError as error:
        raise unreadable(file, name, encoding) from error
    finally:
        with suppress(ValueError):  # it is closed already
            text.detach()


def check(number: int, line: str, name: str) -> None:
    if number > MAX_ROWS:
        text = _("%(name)s has more than %(most)s rows.")
        raise refused(text, name, "too_large", most=f"{MAX_ROWS:,}")
    if len(line) > MAX_LINE_LENGTH:
        raise broken(number, _("it is too long."))
    if "\x00" in line:
        raise refused(
            _("%(name)s is not a text file, although its name says so."), name
        )


def unreadable(file: IO[bytes], name: str, encoding: str) -> Exception:
    """The refusal of another encoding, with the row if rows can be counted."""
    if not encoding.startswith("utf-16"):
        file.seek(0)
        for row, line in enumerate(file, 1):
            try:
                line.decode(encoding)
            except UnicodeError:
                return broken(row, _("it can’t be read in this encoding."))
    return refused(_("%(name)s can’t be read in this encoding."), name)


def encoding_of(file: IO[bytes]) -> str:
    """UTF-16 if the file begins with its mark, else UTF-8 if the file is valid, else
    the encoding of Thai or Western European Windows."""
    file.seek(0)
    start = file.read(4096)
    for mark, encoding in MARKS.items():
        if start.startswith(mark):
            return encoding
    fitting = (e for e in ENCODINGS if b"\x00" in start or is_written_in(file, e))
    return next(fitting, ENCODINGS[0])


def is_written_in(file: IO[bytes], encoding: str) -> bool:
    file.seek(0)
    try:
        return all(line.decode(encoding) is not None for line in file)
    except UnicodeError:
        return False


def delimiter_of(file: IO[bytes], name: str, encoding: str) -> str:
    """The delimiter that Excel's first line names, or else the likely one."""
    lines = list(islice(lines_in(file, name, encoding), SAMPLE))
    named = delimiter_named_in(lines[0]) if lines else ""
    return named or delimiter_in([line for line in lines if line.strip()])


def delimiter_named_in(line: str) -> str:
    """The delimiter in Excel's line `sep=;`; empty for any other line."""
    text = line.rstrip("\r\n").casefold()
    return next((mark for mark in DELIMITERS if text == f"sep={mark}"), "")


def text_rows(
    file: IO[bytes], name: str, encoding: str, delimiter: str, quoted: bool
) -> Iterator[Row]:
    """The rows. With `quoted`, cells in quotes may have delimiters and line breaks."""
    lines = lines_in(file, name, encoding)
    if not (delimiter or quoted):
        for number, line in enumerate(lines, 1):
            yield Row(number, [line.strip()])
        return
    reader = csv.reader(lines, delimiter=delimiter or NO_DELIMITER, strict=True)
    row = 1
    try:
        for cells in reader:
            line = (delimiter or NO_DELIMITER).join(cells)
            if row > 1 or not delimiter_named_in(line):
                yield Row(row, [cell.strip() for cell in cells])
            row = reader.line_num + 1
    except csv.Error as error:
        raise broken(row, _("it can't be read as CSV.")) from error
