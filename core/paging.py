"""Cursor pagination: each page of a list has the cursor of the next."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from ninja import Schema
from pydantic import Field, ValidationError

CURSOR = "The `next` of the previous page; without one, the first page."


class Page(Schema):
    """One page of an append-only list, newest first.

    The cursor is a row, not an offset, so a page stays the same while rows are added.
    """

    cursor: str = Field(default="", pattern=r"^[0-9]{0,18}$", description=CURSOR)
    limit: int = Field(default=100, ge=1, le=200, description="Maximum number of rows.")

    def of(self, rows: QuerySet[Any]) -> tuple[list[Any], str | None]:
        """The rows of this page and the cursor of the next, or None; one statement."""
        return self.first_of(list(self.begin(rows)[: self.limit + 1]))

    def first_of(self, rows: Sequence[Any]) -> tuple[list[Any], str | None]:
        """The same of rows already read, at least `limit` + 1 if there are so many."""
        shown = list(rows[: self.limit])
        return shown, self.after(shown[-1]) if len(rows) > self.limit else None

    def begin(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows in the order of the list, after the cursor."""
        rows = rows.order_by("-pk")
        return rows.filter(pk__lt=int(self.cursor)) if self.cursor else rows

    def after(self, row: Model) -> str:
        """The cursor of a page that begins after this row."""
        return str(row.pk)


Kind = TypeVar("Kind", bound=Page)


def page_in(request: HttpRequest, kind: type[Kind]) -> Kind:
    """The page that an HTML page's `?cursor=` names; 404 if it is no cursor."""
    try:
        return kind(cursor=request.GET.get("cursor", ""))
    except ValidationError:
        raise Http404 from None
