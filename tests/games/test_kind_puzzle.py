"""Puzzles: what counts as the same answer."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from games.kinds.base import ONLY, AttemptLimit, Grade, Verdict
from games.kinds.puzzle import KIND as puzzle
from games.kinds.puzzle import MAX_LENGTH, PuzzleSettings, normalize_key
from tests.values import assert_refused, entry, strange

ASCII_TO_THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")


def verdict(typed: str, *accepted: str, ignore_marks: bool = False) -> Verdict:
    settings = PuzzleSettings(accepted=list(accepted), ignore_marks=ignore_marks)
    return puzzle.grade(settings, entry(puzzle.parse(settings, ONLY, typed))).verdict


@pytest.mark.parametrize(
    ("typed", "accepted"),
    [
        ("ELEPHANT", "elephant"),
        (" ele phant\n", "Elephant"),
        ("ele\u200bphant", "elephant"),
        ("Ｅｌｅｐｈａｎｔ", "elephant"),
        ("straße", "STRASSE"),
        ("e\u0301cole", "école"),
        ("e\u200b\u0301cole", "école"),
        ("๒๕๖๙", "2569"),
        ("١٢", "12"),
        ("❤️", "❤"),
        ("เเมว", "แมว"),
        ("นํ้า", "น้ำ"),
        ("\U0001fae8", "\U0001fae8"),
    ],
    ids=[
        "case",
        "spaces",
        "invisible characters",
        "full width",
        "sharp s",
        "composed or not",
        "an accent behind an invisible character",
        "Thai digits",
        "Arabic digits",
        "heart in colour or not",
        "sara ae or sara e twice",
        "nikhahit before the tone mark",
        "an emoji newer than Python",
    ],
)
def test_what_reads_the_same_is_right(typed: str, accepted: str):
    assert verdict(typed, accepted) == verdict(accepted, typed) == Verdict.RIGHT


@pytest.mark.parametrize(
    ("typed", "accepted"),
    [("elephants", "elephant"), ("ไม", "ไม้"), ("cafe", "café"), ("1.5", "15")],
)
def test_what_reads_otherwise_is_wrong(typed: str, accepted: str):
    assert verdict(typed, accepted) == Verdict.WRONG


def test_any_accepted_answer_is_right():
    assert verdict("ช้าง", "elephant", "ช้าง") == Verdict.RIGHT


@pytest.mark.parametrize(
    ("typed", "accepted"),
    [("ไม", "ไม้"), ("ไม้", "ไม"), ("cafe", "café"), ("เปน", "เป็น"), ("จันทร", "จันทร์")],
)
def test_marks_make_no_difference_where_they_are_ignored(typed: str, accepted: str):
    assert verdict(typed, accepted, ignore_marks=True) == Verdict.RIGHT


@pytest.mark.parametrize(
    ("typed", "accepted"),
    [
        ("กิน", "กัน"),
        ("ดู", "ดี"),
        ("นา", "นำ"),
        ("ปู", "ปุ"),
        ("かき", "がき"),
        ("की", "का"),
    ],
)
def test_vowels_and_voicing_are_no_marks(typed: str, accepted: str):
    assert verdict(typed, accepted, ignore_marks=True) == Verdict.WRONG


def test_an_answer_of_marks_alone_is_still_compared():
    assert verdict("\u0e49", "\u0e49", ignore_marks=True) == Verdict.RIGHT
    assert verdict("\u0e48", "\u0e49", ignore_marks=True) == Verdict.WRONG


def test_right_is_worth_a_point_and_wrong_nothing():
    settings = PuzzleSettings(accepted=["yes"])
    assert puzzle.grade(settings, entry("yes")) == Grade(Verdict.RIGHT, 1)
    assert puzzle.grade(settings, entry("no")) == Grade(Verdict.WRONG, 0)


def test_the_answer_is_kept_as_typed():
    settings = PuzzleSettings(accepted=["yes"])
    assert puzzle.parse(settings, ONLY, "  YES, Sir ") == "YES, Sir"


@strange
def test_strange_values_are_refused(value: object):
    assert_refused(puzzle, PuzzleSettings(accepted=["7"]), ONLY, value)


@pytest.mark.parametrize("value", [7, ["yes"], {"yes": 1}, "y" * (MAX_LENGTH + 1)])
def test_only_short_texts_are_answers(value: object):
    assert_refused(puzzle, PuzzleSettings(accepted=["yes"]), ONLY, value)


def test_the_longest_text_is_an_answer():
    settings = PuzzleSettings(accepted=["yes"])
    assert len(puzzle.parse(settings, ONLY, "y" * MAX_LENGTH)) == MAX_LENGTH


@given(st.text(), st.booleans())
def test_folding_twice_is_folding_once(text: str, ignore_marks: bool):
    once = normalize_key(text, ignore_marks=ignore_marks)
    assert normalize_key(once, ignore_marks=ignore_marks) == once


@given(st.text("กขเแไำา่้๊๋ํ์็ิีุู0๐e\u0301\u200b \ufe0f", max_size=8), st.booleans())
def test_folding_thai_twice_is_folding_once(text: str, ignore_marks: bool):
    once = normalize_key(text, ignore_marks=ignore_marks)
    assert normalize_key(once, ignore_marks=ignore_marks) == once


@given(st.text("0123456789กข -", min_size=1))
def test_thai_digits_equal_ascii_digits(text: str):
    thai = text.translate(ASCII_TO_THAI)
    assert normalize_key(thai, ignore_marks=False) == normalize_key(
        text, ignore_marks=False
    )


def test_attempts_are_without_limit_unless_staff_set_one():
    assert puzzle.attempts(PuzzleSettings(accepted=["a"])) is None


def test_attempts_count_over_the_game_or_in_each_minute():
    a_game = PuzzleSettings(accepted=["a"], attempts=3)
    a_minute = PuzzleSettings(accepted=["a"], attempts=3, attempts_per="minute")
    assert puzzle.attempts(a_game) == AttemptLimit(3)
    assert puzzle.attempts(a_minute) == AttemptLimit(3, timedelta(minutes=1))


def test_revealed_is_the_first_accepted_answer_alone():
    settings = PuzzleSettings(accepted=["elephant", "ช้าง"])
    assert puzzle.reveal(settings, {}) == {"answer": "elephant"}


def test_players_are_told_at_once():
    assert puzzle.instant(PuzzleSettings(accepted=["a"]))


@pytest.mark.parametrize(
    "accepted", [[], [""], ["a", "\u200b"], ["x" * (MAX_LENGTH + 1)], ["a"] * 201]
)
def test_accepted_answers_that_nobody_could_give_are_refused(accepted: list[str]):
    with pytest.raises(ValidationError):
        PuzzleSettings(accepted=accepted)


@pytest.mark.parametrize("attempts", [0, -1, 1001, "many"])
def test_a_limit_of_attempts_that_makes_no_sense_is_refused(attempts: object):
    with pytest.raises(ValidationError):
        PuzzleSettings(accepted=["a"], attempts=attempts)
