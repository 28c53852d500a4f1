"""JSON over HTTP: bodies read by a schema, replies, and how every refusal looks."""

import json
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, RawPostDataException
from ninja import Schema
from pydantic import BaseModel, ValidationError

from core.refusals import STATUS, Refused

JSON = "application/json; charset=utf-8"


B = TypeVar("B", bound=BaseModel)


def read_body(schema: type[B], request: HttpRequest) -> B:
    """The JSON body by its schema; `Refused` names the field of the first complaint."""
    try:
        if not request.body:
            raise Refused("invalid", "Field required", field="body")
        sent = json.loads(request.body)
    except (ValueError, RecursionError, RawPostDataException):
        # The last: the CSRF check took it for a form, and has read it.
        raise Refused("invalid", "Cannot parse request body") from None
    try:
        return schema.model_validate(sent)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise Refused("invalid", first["msg"], field=field) from None


def render_json(schema: type[BaseModel], data: Any, **dump: Any) -> HttpResponse:
    """The reply as ninja renders it."""
    reply = schema.model_validate(data).model_dump(mode="json", **dump)
    return HttpResponse(json.dumps(reply), content_type=JSON)


class ErrorDetail(Schema):
    """`field` names the part that was wrong; `retry_after` is in seconds; `price` is
    what something costs by now."""

    code: str
    detail: str
    field: str | None = None
    retry_after: int | None = None
    next_open_at: int | None = None
    price: int | None = None


class ErrorOut(Schema):
    error: ErrorDetail


def responses(schema: type[Schema], *, shared: bool = False) -> dict[Any, Any]:
    """The responses of a route: this one, or a refusal; 304 where it is shared."""
    known = {304: None} if shared else {}
    refused = dict.fromkeys(sorted({*STATUS.values()}), ErrorOut)
    return {200: schema, **known, **refused}
