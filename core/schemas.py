"""How every refusal looks over HTTP, for the OpenAPI description."""

from typing import Any

from ninja import Schema

from core.refusals import STATUS


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
