"""What a schema complains of, in words for staff and with the path to what is wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

# Instead of pydantic's own texts, which are written for programmers.
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
    """`path` leads from the name of a setting to the item and field that is wrong."""

    path: tuple[str | int, ...]
    text: str


def complaints(error: ValidationError) -> Iterator[FieldError]:
    for said in error.errors(include_url=False):
        context = said.get("ctx", {})
        at = (context["field"],) if context.get("field") else ()
        yield FieldError(
            (*said["loc"], *at), text_of(said["type"], said["msg"], context)
        )


def text_of(what: str, message: str, context: Mapping[str, Any]) -> str:
    if what in TEXTS:
        return str(TEXTS[what]) % context
    return message.removeprefix("Value error, ")
