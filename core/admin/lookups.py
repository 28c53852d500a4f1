"""Allow-list of the look-ups that an admin list accepts, with their values.

Django accepts any look-up over a model's own fields. By asking one yes-or-no question
after another, staff could read what no page shows: an accepted answer, a password hash.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from django.contrib.admin import EmptyFieldListFilter, ModelAdmin, SimpleListFilter
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import ValidationError
from django.db.models import DateField, Field
from django.http import HttpRequest

Check = Callable[[str], bool]

FLAGS = ("0", "1", "False", "True")
YEARS = range(1900, 3000)  # that every time zone and database can handle
PARTS = {"year": YEARS, "month": range(1, 13), "day": range(1, 32)}


def lookups_of(model_admin: ModelAdmin, request: HttpRequest) -> dict[str, Check]:
    """The look-ups that the list accepts, each with the check of its value."""
    allowed: dict[str, Check] = {}
    for item in model_admin.get_list_filter(request):
        allowed |= of_filter(model_admin, request, item)
    if model_admin.date_hierarchy:
        allowed |= {
            f"{model_admin.date_hierarchy}__{part}": is_in(numbers)
            for part, numbers in PARTS.items()
        }
    for path in getattr(model_admin, "linked_by", ()):
        allowed |= dict(of_field(model_admin, path))
    return allowed


def of_filter(
    model_admin: ModelAdmin, request: HttpRequest, item: Any
) -> dict[str, Check]:
    """The look-ups in the links of one item of `list_filter`."""
    if isinstance(item, type) and issubclass(item, SimpleListFilter):
        name = str(item.parameter_name)
        chosen = item(request, {}, model_admin.model, model_admin)
        return {name: is_one_of(str(key) for key, _label in chosen.lookup_choices)}
    path, kind = item if isinstance(item, tuple) else (item, None)
    if kind is EmptyFieldListFilter:
        return {f"{path}__isempty": is_one_of(FLAGS)}
    return dict(of_field(model_admin, path))


def of_field(model_admin: ModelAdmin, path: str) -> Iterator[tuple[str, Check]]:
    """The look-ups in the links of Django's own filter of a field."""
    field: Any = get_fields_from_path(model_admin.model, path)[-1]
    if field.null:
        yield f"{path}__isnull", is_one_of(FLAGS)
    if field.is_relation:
        yield f"{path}__{field.target_field.name}__exact", fits(field.target_field)
    elif isinstance(field, DateField):
        yield f"{path}__gte", fits(field)
        yield f"{path}__lt", fits(field)
    else:
        yield f"{path}__exact", fits(field)


def is_one_of(texts: Iterable[str]) -> Check:
    return frozenset(texts).__contains__


def is_in(numbers: range) -> Check:
    max_digits = len(str(numbers[-1]))
    return lambda value: (
        len(value) <= max_digits and value.isdecimal() and int(value) in numbers
    )


def fits(field: "Field[Any, Any]") -> Check:
    """A check whether a text can be a value of this field."""
    if field.choices:  # `clean` checks these only for editable fields
        return is_one_of(str(key) for key, _label in field.flatchoices)

    def check(text: str) -> bool:
        if "\x00" in text:  # PostgreSQL can't store it
            return False
        try:
            value = field.clean(text, None)
        except ValidationError:
            return False
        return not isinstance(value, date) or value.year in YEARS

    return check
