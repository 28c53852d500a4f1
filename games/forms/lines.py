"""A field for a list of texts, one per line."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget


class LinesField(forms.CharField):
    """Cleans to the lines that aren't empty, without spaces around them."""

    widget = AdminTextareaWidget(attrs={"rows": 5})

    def to_python(self, value: Any) -> Any:
        lines = value if isinstance(value, list) else (value or "").splitlines()
        return [line.strip() for line in lines if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(initial) != self.to_python(data))
