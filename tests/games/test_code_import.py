"""Files of prize codes: imported as a whole or not at all."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from answers.submission import Submission, submit
from core.refusals import Refused
from games.codes import MAX_CODES
from games.models import Code, Game, Pool, Upload
from games.states import State
from tests.tables import (
    codes_of,
    look_at,
    say,
    take,
    upload,
    url_of,
    workbook,
)
from users.models import Player

MakeGame = Callable[..., Game]


def read(name: str, content: bytes | str) -> list[str]:
    return [line.text for line in codes_of(upload(name, content)).lines]


def refusal(file: SimpleUploadedFile) -> str:
    with pytest.raises(Refused) as caught:
        codes_of(file).check()
    assert caught.value.field == "file"
    return str(caught.value.detail)


# Without a database: what is read


@pytest.mark.parametrize(
    ("name", "content", "codes"),
    [
        ("a.txt", "B\nA\r\n\n C \n", ["B", "A", "C"]),
        ("a.txt", "code\nA", ["A"]),
        ("a.TXT", "A B", ["A B"]),
        ("a.csv", "B,10\nA,20\n", ["B", "A"]),
        ("a.csv", "\ufeffCode,value\nA,10\n", ["A"]),
        ("a.csv", "A\ncode\n", ["A", "code"]),
        ("a.csv", '"A,1",x\n"say ""hi""",y\n', ["A,1", 'say "hi"']),
        ("a.csv", "code;value\nA;10\n", ["A"]),
        ("a.csv", "A;10\n", ["A"]),
        ("a.csv", "รหัส-๑,x\n\n,,\nB\n", ["รหัส-๑", "B"]),
        ("a.csv", "007\n008", ["007", "008"]),
    ],
)
def test_text_is_read_in_its_order(name: str, content: str, codes: list[str]) -> None:
    assert read(name, content) == codes


def test_workbook_is_read_in_its_order() -> None:
    file = workbook(["code", "for"], ["B-1", "x"], [12345], [None, None], ["00A"])
    lines = codes_of(file).lines
    assert [(line.row, line.text) for line in lines] == [
        (2, "B-1"),
        (3, "12345"),
        (5, "00A"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "A,1\n,2\nB,3\n", "Row 2: the code is empty"),
        ("a.csv", "A\n" + "x" * 101, "Row 2: the code has over 100"),
        ("a.csv", 'A\n"B\nC"\n', "Row 2: the code has invisible"),
        ("a.txt", "A\nB\u200bC", "Row 2: the code has invisible"),
        ("a.txt", "A\x07B", "Row 1: the code has invisible"),
        ("a.csv", 'A\n"B"x,1\n', "Row 2: it can't be read as CSV"),
        ("a.csv", 'A\nB\n"C', "Row 3: it can't be read as CSV"),
        ("a.csv", b"A\nB\n\x81\xff\n", "Row 3: it can’t be read in this encoding"),
        ("a.csv", "A\n".encode("utf-16-le"), "a.csv is not a text file, although"),
        ("a.csv", b"PK\x03\x04rest", "a.csv is not a text file, although"),
        ("a.txt", b"A\x00B", "a.txt is not a text file"),
        ("a.txt", "", "a.txt has no codes"),
        ("a.csv", "code", "a.csv has no codes"),
        ("a.csv", "code\n,,\n", "a.csv has no codes"),
        ("a.xlsx", "A\nB", "a.xlsx is not an Excel workbook"),
        ("a.xlsx", b"PK\x03\x04rest", "a.xlsx is not an Excel workbook"),
        ("a.pdf", "A", "a.pdf is not a CSV, TXT or XLSX file"),
        ("codes", "A", "codes is not a CSV, TXT or XLSX file"),
    ],
)
def test_broken_file_is_refused_by_name_or_row(
    name: str, content: bytes | str, said: str
) -> None:
    assert said in refusal(upload(name, content))


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("=A1", "a formula"),
        ("#N/A", "an error"),
        (datetime(2026, 1, 1), "a date"),
        (1.5, "lost digits"),
        (1234567890123456, "lost digits"),
        (True, "yes or no"),
        ("x" * 101, "over 100"),
        (None, "the code is empty"),
    ],
)
def test_cell_that_is_no_text_is_refused_by_row(cell: Any, said: str) -> None:
    detail = refusal(workbook(["A", 1], [cell, 2], ["B", 3]))
    assert detail.startswith("Row 2: ")
    assert said in detail


def test_zip_that_is_no_workbook_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert "not an Excel workbook" in refusal(upload("a.xlsx", out.getvalue()))


def test_too_many_codes_are_refused() -> None:
    rows = "\n".join(map(str, range(MAX_CODES + 1)))
    assert "more than 200,000 codes" in refusal(upload("a.txt", rows))
    assert len(read("a.txt", rows.rpartition("\n")[0])) == MAX_CODES


def test_too_large_file_is_refused() -> None:
    assert "more than 20 MB" in refusal(upload("a.txt", b"x" * (20 * 1024 * 1024 + 1)))


# Into a pool


@pytest.fixture
def pool(make_game: MakeGame) -> Pool:
    return make_game(state=State.DRAFT).pools.create(name="Coffee")


def codes_in(pool: Pool) -> list[str]:
    return list(pool.codes.order_by("pk").values_list("text", flat=True))


