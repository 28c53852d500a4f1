"""How a table is read, which staff can change, and its refusals."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from core.refusals import Refused


class Row(NamedTuple):
    """A row of the file: its number, and the texts of its cells."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class Reading:
    """How a file is read: a text's encoding and delimiter, or a workbook's sheet;
    whether there is a header; and the column with the codes."""

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
