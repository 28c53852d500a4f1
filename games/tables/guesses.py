"""Guesses a table's delimiter, header and columns. Staff see and correct them."""

import csv
from collections import Counter
from collections.abc import Sequence

from games.tables.workbooks import MAX_COLUMNS

DELIMITERS = ("\t", ";", "|", ",")  # the first one that fits
SAMPLE = 200  # rows that are read for a guess
MAX_HEADING_LENGTH = 40  # characters
MIN_ROWS = 3  # below a heading, to tell it by its shape

# Words in headings. A column is searched by them in this order. Thai words may be part
# of a longer text without spaces.
CODE_WORDS = (
    *("code", "codes", "รหัส", "โค้ด", "โค๊ด", "โคด"),
    *("voucher", "vouchers", "coupon", "coupons", "gutscheincode", "คูปอง"),
    *("เวาเชอร์", "บัตรกำนัล", "código", "codigo", "serial", "pin", "ซีเรียล"),
)
NAME_WORDS = (
    *("name", "names", "nickname", "username", "player", "players", "winner"),
    *("winners", "ชื่อ", "ผู้โชคดี", "ผู้เล่น", "ผู้ชนะ", "ผู้ได้รับ", "customer", "user"),
)
PRIZE_WORDS = (
    *("prize", "prizes", "reward", "rewards", "gift", "gifts", "รางวัล", "ของแจก"),
    *("voucher", "vouchers", "coupon", "coupons", "คูปอง"),
)
OTHER_WORDS = (
    *("no", "nr", "number", "id", "index", "row", "value", "amount", "price"),
    *("date", "expiry", "expires", "valid", "status", "email", "phone", "tel"),
    *("mobile", "type", "description", "note", "notes", "remark", "remarks"),
    *("quantity", "qty", "used", "ลำดับ", "หมายเลข", "มูลค่า", "ราคา", "วันที่"),
    *("วันหมดอายุ", "สถานะ", "อีเมล", "เบอร์", "หมายเหตุ", "จำนวน"),
)
LISTED_WORDS = (*NAME_WORDS, *PRIZE_WORDS, *OTHER_WORDS)
WORDS = (*CODE_WORDS, *NAME_WORDS, *PRIZE_WORDS, *OTHER_WORDS)

Rows = Sequence[Sequence[str]]


def delimiter_in(lines: Sequence[str]) -> str:
    """The delimiter that splits most lines into equally many columns, or \"\"."""
    best, most = "", 0.8  # the smallest share of lines that counts
    for delimiter in DELIMITERS:
        try:
            rows = [row for row in csv.reader(lines, delimiter=delimiter) if any(row)]
        except csv.Error:
            continue
        share = share_of_a_width(rows)
        if share > most:
            best, most = delimiter, share
    return best


def share_of_a_width(rows: Rows) -> float:
    """The share of rows with the most common number of columns above 1."""
    widths = Counter(len(row) for row in rows if len(row) > 1)
    return widths.most_common(1)[0][1] / len(rows) if widths else 0.0


def has_header(rows: Rows, column: int | None = None) -> bool:
    """Whether the first row names the columns, by its words or by its shape."""
    first, below = [cell for cell in rows[0] if cell], rows[1:]
    named = [is_heading(cell) for cell in first]
    bare = [cell for cell, is_named in zip(first, named) if not is_named]
    if not first or any(map(has_digit, bare)) or repeats(rows):
        return False
    if any(named):
        return True
    place = column_of(below, None, ()) if column is None else column
    cells = [cell for row in below if (cell := at(row, place))]
    return len(cells) >= MIN_ROWS and all(map(has_digit, cells))


def is_heading(cell: str) -> bool:
    """Whether the cell has a word of headings, also with digits: “Codes (2026)”."""
    return says(without_digits(cell) if " " in cell else cell, WORDS)


def repeats(rows: Rows) -> bool:
    """Whether a cell of the first row repeats below it, except for its digits."""
    pairs = zip(rows[0], rows[1]) if len(rows) > 1 else ()
    return any(
        cell and without_digits(cell) == without_digits(below) for cell, below in pairs
    )


def without_digits(text: str) -> str:
    return "".join(" " if character.isdigit() else character for character in text)


def column_of(below: Rows, header: Sequence[str] | None, words: Sequence[str]) -> int:
    """The column whose heading has one of these words, else the first likely one."""
    for word in words if header else ():
        for place, heading in enumerate(header or ()):
            if says(heading, (word,)):
                return place
    width = max((len(row) for row in below), default=1)
    columns = ([at(row, n) for row in below] for n in range(min(width, MAX_COLUMNS)))
    return next((n for n, cells in enumerate(columns) if is_likely(cells)), 0)


def at(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text)


def says(heading: str, words: Sequence[str]) -> bool:
    """Whether one of these words is in a heading."""
    text = heading.casefold()
    if len(text) > MAX_HEADING_LENGTH or has_digit(text):
        return False
    found = "".join(c if c.isalnum() else " " for c in text).split()
    return any(word in (found if word.isascii() else text) for word in words)


def is_likely(cells: Sequence[str]) -> bool:
    """Whether most cells differ, and they don't just number the rows."""
    distinct = len({cell for cell in cells if cell})
    return (distinct * 2 > len(cells)) and not counts_rows(cells)


def counts_rows(cells: Sequence[str]) -> bool:
    """Whether these number the rows: 1, 2, 3 and so on."""
    if not all(cell.isdecimal() and len(cell) < 10 for cell in cells):
        return False
    numbers = [int(cell) for cell in cells]
    first = numbers[0] if numbers else 0
    return first < 2 and numbers == list(range(first, first + len(numbers)))