def test_repeats_are_left_out_and_reported(pool: Pool) -> None:
    pool.add(["B", "X"])
    report = take(pool, upload("a.csv", "code\nA\nB\nA\nC\nA\n"))
    assert codes_in(pool) == ["B", "X", "A", "C"]
    assert (report.read, report.added) == (5, 2)
    assert (report.first, report.last) == ("A", "C")
    assert [(one.row, one.text) for one in report.in_file.examples] == [
        (4, "A"),
        (6, "A"),
    ]
    assert [(one.row, one.text) for one in report.in_pool.examples] == [(3, "B")]


def test_only_ten_repeats_are_shown(pool: Pool) -> None:
    pool.add(str(number) for number in range(30))
    report = take(pool, upload("a.txt", "\n".join(map(str, range(30)))))
    assert (report.added, report.in_pool.count) == (0, 30)
    assert len(report.in_pool.examples) == 10
    assert report.in_pool.others == 20


def test_broken_row_imports_nothing(pool: Pool) -> None:
    with pytest.raises(Refused):
        take(pool, upload("a.csv", "A\nB\n,x\n"))
    assert codes_in(pool) == []


def test_code_of_another_pool_is_left_out_and_reported(pool: Pool) -> None:
    other = pool.game.pools.create(name="Tea")
    assert take(other, upload("a.txt", "DUP-1\nT-2")).added == 2
    report = take(pool, upload("a.csv", "code\nDUP-1\nC-2\n"))
    assert codes_in(pool) == ["C-2"]
    assert (report.added, report.elsewhere.count, report.pools) == (1, 1, [other])
    assert [(one.row, one.text) for one in report.elsewhere.examples] == [(2, "DUP-1")]


def test_code_of_another_pool_is_added_with_a_yes(pool: Pool) -> None:
    others = [pool.game.pools.create(name=name) for name in ("Tea", "Mug")]
    for number, one in enumerate([*others, pool]):
        report = take(one, upload("a.txt", f"DUP-1\nOWN-{number}"), yes_to=1)
        assert (report.added, codes_in(one)) == (2, ["DUP-1", f"OWN-{number}"])
    assert report.pools == others
    repeats = Code.objects.filter(text="DUP-1").order_by("pk")
    assert list(repeats.values_list("repeat", flat=True)) == [0, 1, 2]


def test_yes_is_only_to_as_many_as_were_shown(pool: Pool) -> None:
    pool.game.pools.create(name="Tea").add(["A", "B"])
    with pytest.raises(Refused, match="invalid"):
        take(pool, upload("a.txt", "A\nB\nC"), yes_to=1)
    assert codes_in(pool) == []


def test_no_code_comes_to_two_pools_unasked(pool: Pool) -> None:
    other = pool.game.pools.create(name="Tea")
    assert other.add(["A", "B"]) == 2
    assert pool.add(["A", "C"]) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Code.objects.create(pool=pool, text="B")


def test_open_game_that_was_sold_out_tells_its_players(
    make_game: MakeGame, alice: Player, django_capture_on_commit_callbacks: Any
) -> None:
    game = make_game(codes=1)
    submit(Submission(alice.pk, game.pk, uuid4(), "", "elephant", timezone.now()))
    assert game.refetch().public(timezone.now())["sold_out"]
    seq = Game.objects.get(pk=game.pk).seq
    with django_capture_on_commit_callbacks(execute=True):
        take(game.pools.get(), upload("a.txt", "NEW"))
    game.refresh_from_db()
    assert game.seq > seq
    assert not game.refetch().public(timezone.now())["sold_out"]


@pytest.mark.usefixtures("runs_servers")
def test_hundred_thousand_codes_take_a_statement_a_thousand(pool: Pool) -> None:
    out = io.StringIO()
    csv.writer(out).writerows((f"CODE-{number:06}", "x") for number in range(100_000))
    with CaptureQueriesContext(connection) as statements:
        report = take(pool, upload("a.csv", out.getvalue()))
    assert report.added == 100_000
    assert len(statements) < 120, [one["sql"][:80] for one in statements]
    first, last = codes_in(pool)[0], codes_in(pool)[-1]
    assert (first, last) == ("CODE-000000", "CODE-099999")


# Through the page


def test_page_reports_what_was_imported(as_carol: Client, pool: Pool) -> None:
    assert as_carol.get(url_of(pool)).status_code == 200
    look = look_at(as_carol, pool, upload("a.txt", "A\nB\nA"))
    assert "2 codes would be added." in look.content.decode()
    assert not Code.objects.exists()
    page = say(as_carol, look, **{"import": "yes"}).content.decode()
    assert "2 codes were added." in page
    assert "Row 3" in page
    assert Code.objects.count() == 2
    assert not Upload.objects.exists()


def test_page_says_why_a_file_is_refused(as_carol: Client, pool: Pool) -> None:
    look = look_at(as_carol, pool, upload("a.csv", "A\n,x\n"))
    assert "Row 2: the code is empty." in look.content.decode()
    assert "This field is required." in as_carol.post(url_of(pool)).content.decode()
    page = say(as_carol, look, **{"import": "yes"}).content.decode()
    assert "Row 2: the code is empty. Nothing was imported." in page
    assert not Code.objects.exists()


def test_players_can_not_import(as_alice: Client, pool: Pool) -> None:
    as_alice.post(url_of(pool), {"file": upload("a.txt", "A")})
    assert not Code.objects.exists()
    assert not Upload.objects.exists()
