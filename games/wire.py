"""Reading what clients send: by a schema, refused by the name of the wrong field."""

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from users.refusals import Refused


class CommandIn(BaseModel):
    """What every command holds. Unknown fields are refused, not ignored."""

    model_config = ConfigDict(extra="forbid")

    type: str = ""
    id: UUID


C = TypeVar("C", bound=CommandIn)


def read(schema: type[C], frame: Mapping[str, Any]) -> C:
    """The frame by its schema; `Refused` names the field of the first complaint."""
    try:
        return schema.model_validate(frame)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Refused("invalid", first["msg"], field=field) from None
