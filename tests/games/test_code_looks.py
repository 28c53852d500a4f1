"""The preview of a file of codes, before anything is imported."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from openpyxl.worksheet.worksheet import Worksheet

from core.refusals import Refused
from games.models import Code, Game, Pool, Upload
from games.models.uploads import LIFETIME, MAX_FILES, PIECE
from games.states import State
from tests.attacks.house import staff
from tests.conftest import client_of
from tests.tables import (
    codes_of,
    look_at,
    saved,
    say,
    understood,
    upload,
    url_of,
    workbook,
)
from users.models import Player

YES = {"import": "yes"}


def texts(file: SimpleUploadedFile) -> list[str]:
    codes = codes_of(file)
    codes.check()
    return [line.text for line in codes.lines]


def refusal(file: SimpleUploadedFile) -> str:
    with pytest.raises(Refused) as caught:
        texts(file)
    return str(caught.value.detail)


# Which delimiter, header and column


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        ("K7Q2;Coffee;2026\nK7Q3;Coffee;2026\n", ["K7Q2", "K7Q3"]),
        ("K7Q2;Coffee;2026", ["K7Q2"]),
        ("K7Q2;1,50\nK7Q3;2,50", ["K7Q2", "K7Q3"]),
        ("K7Q2\tCoffee\nK7Q3\tTea", ["K7Q2", "K7Q3"]),
        ("K7Q2|Coffee\nK7Q3|Tea", ["K7Q2", "K7Q3"]),
        ("sep=;\nCode;Prize\nK7Q2;Tea\n", ["K7Q2"]),
        ("Voucher code\nK7Q2\nK7Q3\n", ["K7Q2", "K7Q3"]),
        ("Codes\nABCD\nEFGH\n", ["ABCD", "EFGH"]),
        ("รหัส\nK7Q2\n", ["K7Q2"]),
        ("Coupon;Prize\nABCD;Coffee voucher\n", ["ABCD"]),
        ("Voucher code (2026)\nK7Q2\nK7Q3\n", ["K7Q2", "K7Q3"]),
        ("CODE 0001\nCODE 0002\n", ["CODE 0001", "CODE 0002"]),
        ("GIFT-0001\nMUG-0002\n", ["GIFT-0001", "MUG-0002"]),
        ("รหัสคูปอง,ของรางวัล\nK7Q2,แก้ว\n", ["K7Q2"]),
        ("Coupon;Prize\nABCD;Coffee\n", ["ABCD"]),
        ("No.,Code\n1,K7Q2\n2,K7Q3\n", ["K7Q2", "K7Q3"]),
        ("ลำดับ,รหัส\n1,K7Q2\n2,K7Q3\n", ["K7Q2", "K7Q3"]),
        ("1,K7Q2\n2,K7Q3\n3,K7Q4", ["K7Q2", "K7Q3", "K7Q4"]),
        ("Coffee,K7Q2\nCoffee,K7Q3\nCoffee,K7Q4", ["K7Q2", "K7Q3", "K7Q4"]),
        ("Gutschein\nK7Q2\nK7Q3\nK7Q4", ["K7Q2", "K7Q3", "K7Q4"]),
        ("CODE-0001,x\nCODE-0002,x\n", ["CODE-0001", "CODE-0002"]),
        ("ABCD,Coffee voucher\nEFGH,Coffee voucher", ["ABCD", "EFGH"]),
        ('"K7Q2","Coffee; large"\n"K7Q3","Tea, small"\n', ["K7Q2", "K7Q3"]),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
def test_columns_and_header_are_understood(
    name: str, content: str, codes: list[str]
) -> None:
    assert texts(upload(name, content)) == codes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp874"])
def test_encoding_is_understood(encoding: str) -> None:
    content = "รหัส\nก-๐๑\nข-๐๒\n".encode(encoding)
    assert texts(upload("a.csv", content)) == ["ก-๐๑", "ข-๐๒"]


# What a spreadsheet has spoiled


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ('="0042"', "0042"),
        ('"=""0042"""', "0042"),
        ("'0042", "0042"),
        ("'8.85E+12", "8.85E+12"),
        ("8E12", "8E12"),
        ("12E45", "12E45"),
        ("3.1-4", "3.1-4"),
        ("0042", "0042"),
        ("A=B", "A=B"),
        ("#A-1", "#A-1"),
        ("JAN-26", "JAN-26"),
    ],
)
def test_code_is_taken_as_it_was_entered(cell: str, code: str) -> None:
    assert texts(upload("a.csv", f"Code\nK7Q2\n{cell}\n")) == ["K7Q2", code]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("8.85E+12", "shortened"),
        ('"8,85E+12"', "shortened"),
        ("9e+15", "shortened"),
        ("#N/A", "an error"),
        ("########", "an error"),
        ("=A1&B1", "a formula"),
        ("1-Mar", "a date"),
        ("Mar-26", "a date"),
        ("2026-03-01", "a date"),
        ("1/3/2026", "a date"),
        ('"1,234,567"', "marks between"),
        ("42.0", "marks between"),
        ("????", "letters that were lost"),
        ("A\ufffdB", "letters that were lost"),
    ],
)
def test_what_a_spreadsheet_has_spoiled_is_refused_by_row(cell: str, said: str) -> None:
    detail = refusal(upload("a.csv", f"Code\nK7Q2\n{cell}\n"))
    assert detail.startswith("Row 3: ")
    assert said in detail


