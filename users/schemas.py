"""How every refusal looks over HTTP, for the OpenAPI description."""

from typing import Any

from ninja import Schema
from ninja.responses import codes_4xx


class Complaint(Schema):
    """`field` names the part that was wrong; `retry_after` is in seconds."""

    code: str
    detail: str
    field: str | None = None
    retry_after: int | None = None
    next_open_at: int | None = None


class ErrorOut(Schema):
    error: Complaint


def answers(schema: type[Schema]) -> dict[Any, type[Schema]]:
    """The responses of a route: this one, or a refusal."""
    return {200: schema, codes_4xx: ErrorOut, 503: ErrorOut}
