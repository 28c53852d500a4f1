"""A schema's errors, with texts for staff and the path to the wrong value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

# Replace pydantic's texts, which are for programmers.
TEXTS: Mapping[str, str | Promise] = {
    "missing": _("This field is required."),
    "too_short": _("Too few: enter at least %(min_length)s."),
    "too_long": _("Too many: enter at most %(max_length)s."),
    "string_too_short": _("Write at least %(min_length)s characters."),
    "string_too_long": _("Write at most %(max_length)s characters."),
    "greater_than_equal": _("Must be at least %(ge)s."),
    "less_than_equal": _("Must be at most %(le)s."),
    "greater_than": _("Must be more than %(gt)s."),
    "less_than": _("Must be less than %(lt)s."),
    "int_parsing": _("Enter a whole number."),
    "int_type": _("Enter a whole number."),
    "string_pattern_mismatch": _("The format is wrong."),
    "literal_error": _("Choose one of the values."),
}


@dataclass(frozen=True)
class FieldError:
    """`path` leads from a setting's name to the item and field that are wrong."""

    path: tuple[str | int, ...]
    text: str


def field_errors(error: ValidationError) -> Iterator[FieldError]:
    for details in error.errors(include_url=False):
        context = details.get("ctx", {})
        field = (context["field"],) if context.get("field") else ()
        text = text_of(details["type"], details["msg"], context)
        yield FieldError((*details["loc"], *field), text)


def text_of(type_: str, message: str, context: Mapping[str, Any]) -> str:
    if type_ in TEXTS:
        return str(TEXTS[type_]) % context
    return message.removeprefix("Value error, ")
