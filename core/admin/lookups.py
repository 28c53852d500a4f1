"""Which look-ups a list of the staff side takes: an allow-list of names and values.

Django takes any look-up over a model's own fields. One yes or no after the other, that
reads what no page shows: an accepted answer, a password's hash.
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
YEARS = range(1900, 3000)  # which every time zone and database can reckon with
PARTS = {"year": YEARS, "month": range(1, 13), "day": range(1, 32)}


def lookups_of(model_admin: ModelAdmin, request: HttpRequest) -> dict[str, Check]:
    """Each look-up that the list takes, and whether a value can be one of its own."""
    taken: dict[str, Check] = {}
    for item in model_admin.get_list_filter(request):
        taken |= of_filter(model_admin, request, item)
    if model_admin.date_hierarchy:
        taken |= {
            f"{model_admin.date_hierarchy}__{part}": is_in(numbers)
            for part, numbers in PARTS.items()
        }
    for path in getattr(model_admin, "linked_by", ()):
        taken |= dict(of_field(model_admin, path))
    return taken


def of_filter(
    model_admin: ModelAdmin, request: HttpRequest, item: Any
) -> dict[str, Check]:
    """What the links of one filter in `list_filter` ask for."""
    if isinstance(item, type) and issubclass(item, SimpleListFilter):
        name = str(item.parameter_name)
        chosen = item(request, {}, model_admin.model, model_admin)
        return {name: is_one_of(str(key) for key, _label in chosen.lookup_choices)}
    path, kind = item if isinstance(item, tuple) else (item, None)
    if kind is EmptyFieldListFilter:
        return {f"{path}__isempty": is_one_of(FLAGS)}
    return dict(of_field(model_admin, path))


def of_field(model_admin: ModelAdmin, path: str) -> Iterator[tuple[str, Check]]:
    """What Django's own filter of a field asks for."""
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
    longest = len(str(numbers[-1]))
    return lambda value: (
        len(value) <= longest and value.isdecimal() and int(value) in numbers
    )


def fits(field: "Field[Any, Any]") -> Check:
    """Whether a text can be a value of this field."""
    if field.choices:  # of which `clean` asks only where a form may change it
        return is_one_of(str(key) for key, _label in field.flatchoices)

    def check(text: str) -> bool:
        if "\x00" in text:  # which no database takes
            return False
        try:
            value = field.clean(text, None)
        except ValidationError:
            return False
        return not isinstance(value, date) or value.year in YEARS

    return check
