"""Validation of commands and JSON values from clients; refusals name the field."""

import math
from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, ValidationError

from core.refusals import Refused

MAX_DEPTH = 8  # levels of lists and objects
MAX_PARTS = 1000  # lists, objects, names and values together
MAX_INTEGER = 2**63


class CommandIn(BaseModel):
    """The fields of every command. Unknown fields are refused, not ignored."""

    model_config = ConfigDict(extra="forbid")

    id: UUID


C = TypeVar("C", bound=CommandIn)


def read(schema: type[C], frame: Mapping[str, Any]) -> C:
    """The frame, validated; `Refused("invalid")` names the first wrong field.

    Its `type`, which chose the schema, is left out.
    """
    fields = {name: value for name, value in frame.items() if name != "type"}
    try:
        return schema.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Refused("invalid", first["msg"], field=field) from None


def check_value(value: Any, field: str) -> None:
    """`Refused` if JSON is too deep, too large, or can't be stored in the database.

    It goes level by level, as recursion could exceed Python's limit.
    """
    check_scalar(value, field)
    level, count = parts_of(value), 1
    for _depth in range(MAX_DEPTH if level else 0):
        count += len(level)
        if count > MAX_PARTS:
            raise Refused("too_large", field=field)
        for part in level:
            check_scalar(part, field)
        level = [inner for part in level for inner in parts_of(part)]
    if level:
        raise Refused("invalid", _("That is nested too deeply."), field=field)


def parts_of(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


def check_scalar(value: Any, field: str) -> None:
    """`Refused` for NUL, lone surrogates, NaN, infinity and integers over 64 bits."""
    if isinstance(value, str) and not is_storable(value):
        detail = _("The text has characters that can’t be stored.")
        raise Refused("invalid", detail, field=field)
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused("invalid", _("That isn’t a number."), field=field)
    if isinstance(value, int) and not -MAX_INTEGER <= value < MAX_INTEGER:
        raise Refused("invalid", _("That number is too large."), field=field)


def is_storable(text: str) -> bool:
    """Whether the database can store this text."""
    if "\x00" in text:
        return False
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False
