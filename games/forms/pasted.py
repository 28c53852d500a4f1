"""A field for a pasted list, which asks staff if the lines look like a table.

Lines such as `Anna;VIP`, or a heading such as `Name,Prize`, are saved only after staff
have seen how they were read, and have chosen the columns.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from games.forms.codes import Choices, label_of, letters
from games.forms.lines import LinesField
from games.kinds.base import Part
from games.tables.cells import Spoiled
from games.tables.lists import PastedTable

MAX_ROWS, MAX_COLUMNS = 6, 12  # shown
AS_IT_IS = "line"


class Pasted(str):
    """The text, and how staff chose to read it."""

    columns: list[str]  # for each part the number of its column, or `AS_IT_IS`
    header: bool
    was: str  # the digest of the list with which the form was filled


@dataclass(frozen=True)
class Choice:
    """The choice of the column for one part of a line."""

    name: str
    label: str | Promise
    options: Choices
    chosen: str


class PastedInput(AdminTextareaWidget):
    """A text area; in doubt also the table as it was read, and choices."""

    template_name = "admin/games/pasted_input.html"
    renderer_of_project = forms.renderers.TemplatesSetting()

    def __init__(self, parts: Sequence[Part], attrs: Any = None) -> None:
        super().__init__({"rows": 5, **(attrs or {})})
        self.parts, self.was = parts, ""
        self.doubt: tuple[PastedTable, Pasted] | None = None

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        text = super().value_from_datadict(data, files, name)
        if text is None:
            return None
        sent, places = Pasted(text), range(len(self.parts))
        sent.columns = [str(data.get(f"{name}-column-{n}", "")) for n in places]
        sent.header = f"{name}-header" in data
        sent.was = self.was = str(data.get(f"{name}-was", ""))
        return sent

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context |= {"was": self.was, "doubt": bool(self.doubt)}
        if self.doubt:
            table, sent = self.doubt
            context |= self.shown(name, table, sent)
        return context

    def shown(self, name: str, table: PastedTable, sent: Pasted) -> dict[str, Any]:
        """The table as it was read, and the choices; those already made stay."""
        chosen = all(sent.columns)
        width = min(table.width, MAX_COLUMNS)
        return {
            "header": sent.header if chosen else table.has_header,
            "headings": [letters(place) for place in range(width)],
            "rows": [row[:width] for row in table.rows[:MAX_ROWS]],
            "choices": [
                choice(name, place, part, table, sent)
                for place, part in enumerate(self.parts)
            ],
        }

    def _render(
        self, template_name: str, context: dict[str, Any], renderer: Any = None
    ) -> Any:
        # Django's own renderer doesn't look into the project's templates.
        renderer = self.renderer_of_project
        return super()._render(template_name, context, renderer)  # type: ignore[misc]


def choice(
    name: str, place: int, part: Part, table: PastedTable, sent: Pasted
) -> Choice:
    width = min(table.width, MAX_COLUMNS)
    columns = [(str(n), label_of(n, table.rows[0])) for n in range(width)]
    options: Choices = (*columns, (AS_IT_IS, _("each line as it is")))
    chosen = sent.columns[place] or str(table.columns[place])
    return Choice(f"{name}-column-{place}", part.label, options, chosen)


class PastedField(LinesField):
    """Cleans to the lines; in doubt, to the lines that staff chose to make of them."""

    def __init__(self, parts: Sequence[Part], **options: Any) -> None:
        super().__init__(widget=PastedInput(parts), **options)
        self.parts = parts

    @property
    def input(self) -> PastedInput:
        assert isinstance(self.widget, PastedInput)
        return self.widget

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):  # the stored list
            self.input.was = digest(self.to_python(value))
        return super().prepare_value(value)

    def clean(self, value: Any) -> Any:
        lines = super().clean(value)
        table = PastedTable(lines, [part.words for part in self.parts])
        if not isinstance(value, Pasted) or value.was == digest(lines):
            return lines
        place = table.doubtful
        if place is None:
            return lines
        self.input.doubt = table, value
        if AS_IT_IS in value.columns:
            return lines
        places = {str(place): place for place in range(table.width)}
        columns = [places[column] for column in value.columns if column in places]
        if len(columns) < len(self.parts):
            text = _(
                "Line %(line)d, “%(text)s”: is this a table? Check it and choose below."
            )
            params = {"line": place + 1, "text": lines[place][:60]}
            raise ValidationError(text, code="doubt", params=params)
        return list(joined(table.parts(columns, value.header), value.header))


def joined(rows: Iterator[list[str]], header: bool) -> Iterator[str]:
    """The rows as lines; `ValidationError` for cells that a spreadsheet has spoiled."""
    for number, parts in enumerate(rows, 2 if header else 1):
        for part in parts:
            if isinstance(part, Spoiled):
                text = _("Line %(line)d: the cell holds %(what)s, not text.")
                raise ValidationError(text, params={"line": number, "what": part.why})
        if not parts[0] or (len(parts) > 1 and "," in parts[0]):
            text = _("Line %(line)d: the name is empty or contains a comma.")
            raise ValidationError(text, params={"line": number})
        yield ", ".join(parts)


def digest(lines: Sequence[str]) -> str:
    """A digest, to see whether the list is still the one in the form."""
    return hashlib.sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()