def test_long_numbers_that_all_end_in_zeros_are_refused() -> None:
    rounded = [f"12345678901234{n}0000" for n in range(5)]
    assert "lost digits" in refusal(upload("a.txt", "\n".join(rounded)))
    whole = [*rounded, "1234567890123456789"]
    assert texts(upload("a.txt", "\n".join(whole))) == whole


@pytest.mark.parametrize(
    ("value", "format", "code"),
    [
        (42, "0000000", "0000042"),
        (42, "General", "42"),
        (42, "0", "42"),
        (12345678, "0000000", "12345678"),
        (42, "@", "42"),
    ],
)
def test_number_keeps_the_zeros_of_its_format(
    value: int, format: str, code: str
) -> None:
    assert texts(formatted(value, format)) == ["K7Q2", code]


@pytest.mark.parametrize(
    "format", ["0.00", "#,##0", '"A"0000', "000-000", "0.00E+00", "[$-409]0000", "0%"]
)
def test_number_that_is_shown_otherwise_is_refused(format: str) -> None:
    detail = refusal(formatted(42, format))
    assert detail.startswith("Row 2: ")
    assert "displayed differently" in detail


def test_number_that_is_shown_as_a_date_is_refused() -> None:
    assert "a date" in refusal(formatted(42, "dd/mm/yyyy"))


def formatted(value: Any, format: str) -> SimpleUploadedFile:
    book = openpyxl.Workbook()
    sheet = sheet_of(book)
    sheet["A1"], sheet["A2"] = "K7Q2", value
    sheet["A2"].number_format = format
    return saved(book)


def sheet_of(book: openpyxl.Workbook) -> Worksheet:
    assert isinstance(book.active, Worksheet)
    return book.active


# What is hidden


def test_hidden_rows_columns_and_sheets_are_not_taken() -> None:
    book = openpyxl.Workbook()
    used = sheet_of(book)
    used.title, used["A1"] = "Used", "OLD-1"
    used.sheet_state = "hidden"
    sheet = book.create_sheet("Fresh")
    for row in (["x1", "ONE"], ["x2", "TWO"], ["x3", "SIX"], ["x4", "TEN"]):
        sheet.append(row)
    for row in (2, 3):
        sheet.row_dimensions[row].hidden = True
    sheet.column_dimensions["A"].hidden = True
    book.active = 1
    table, reading = understood(saved(book))
    assert table.sheets == ["Fresh"]
    assert [text for _row, text in table.cells(reading)] == ["ONE", "TEN"]
    assert table.hidden.sheets == ["Used"]
    assert (table.hidden.rows, table.hidden.columns) == (2, {0})


def test_workbook_that_shows_nothing_is_refused() -> None:
    book = openpyxl.Workbook()
    sheet = sheet_of(book)
    sheet["A1"], sheet.sheet_state = "ONE", "veryHidden"
    book.create_sheet("Other")
    file = saved(book)
    assert "has no codes" in refusal(file)
    assert understood(file)[0].sheets == ["Other"]


# The page


@pytest.fixture
def pool(make_game: Callable[..., Game]) -> Pool:
    return make_game(state=State.DRAFT).pools.create(name="Coffee")


def codes_in(pool: Pool) -> list[str]:
    return list(pool.codes.order_by("pk").values_list("text", flat=True))


