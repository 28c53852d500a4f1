"""`str.format` as an SQL expression."""

from string import Formatter

from django.db.models import Expression, OuterRef, TextField, Value
from django.db.models.functions import Cast, Concat

Column = str | Expression | OuterRef


def sql_format(template: str, **columns: Column) -> Concat:
    """The template as text, each `{name}` replaced by `columns[name]`."""
    parts: list[Value | Cast] = []
    for text, name, _spec, _conversion in Formatter().parse(template):
        if text:
            parts.append(Value(text))
        if name:
            parts.append(Cast(columns[name], TextField()))
    return Concat(*parts, output_field=TextField())


def prefix_of(template: str) -> str:
    """The text before the first `{name}`."""
    return template.partition("{")[0]
