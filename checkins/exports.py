"""CSV exports for spreadsheets: streamed, and safe to open.

Rows are read a thousand at a time, so a table of any length takes little memory.
"""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from checkins.award_codes import annotate_codes

CHUNK = 1000  # rows in one statement
BOM = "\ufeff"  # Excel reads UTF-8 only with it
# Spreadsheets take a cell that begins with one of these for a formula.
DANGEROUS = tuple("=+-@\t\r\n＝＋－＠")


@dataclass(frozen=True)
class Table:
    """A file's name, its columns, and how its rows are loaded."""

    name: str
    columns: tuple[tuple[str | Promise, Callable[[Any], Any]], ...]
    related: tuple[str, ...]
    prepare: Callable[[list[Any]], None] = lambda rows: None

    def parts(self, rows: QuerySet[Any]) -> Iterator[bytes]:
        """The file in pieces, the oldest row first."""
        yield (BOM + csv_of([[title for title, _value in self.columns]])).encode()
        for chunk in chunks(rows.select_related(*self.related)):
            self.prepare(chunk)
            yield csv_of(self.cells_of(row) for row in chunk).encode()

    def cells_of(self, row: Any) -> list[Any]:
        return [value(row) for _title, value in self.columns]


def chunks(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """The rows in lists, one statement each: no cursor stays open during a download."""
    rows, last = rows.order_by("pk"), 0
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        yield chunk
        last = chunk[-1].pk


def csv_of(rows: Iterable[Iterable[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


def cell(value: Any) -> str:
    """A value as text that is no formula to a spreadsheet; times with their zone."""
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    if isinstance(value, bool):
        return gettext("yes") if value else ""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(DANGEROUS) else text


def download(
    request: HttpRequest, table: Table, rows: QuerySet[Any]
) -> StreamingHttpResponse:
    """The response that streams a table of these rows."""
    parts = table.parts(rows)
    is_async = isinstance(request, ASGIRequest)
    stream = in_own_thread(parts) if is_async else parts
    response = StreamingHttpResponse(stream, content_type="text/csv; charset=utf-8")
    name = f"{table.name}-{timezone.localdate().isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def in_own_thread(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The parts for an event loop, each made in the request's own thread."""
    next_part = sync_to_async(lambda: next(parts, b""))
    while part := await next_part():
        yield part


CHECKINS = Table(
    "check-ins",
    (
        (_("Game"), lambda row: row.game.title),
        (_("Address"), lambda row: row.game.slug),
        (_("Player"), lambda row: row.player.name),
        (_("Player number"), lambda row: row.player_id),
        (_("Date"), lambda row: row.date),
        (_("Day"), lambda row: row.day),
        (_("Run"), lambda row: row.run),
        (_("Made up"), lambda row: row.made_up),
        (_("Coins"), lambda row: row.coins),
        (_("Code"), lambda row: row.day_code),
        (_("Code for all days"), lambda row: row.all_days_code),
        (_("Time"), lambda row: row.at),
    ),
    related=("game", "player"),
    prepare=annotate_codes,
)
REDEMPTIONS = Table(
    "redemptions",
    (
        (_("Item"), lambda row: row.item.title),
        (_("Game"), lambda row: row.item.pool.game.title),
        (_("Player"), lambda row: row.player.name),
        (_("Player number"), lambda row: row.player_id),
        (_("Code"), lambda row: row.code.text),
        (_("Price"), lambda row: -row.payment.amount),
        (_("Time"), lambda row: row.at),
        (_("Void since"), lambda row: row.refund and row.refund.at),
        (_("Voided by"), lambda row: row.voided_by),
    ),
    related=("item__pool__game", "player", "code", "payment", "refund", "voided_by"),
)
