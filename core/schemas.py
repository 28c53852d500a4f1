"""JSON over HTTP: validated bodies, replies, and the schema of refusals."""

import json
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, RawPostDataException
from ninja import Schema
from pydantic import BaseModel, ValidationError

from core.refusals import STATUS, Refused

JSON = "application/json; charset=utf-8"


B = TypeVar("B", bound=BaseModel)


def read_body(schema: type[B], request: HttpRequest) -> B:
    """The JSON body, validated; `Refused("invalid")` names the first wrong field."""
    try:
        if not request.body:
            raise Refused("invalid", "Field required", field="body")
        data = json.loads(request.body)
    except (ValueError, RecursionError, RawPostDataException):
        # The last: the CSRF check has read it as a form.
        raise Refused("invalid", "Cannot parse request body") from None
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise Refused("invalid", first["msg"], field=field) from None


def render_json(schema: type[BaseModel], data: Any, **dump: Any) -> HttpResponse:
    """The reply, rendered as by ninja; `dump` goes to `model_dump`."""
    reply = schema.model_validate(data).model_dump(mode="json", **dump)
    return HttpResponse(json.dumps(reply), content_type=JSON)


class ErrorDetail(Schema):
    """`field` names the wrong part of the request; `retry_after` is in seconds;
    `next_open_at` is in ms since 1970; `price` is the current price in coins."""

    code: str
    detail: str
    field: str | None = None
    retry_after: int | None = None
    next_open_at: int | None = None
    price: int | None = None


class ErrorOut(Schema):
    error: ErrorDetail


def responses(schema: type[Schema], *, shared: bool = False) -> dict[Any, Any]:
    """The responses of a route: 200 with `schema`, any refusal; 304 if `shared`."""
    not_modified = {304: None} if shared else {}
    refused = dict.fromkeys(sorted({*STATUS.values()}), ErrorOut)
    return {200: schema, **not_modified, **refused}
