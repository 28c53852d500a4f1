"""A field for a list of items with several fields each: rows to add, remove, reorder.

A row's fields are named `<field>-<row>-<name>`. Hidden inputs `<field>-row` tell which
rows there are, in the order of the page. So a script only moves, clones and removes
elements, and the form works without a script too.
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
        """The empty row that a script clones."""
        return self._form(BLANK)

    @property
    def filled(self) -> list[forms.Form]:
        """The rows that count: all except blank ones with required fields."""
        return [form for form in self.forms if form.has_changed() or may_be_blank(form)]

    def values(self) -> list[dict[str, Any]]:
        """The rows' values; `ValidationError` if a row is invalid."""
        if not all([form.is_valid() for form in self.forms]):
            raise ValidationError(_("Please correct the rows below."), code="rows")
        return [form.cleaned_data for form in self.filled]

    def add_error(self, place: int, field: str | None, text: str) -> None:
        """Add an error to a field of the row that has the value at `place`."""
        form = self.filled[place]
        form.add_error(field if field in form.fields else None, text)


def may_be_blank(form: forms.Form) -> bool:
    """Whether a row counts even if staff entered nothing."""
    fields = form.fields.values()
    return not any(field.required and field.initial is None for field in fields)


class RowsWidget(forms.Widget):
    """Renders the rows; those that were sent keep their errors."""

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
            # A query string that fills in the form has only texts.
            initial = value if value and isinstance(value, list) else [{}]
            ids = [str(place) for place in range(len(initial))]
            value = Rows(self.form, name, ids, initial=initial)
        return render_to_string("admin/games/_rows.html", {"rows": value})

    def id_for_label(self, id_: str) -> str:
        return ""  # it labels no single input


class RowsField(forms.Field):
    """Cleans to a list of dicts, one per row."""

    def __init__(self, form: type[forms.Form], **options: Any) -> None:
        super().__init__(widget=RowsWidget(form), **options)

    def clean(self, value: Rows) -> list[dict[str, Any]]:
        values = value.values()
        if self.required and not values:
            raise ValidationError(self.error_messages["required"], code="required")
        return values

    def has_changed(self, initial: Any, data: Any) -> bool:
        before = [data.form_class(initial=row) for row in initial or []]
        if len(before) != len(data.filled):
            return True
        return any(changed(old, new) for old, new in zip(before, data.filled))


def changed(old: forms.Form, new: forms.Form) -> bool:
    """Whether a row differs from the one that had its place before."""
    return any(
        field.has_changed(old.get_initial_for_field(field, name), new[name].data)
        for name, field in new.fields.items()
    )
