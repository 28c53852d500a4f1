"""One form field for each setting of a kind, made from its schema."""

import types
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any, Literal, Union, get_args, get_origin

from django import forms
from django.contrib.admin import widgets
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from core.admin.dates import DayField, SingleDay
from games.forms.lines import LinesField
from games.forms.pasted import PastedField
from games.forms.rows import RowsField
from games.kinds.base import FieldMeta

NUMBERS = (int, float, Decimal)
SIMPLE: Mapping[Any, tuple[type[forms.Field], type[forms.Widget]]] = {
    int: (forms.IntegerField, widgets.AdminIntegerFieldWidget),
    float: (forms.FloatField, forms.NumberInput),
    Decimal: (forms.DecimalField, forms.NumberInput),
    date: (DayField, SingleDay),
    time: (forms.TimeField, widgets.AdminTimeWidget),
    str: (forms.CharField, widgets.AdminTextInputWidget),
}


def fields_of(schema: type[BaseModel]) -> dict[str, forms.Field]:
    """The form fields of a schema: of those fields that have a `FieldMeta`."""
    return {
        name: field_for(info)
        for name, info in schema.model_fields.items()
        if meta_of(info)
    }


def field_for(info: FieldInfo) -> forms.Field:
    """The form field of a setting; `TypeError` if its type has none."""
    options, meta = common(info), meta_of(info)
    wanted = without_none(info.annotation)
    if meta and meta.hidden:
        return forms.CharField(widget=forms.HiddenInput(), **options)
    item = item_of(wanted)
    if isinstance(item, type) and issubclass(item, BaseModel):
        return RowsField(row_form(item), **options)
    if item is not None and meta and meta.parts:
        return PastedField(meta.parts, **options)
    if item is not None and meta and meta.lines:
        return LinesField(**options)
    if wanted is bool:
        return forms.BooleanField(**options | {"required": False})
    if get_origin(wanted) is Literal:
        return forms.ChoiceField(choices=choices_for(wanted, info), **options)
    if wanted in SIMPLE:
        field, widget = SIMPLE[wanted]
        return field(widget=widget(), **bounds(info, wanted), **options)
    raise TypeError(f"There is no form field for {info.annotation!r}")


def common(info: FieldInfo) -> dict[str, Any]:
    """The options of any form field: label, help, initial value, required."""
    meta = meta_of(info)
    default = None if info.default is PydanticUndefined else info.default
    return {
        "label": meta.label if meta else None,
        "help_text": meta.help if meta else "",
        "initial": default,
        "required": needs_value(info),
    }


def meta_of(info: FieldInfo) -> FieldMeta | None:
    return next((meta for meta in info.metadata if isinstance(meta, FieldMeta)), None)


def needs_value(info: FieldInfo) -> bool:
    """Whether it must not be empty."""
    if is_optional(info.annotation):
        return False
    wanted = without_none(info.annotation)
    if item_of(wanted) is not None:
        return bool(constraint(info, "min_length"))
    return wanted is not str or info.default != ""


def is_optional(annotation: Any) -> bool:
    return type(None) in get_args(annotation)


def without_none(annotation: Any) -> Any:
    """`int` of `int | None`; anything else as it is."""
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation
    rest = [part for part in get_args(annotation) if part is not type(None)]
    return rest[0] if len(rest) == 1 else annotation


def item_of(annotation: Any) -> Any:
    """The type of a list's items; None if it isn't a list."""
    if get_origin(annotation) is not list:
        return None
    (item,) = get_args(annotation)
    return item


def constraint(info: FieldInfo, name: str) -> Any:
    """A constraint of the schema, such as `ge`; None if there is none."""
    values = (getattr(part, name, None) for part in info.metadata)
    return next((value for value in values if value is not None), None)


def bounds(info: FieldInfo, wanted: Any) -> dict[str, Any]:
    names = ("ge", "le") if wanted in NUMBERS else ("min_length", "max_length")
    low, high = (constraint(info, name) for name in names)
    if wanted in NUMBERS:
        return {"min_value": low, "max_value": high}
    return {"max_length": high} if wanted is str else {}


def choices_for(wanted: Any, info: FieldInfo) -> list[tuple[Any, Any]]:
    meta = meta_of(info)
    texts = meta.choices if meta else {}
    return [(value, texts.get(value, plain(value))) for value in get_args(wanted)]


def plain(value: Any) -> str:
    """The label of a value that has none: “At once” for `at_once`."""
    return str(value).replace("_", " ").capitalize()


def row_form(schema: type[BaseModel]) -> type[forms.Form]:
    """The form of one row, for a list of sub-models."""
    return type(f"{schema.__name__}Row", (forms.Form,), dict(fields_of(schema)))
