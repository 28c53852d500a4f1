"""Lists in pages: each says where the next begins, so that none ends in silence."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from ninja import Schema
from pydantic import Field, ValidationError

CURSOR = "The `next` of the page before; without one, the first page."


class Page(Schema):
    """One page of a list to which rows are only added: the newest first.

    It begins after a row, not after a number of rows, so it stays what it is while
    others arrive.
    """

    cursor: str = Field(default="", pattern=r"^[0-9]{0,18}$", description=CURSOR)
    limit: int = Field(default=100, ge=1, le=200, description="Rows at the most.")

    def of(self, rows: QuerySet[Any]) -> tuple[list[Any], str | None]:
        """The rows of this page, and the cursor of the next, if any: one statement."""
        return self.first_of(list(self.begin(rows)[: self.limit + 1]))

    def first_of(self, rows: Sequence[Any]) -> tuple[list[Any], str | None]:
        """As many of these rows as a page has, and the cursor to those after them."""
        shown = list(rows[: self.limit])
        return shown, self.after(shown[-1]) if len(rows) > self.limit else None

    def begin(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows in their order, from the cursor on."""
        rows = rows.order_by("-pk")
        return rows.filter(pk__lt=int(self.cursor)) if self.cursor else rows

    def after(self, row: Model) -> str:
        """The cursor of what follows this row."""
        return str(row.pk)


Kind = TypeVar("Kind", bound=Page)


def page_in(request: HttpRequest, kind: type[Kind]) -> Kind:
    """The page of a list that the address of an HTML page names; or 404."""
    try:
        return kind(cursor=request.GET.get("cursor", ""))
    except ValidationError:
        raise Http404 from None
