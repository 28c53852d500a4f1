"""Files of codes as staff upload them, and what is read of them unasked."""

import io
from typing import Any

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from games.codes import Codes, codes_in
from games.imports import Report, import_codes
from games.models import Pool
from games.tables.files import Table, table_of
from games.tables.guesses import CODE_WORDS
from games.tables.reading import Reading
from tests.admin_pages import values_in


def upload(name: str, content: bytes | str) -> SimpleUploadedFile:
    data = content.encode() if isinstance(content, str) else content
    return SimpleUploadedFile(name, data)


def workbook(*rows: Any, name: str = "codes.xlsx") -> SimpleUploadedFile:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return saved(book, name)


def saved(book: openpyxl.Workbook, name: str = "codes.xlsx") -> SimpleUploadedFile:
    out = io.BytesIO()
    book.save(out)
    return upload(name, out.getvalue())


def understood(file: SimpleUploadedFile) -> tuple[Table, Reading]:
    table = table_of(file)
    return table, table.guess(CODE_WORDS)


def codes_of(file: SimpleUploadedFile) -> Codes:
    return codes_in(*understood(file))


def take(pool: Pool, file: SimpleUploadedFile, yes_to: int = 0) -> Report:
    """Import the file as it is understood unasked."""
    return import_codes(pool, codes_of(file), yes_to)


def url_of(pool: Pool) -> str:
    return f"/admin/games/game/pools/{pool.pk}/import/"


def look_at(client: Client, pool: Pool, file: SimpleUploadedFile) -> Any:
    """Upload a file; the page that shows what was understood."""
    return client.post(url_of(pool), {"file": file}, follow=True)


def say(client: Client, page: Any, **said: str) -> Any:
    """Send the look's form as it stands, but for what is said, by its button."""
    address = page.request["PATH_INFO"]
    return client.post(address, values_in(page, "look_form") | said, follow=True)