def test_look_shows_what_was_understood_and_adds_nothing(
    as_carol: Client, pool: Pool
) -> None:
    page = look_at(as_carol, pool, upload("a.csv", "Coupon;Prize\nABCD;Tea\n"))
    form = page.context["shown"].form
    assert form.initial == {
        **{"encoding": "utf-8-sig", "delimiter": "semicolon", "sheet": "0"},
        **{"header": "yes", "column": "0"},
    }
    assert list(form.fields["column"].choices) == [
        ("0", "A · Coupon"),
        ("1", "B · Prize"),
    ]
    rows = list(page.context["shown"].first_rows)
    assert [(row.number, row.header) for row in rows] == [(1, True), (2, False)]
    assert [cell.text for cell in rows[1].cells if cell.chosen] == ["ABCD"]
    assert not Code.objects.exists()


def test_other_choices_are_shown_before_they_are_imported(
    as_carol: Client, pool: Pool
) -> None:
    page = look_at(as_carol, pool, upload("a.csv", "Coupon;Prize\nABCD;Tea\n"))
    page = say(as_carol, page, column="1", header="no", **YES)
    assert codes_in(pool) == []  # it was not shown like this
    assert page.context["shown"].form.initial["column"] == "1"
    say(as_carol, page, **YES)
    assert codes_in(pool) == ["Prize", "Tea"]


def test_another_delimiter_asks_for_another_column(
    as_carol: Client, pool: Pool
) -> None:
    page = look_at(as_carol, pool, upload("a.csv", "1;A,1\n2;B,2\n3;C,3\n"))
    assert page.context["shown"].form.initial["column"] == "1"
    page = say(as_carol, page, delimiter="none")
    assert page.context["shown"].form.initial["column"] == "0"
    say(as_carol, page, **YES)
    assert codes_in(pool) == ["1;A,1", "2;B,2", "3;C,3"]


def test_wrong_encoding_is_said_and_another_one_can_be_chosen(
    as_carol: Client, pool: Pool
) -> None:
    page = look_at(as_carol, pool, upload("a.csv", "caf\xe9-1\n".encode("cp1252")))
    assert "isn’t in UTF-8" in page.content.decode()
    wrong = say(as_carol, page, encoding="utf-8-sig")
    assert "Row 1: it can’t be read in this encoding" in wrong.content.decode()
    assert 'name="import"' not in wrong.content.decode()
    assert wrong.context["shown"].form.initial["encoding"] == "utf-8-sig"
    right = say(as_carol, wrong, encoding="cp1252")
    say(as_carol, right, **YES)
    assert codes_in(pool) == ["café-1"]


def test_sheet_can_be_chosen(as_carol: Client, pool: Pool) -> None:
    book = openpyxl.Workbook()
    sheet_of(book)["A1"] = "ONE"
    book.create_sheet("Second")["B1"] = "TWO"
    page = look_at(as_carol, pool, saved(book))
    page = say(as_carol, page, sheet="1")
    say(as_carol, page, **YES)
    assert codes_in(pool) == ["TWO"]


def test_code_of_another_game_needs_a_yes(
    as_carol: Client, pool: Pool, make_game: Callable[..., Game]
) -> None:
    other = make_game(title="Summer").pools.create(name="Tea")
    other.add(["DUP-1"])
    file = "DUP-1\nC-2"
    page = look_at(as_carol, pool, upload("a.txt", file))
    assert "Summer" in page.content.decode()
    done = say(as_carol, page, **YES)
    assert codes_in(pool) == ["C-2"]
    assert "was left out" in done.content.decode()
    again = look_at(as_carol, pool, upload("a.txt", file))
    say(as_carol, again, elsewhere="1", **YES)
    assert codes_in(pool) == ["C-2", "DUP-1"]


def test_yes_counts_only_for_what_was_shown(
    as_carol: Client, pool: Pool, make_game: Callable[..., Game]
) -> None:
    other = make_game().pools.create(name="Tea")
    other.add(["DUP-1"])
    page = look_at(as_carol, pool, upload("a.txt", "DUP-1\nC-2"))
    other.add(["C-2"])
    page = say(as_carol, page, elsewhere="1", **YES)
    assert "Check the file again" in page.content.decode()
    assert codes_in(pool) == []
    say(as_carol, page, elsewhere="2", **YES)
    assert codes_in(pool) == ["DUP-1", "C-2"]


