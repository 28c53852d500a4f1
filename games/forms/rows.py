"""A list of things with several fields each: rows to add, remove and reorder.

A row's fields are named `<field>-<row>-<name>`. Which rows there are, and in which
order, is said by hidden inputs `<field>-row` as they stand in the page, so a script
only moves, clones and removes elements, and without one the form still works.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

MAX_ROWS = 200
BLANK = "__row__"


class Rows:
    """The row forms of one field, in the page's order."""

    def __init__(
        self, form: type[forms.Form], name: str, ids: list[str], **options: Any
    ) -> None:
        self.form_class, self.name = form, name
        initial = options.pop("initial", [{}] * len(ids))
        self.forms = [
            self._form(row, initial=first, **options)
            for row, first in zip(ids, initial)
        ]

    def _form(self, row: str, **options: Any) -> forms.Form:
        form = self.form_class(
            prefix=f"{self.name}-{row}",
            empty_permitted=True,
            use_required_attribute=False,
            **options,
        )
        form.row = row  # type: ignore[attr-defined]
        return form

    @property
    def blank(self) -> forms.Form:
        """The row that a script clones."""
        return self._form(BLANK)

    @property
    def filled(self) -> list[forms.Form]:
        """The rows that count: all but blank ones that would have to say something."""
        return [form for form in self.forms if form.has_changed() or may_be_blank(form)]

    def values(self) -> list[dict[str, Any]]:
        """What the rows say; `ValidationError` if any of them can't be read."""
        if not all([form.is_valid() for form in self.forms]):
            raise ValidationError(_("Please correct the rows below."), code="rows")
        return [form.cleaned_data for form in self.filled]

    def complain(self, place: int, field: str | None, text: str) -> None:
        """Say an error at a field of the row that was the `place`th value."""
        form = self.filled[place]
        form.add_error(field if field in form.fields else None, text)


def may_be_blank(form: forms.Form) -> bool:
    """Whether a row says something even where staff wrote nothing into it."""
    fields = form.fields.values()
    return not any(field.required and field.initial is None for field in fields)


class RowsWidget(forms.Widget):
    """Draws the rows, and keeps those that were sent, with their errors."""

    def __init__(self, form: type[forms.Form]) -> None:
        super().__init__()
        self.form = form
        self.sent: Rows | None = None

    def value_from_datadict(
        self, data: Mapping[str, Any], files: Any, name: str
    ) -> Rows:
        if self.sent is None:
            ids = data.getlist(f"{name}-row") if hasattr(data, "getlist") else []
            ids = [row for row in dict.fromkeys(ids) if row.isdecimal()][:MAX_ROWS]
            self.sent = Rows(self.form, name, ids, data=data)
        return self.sent

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> SafeString:
        if not isinstance(value, Rows):
            # An address that fills in the form can only say a text.
            initial = value if value and isinstance(value, list) else [{}]
            ids = [str(place) for place in range(len(initial))]
            value = Rows(self.form, name, ids, initial=initial)
        return render_to_string("admin/games/_rows.html", {"rows": value})

    def id_for_label(self, id_: str) -> str:
        return ""  # it labels no single input


class RowsField(forms.Field):
    """Cleans to a list of dicts, one for each row."""

    def __init__(self, form: type[forms.Form], **options: Any) -> None:
        super().__init__(widget=RowsWidget(form), **options)

    def clean(self, value: Rows) -> list[dict[str, Any]]:
        values = value.values()
        if self.required and not values:
            raise ValidationError(self.error_messages["required"], code="required")
        return values

    def has_changed(self, initial: Any, data: Any) -> bool:
        was = [data.form_class(initial=row) for row in initial or []]
        if len(was) != len(data.filled):
            return True
        pairs = zip(was, data.filled)
        return any(changed(old, new) for old, new in pairs)


def changed(old: forms.Form, new: forms.Form) -> bool:
    """Whether a row says other things than the one that stood in its place."""
    return any(
        field.has_changed(old.get_initial_for_field(field, name), new[name].data)
        for name, field in new.fields.items()
    )
