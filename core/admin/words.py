"""Values of a form in words, where staff are asked about them."""

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
    """What two members of staff want one field to be, in lines."""

    label: str
    now: list[str]
    mine: list[str]


def differing(field: forms.Field, now: Any, mine: Any) -> Differing:
    """Of lists only what the other doesn't have."""
    there, sent = list(lines_of(field, now)), list(lines_of(field, mine))
    label = capfirst(str(field.label or ""))
    return Differing(label, without(there, sent), without(sent, there))


def without(lines: list[str], others: list[str]) -> list[str]:
    known = set(others)
    # Where only the order differs, there is nothing else to show.
    own = [line for line in lines if line not in known] or lines
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
        return [row_in_words(one) for one in value]
    return [str(value)]


def chosen(field: forms.Field, value: str) -> str:
    """What staff read for a value they can choose."""
    return str(dict(getattr(field, "choices", ())).get(value, value))


def row_in_words(row: Any) -> str:
    if not isinstance(row, Mapping):
        return str(row)
    parts = (" / ".join(one) if isinstance(one, list) else one for one in row.values())
    return " · ".join(str(part) for part in parts if part not in (None, ""))
