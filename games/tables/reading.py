"""How a table is read, as staff see and choose it, and how it is refused."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from core.refusals import Refused


class Row(NamedTuple):
    """A row as it stands in the file: its number, and its cells' texts."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class Reading:
    """How a file is read: the encoding and delimiter of a text, a workbook's sheet, and
    which column is wanted below a header."""

    encoding: str = ""
    delimiter: str = ""
    sheet: int = 0
    header: bool = False
    column: int = 0


def broken(row: int, why: str | Promise) -> Refused:
    text = _("Row %(row)d: %(why)s Nothing was imported.") % {"row": row, "why": why}
    return Refused("invalid", text, field="file")


def refused(text: str, name: str, code: str = "invalid", **values: Any) -> Refused:
    """A refusal that names the file."""
    return Refused(code, text % {"name": name, **values}, field="file")
