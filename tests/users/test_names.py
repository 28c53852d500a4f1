"""Names: as shown, as compared, and which nicknames are refused."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.refusals import Refused
from users.names import (
    BLOCKED_PARTS,
    MAX_TYPED,
    check_nickname,
    is_blocked,
    normalize_display,
    normalize_key,
)

texts = st.text(st.characters(), max_size=30)
thai = st.text("กนเแไำา่้๊๋ํ์็ิุ๐ \u200bé\u0301´’'–", max_size=8)


def assert_refused(nickname: str):
    with pytest.raises(Refused) as refused:
        check_nickname(nickname)
    assert (refused.value.code, refused.value.field) == ("invalid", "nickname")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Alice", "Alice"),
        ("  Alice \n  Smith ", "Alice Smith"),
        ("Alice\tSmith", "Alice Smith"),
        ("Ａｌｉｃｅ", "Alice"),
        ("Al\u200bi\u202ece\ufeff", "Alice"),
        ("Al\x00ice\ud800", "Alice"),
        ("Alice\u3000Smith", "Alice Smith"),
        ("e\u0301lan", "élan"),
        ("e\u200b\u0301lan", "élan"),
        ("น้ำ", "น้ำ"),
        ("นํ้า", "น้ำ"),
        ("ນ້ຳ", "ນ້ຳ"),
        ("ใจดี", "ใจดี"),
        ("\u3164\u2800", ""),
        ("❤️", "❤️"),
        ("O´Neil", "O'Neil"),
        ("O’Neil", "O’Neil"),
    ],
)
def test_a_name_is_shown_tidily(typed: str, shown: str):
    assert normalize_display(typed) == shown


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alice", "aLiCe"),
        ("Alice Smith", "alicesmith"),
        ("Alice", "Al\u200bice"),
        ("Ａｌｉｃｅ", "alice"),
        ("Straße", "STRASSE"),
        ("É", "e\u0301"),
        ("แดง", "เเดง"),
        ("น้ำ", "นํ้า"),
        ("❤️", "❤"),
        ("O'Neil", "O’Neil"),
        ("O'Neil", "O‘neil"),
        ("O'Neil", "O´Neil"),
        ("O'Neil", "O`Neil"),
        ("O'Neil", "Oʼneil"),
        ("O'Neil", "O＇Neil"),
        ('"Ace" Smith', "“Ace” Smith"),
        ("Jean-Luc", "Jean\u2011Luc"),
        ("Jean-Luc", "Jean – Luc"),
    ],
)
def test_names_that_look_the_same_are_the_same(one: str, other: str):
    assert normalize_key(one) == normalize_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(("ไม้", "ไม"), ("Alice", "Alicé"), ("name1", "name๑"), ("กิน", "กัน")),
        *(("O'Neil", "ONeil"), ("Jean-Luc", "JeanLuc"), ("O'Neil", "O,Neil")),
    ],
)
def test_names_that_look_different_are_different(one: str, other: str):
    assert normalize_key(one) != normalize_key(other)


@given(texts | thai)
def test_tidying_and_folding_twice_is_doing_it_once(name: str):
    assert normalize_display(normalize_display(name)) == normalize_display(name)
    assert normalize_key(normalize_key(name)) == normalize_key(name)


@given(texts | thai)
def test_a_name_is_found_by_what_was_typed_and_by_what_is_shown(name: str):
    assert normalize_key(normalize_display(name)) == normalize_key(name)


@given(texts)
def test_a_tidy_name_can_be_kept_and_shown(name: str):
    shown = normalize_display(name)
    assert shown == shown.strip()
    assert "  " not in shown
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in shown)
    assert shown.encode().decode() == shown


def test_a_nickname_is_given_back_as_shown():
    assert check_nickname("  Bob\u200b  the  Great ") == "Bob the Great"


@pytest.mark.parametrize(
    "nickname", ["ab", "ก้อง", "x" * 20, "李明", "😀😀", "J.", "น้ำ"]
)
def test_short_and_long_nicknames_of_any_script_are_good(nickname: str):
    assert check_nickname(nickname) == nickname


@pytest.mark.parametrize(
    "nickname",
    [
        *("", " ", "a", "a ", "x" * 21, "ﷺ" * 2),
        *("\u200b\u200b", "a\u200b", "\u3164\u3164", "\ufe0f\ufe0f"),
        *("\x00\x00", "\ud800\ud800"),
    ],
)
def test_nicknames_too_short_or_too_long_are_refused(nickname: str):
    assert_refused(nickname)


@pytest.mark.parametrize(
    "nickname",
    [
        *("admin", "The ADMIN", "a d m i n", "ａｄｍｉｎ", "ad\u200bmin", "xXadminXx"),
        *("moderator7", "แอดมิน", "เเอดมิน", "ทีม งาน"),
    ],
)
def test_nicknames_that_pose_as_staff_are_refused(nickname: str):
    assert_refused(nickname)


def test_each_blocked_part_is_folded():
    assert [part for part in BLOCKED_PARTS if normalize_key(part) != part] == []


def test_a_site_adds_its_own_parts(settings: Any):
    settings.NICKNAME_BLOCKLIST = ["Brand X"]
    assert is_blocked("brandx fan")
    assert not is_blocked("brand y fan")


def test_an_empty_part_blocks_nobody(settings: Any):
    settings.NICKNAME_BLOCKLIST = ["", " "]
    assert not is_blocked("Alice")


@given(texts)
def test_any_nickname_is_good_or_refused(nickname: str):
    try:
        shown = check_nickname(nickname)
    except Refused:
        return
    assert check_nickname(shown) == shown
    assert len(normalize_key(shown)) <= 40  # what the database keeps


MARKS = "\u0300" * 30_000 + "\u0316" * 30_000  # seconds of work to put in order


@pytest.fixture
def no_normalizing(monkeypatch: pytest.MonkeyPatch):
    """Make normalizing fail."""
    monkeypatch.setattr("users.names.unicodedata", None)


@pytest.mark.usefixtures("no_normalizing")
def test_a_long_nickname_is_refused_before_any_work():
    assert_refused(MARKS)
    assert_refused("x" * (MAX_TYPED + 1))


@pytest.mark.usefixtures("no_normalizing")
@pytest.mark.parametrize("compared", [normalize_display, normalize_key])
def test_a_long_name_is_refused_before_any_work(compared: Any):
    with pytest.raises(Refused) as refused:
        compared(MARKS)
    assert refused.value.code == "too_large"