def test_file_is_imported_once(as_carol: Client, pool: Pool) -> None:
    page = look_at(as_carol, pool, upload("a.txt", "A-1"))
    say(as_carol, page, **YES)
    again = say(as_carol, page, **YES)
    assert "no longer stored" in again.content.decode()
    assert codes_in(pool) == ["A-1"]


def test_nothing_is_kept_of_a_file_that_is_not_wanted(
    as_carol: Client, pool: Pool
) -> None:
    page = look_at(as_carol, pool, upload("a.txt", "A-1"))
    assert Upload.objects.exists()
    say(as_carol, page, drop="yes")
    assert not Upload.objects.exists()
    assert codes_in(pool) == []


# What is kept


def test_large_file_comes_back_as_it_was(carol: Player, pool: Pool) -> None:
    data = bytes(range(256)) * (PIECE // 100)
    kept = Upload.objects.store(upload("a.xlsx", data), pool, carol)
    assert kept.pieces.count() == 3
    with kept.opened() as file:
        assert file.read() == data


def test_kept_file_is_for_who_uploaded_it_and_for_its_pool(
    as_carol: Client, pool: Pool
) -> None:
    page = look_at(as_carol, pool, upload("a.txt", "A-1"))
    address = page.request["PATH_INFO"]
    dave = client_of(Player.objects.create_superuser("Dave", "x"))
    other = pool.game.pools.create(name="Tea")
    elsewhere = address.replace(url_of(pool), url_of(other))
    assert dave.get(address).url == dave.post(address, YES).url == url_of(pool)
    assert as_carol.get(elsewhere).url == url_of(other)
    assert as_carol.get(address).status_code == 200


def test_only_some_files_are_kept_and_for_an_hour(carol: Player, pool: Pool) -> None:
    kept = [
        Upload.objects.store(upload(f"{n}.txt", "A"), pool, carol)
        for n in range(MAX_FILES + 2)
    ]
    assert list(Upload.objects.order_by("pk")) == kept[2:]
    now = timezone.now()
    assert not Upload.objects.stored_for(carol, pool, now + LIFETIME).exists()
    Upload.objects.clear(now + LIFETIME - timedelta(minutes=1))
    assert Upload.objects.count() == MAX_FILES
    Upload.objects.clear(now + LIFETIME)
    assert not Upload.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_second_tap_is_answered_while_the_first_still_imports(
    carol: Player, pool: Pool
) -> None:
    kept = Upload.objects.store(upload("a.txt", "A"), pool, carol)
    again = Upload.objects.get()

    def tap() -> str:
        with (
            closing(connection),
            pytest.raises(Refused) as caught,
            transaction.atomic(),
        ):
            again.take()
        return str(caught.value.detail)

    with transaction.atomic(), ThreadPoolExecutor() as others:
        kept.take()
        assert "already" in others.submit(tap).result()
    assert not Upload.objects.exists()


def test_what_can_not_be_read_at_all_is_not_kept(as_carol: Client, pool: Pool) -> None:
    for name, content in (("a.pdf", b"A"), ("a.xlsx", b"A"), ("a.csv", b"PK\x03\x04")):
        page = as_carol.post(url_of(pool), {"file": upload(name, content)})
        assert page.context["form"].errors["file"], name
    assert not Upload.objects.exists()


def test_staff_say_yes_to_codes_that_stood_in_two_pools_before(
    as_carol: Client, pool: Pool
) -> None:
    pool.add(["DUP-1"])
    other = pool.game.pools.create(name="Tea")
    old = Code.objects.create(pool=other, text="DUP-1", repeat=-1)
    found = as_carol.get("/admin/games/code/?repeat=unasked").context["cl"].result_list
    assert list(found) == [old]
    said = {"action": "accept", "_selected_action": [old.pk]}
    staff("games.view_code").post("/admin/games/code/", said)
    assert Code.objects.get(pk=old.pk).repeat == -1
    as_carol.post("/admin/games/code/", said)
    assert Code.objects.get(pk=old.pk).repeat == 1


def test_workbook_is_shown_like_a_text(as_carol: Client, pool: Pool) -> None:
    file = workbook(["Code", "Prize"], ["K7Q2", "Tea"], [8.5, "Tea"])
    page = look_at(as_carol, pool, file).content.decode()
    assert "One row has no valid code." in page
    assert "Row 3" in page
