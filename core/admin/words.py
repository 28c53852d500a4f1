"""Form values as lines of text, for the questions to staff."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.files import File
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core.calendars import written

MAX_LINES, MAX_LINE_LENGTH = 20, 200


@dataclass(frozen=True)
class Differing:
    """The two values of one field that two members of staff entered, as lines."""

    label: str
    now: list[str]
    mine: list[str]


def differing(field: forms.Field, now: Any, mine: Any) -> Differing:
    """Both values of a field; lists without the lines that both have."""
    current, sent = list(lines_of(field, now)), list(lines_of(field, mine))
    label = capfirst(str(field.label or ""))
    return Differing(label, without(current, sent), without(sent, current))


def without(lines: list[str], others: list[str]) -> list[str]:
    """The lines that aren't among the others, shortened to what a page can show."""
    excluded = set(others)
    # If only the order differs, all lines are shown.
    own = [line for line in lines if line not in excluded] or lines
    shown = [line[:MAX_LINE_LENGTH] for line in own[:MAX_LINES]]
    if len(own) > MAX_LINES:
        shown.append(_("and %(count)d more") % {"count": len(own) - MAX_LINES})
    return shown or ["–"]


def lines_of(field: forms.Field, value: Any) -> Iterable[str]:
    if isinstance(value, bool):
        return [_("yes") if value else _("no")]
    if value is None or value == "":
        return []
    if isinstance(value, date):
        return [written(value)]
    if isinstance(value, File):
        return [str(value.name)] if value.name else []
    if isinstance(value, str):
        return chosen(field, value).splitlines()
    if isinstance(value, Iterable) and not isinstance(value, Mapping):
        return [row_in_words(row) for row in value]
    return [str(value)]


def chosen(field: forms.Field, value: str) -> str:
    """The label of a chosen value; the value itself if it has none."""
    return str(dict(getattr(field, "choices", ())).get(value, value))


def row_in_words(row: Any) -> str:
    if not isinstance(row, Mapping):
        return str(row)
    parts = (" / ".join(v) if isinstance(v, list) else v for v in row.values())
    return " · ".join(str(part) for part in parts if part not in (None, ""))
