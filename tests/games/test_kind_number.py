"""Numbers: reading a guess, and who is closest."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from games.kinds.base import ONLY, Grade, Verdict
from games.kinds.number import KIND as number
from games.kinds.number import NumberSettings
from tests.values import assert_refused, entry, strange


def settings(rule: str = "exact", drawn: str = "042", digits: int = 3) -> Any:
    return NumberSettings(digits=digits, rule=rule, number=drawn)


def right(rules: NumberSettings, *guesses: str) -> list[str]:
    """The guesses that win."""
    entries = [entry(guess, player=i) for i, guess in enumerate(guesses)]
    grades = number.settle(rules, entries)
    return [g for g, grade in zip(guesses, grades) if grade.verdict is Verdict.RIGHT]


def test_leading_zeros_count():
    assert number.parse(settings(), ONLY, "007") == "007"
    assert_refused(number, settings(), ONLY, "7")
    assert_refused(number, settings(), ONLY, "0007")


@given(st.from_regex(r"[0-9]{6}", fullmatch=True))
def test_thai_digits_equal_ascii_digits(guess: str):
    thai = guess.translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))
    assert number.parse(settings(drawn="", digits=6), ONLY, thai) == guess


@pytest.mark.parametrize("typed", [" 042", "0 4 2", "042\n", "０４２", "٠٤٢", "๐4२"])
def test_spaces_and_any_scripts_digits_are_read(typed: str):
    assert number.parse(settings(), ONLY, typed) == "042"


@pytest.mark.parametrize(
    "typed", ["4²0", "+42", "-42", "4.2", "4,2", "0x2", "Ⅳ00", "四二"]
)
def test_what_is_no_digit_is_refused(typed: str):
    assert_refused(number, settings(), ONLY, typed)


@strange
def test_strange_values_are_refused(value: object):
    assert_refused(number, settings(), ONLY, value)


@pytest.mark.parametrize("value", [42, 123, 123.0, ["042"], {"number": "042"}])
def test_only_texts_are_guesses(value: object):
    assert_refused(number, settings(), ONLY, value)


@pytest.mark.parametrize("rule", ["exact", "closest", "closest_below"])
def test_without_a_winning_number_all_is_pending(rule: str):
    undrawn = settings(rule, drawn="")
    entries = [entry("000"), entry("999", player=2)]
    assert number.settle(undrawn, entries) == [Grade(Verdict.PENDING)] * 2
    assert number.grade(undrawn, entries[0]) == Grade(Verdict.PENDING)
    assert not number.ready(undrawn)
    assert number.ready(settings(rule))


@pytest.mark.parametrize("rule", ["exact", "closest", "closest_below"])
def test_nobody_guessing_is_no_error(rule: str):
    assert number.settle(settings(rule), []) == []


def test_exact_takes_the_number_only():
    assert right(settings("exact"), "041", "042", "043", "042") == ["042", "042"]
    assert right(settings("exact"), "041", "043") == []


def test_closest_takes_the_smallest_distance_on_either_side():
    assert right(settings("closest"), "000", "040", "045") == ["040"]
    assert right(settings("closest"), "000", "039", "045") == ["039", "045"]


def test_closest_shares_a_tie():
    assert right(settings("closest"), "040", "044", "040") == ["040", "044", "040"]


def test_closest_below_never_takes_an_overshoot():
    assert right(settings("closest_below"), "000", "030", "043") == ["030"]
    assert right(settings("closest_below"), "042", "041") == ["042"]
    assert right(settings("closest_below"), "030", "030", "999") == ["030", "030"]


def test_closest_below_has_no_winner_when_all_are_over():
    assert right(settings("closest_below"), "043", "100", "999") == []


def test_an_overshoot_does_not_stand_for_a_perfect_guess():
    assert right(settings("closest_below", "000"), "001", "000") == ["000"]


def test_right_is_worth_a_point_and_wrong_nothing():
    grades = number.settle(settings("closest"), [entry("040"), entry("099", player=2)])
    assert [(g.verdict, g.points) for g in grades] == [
        (Verdict.RIGHT, 1),
        (Verdict.WRONG, 0),
    ]


@given(
    st.sampled_from(["exact", "closest", "closest_below"]),
    st.integers(0, 999),
    st.lists(st.integers(0, 999), max_size=20),
)
def test_no_loser_is_closer_than_a_winner(rule: str, drawn: int, guessed: list[int]):
    rules = settings(rule, f"{drawn:03}")
    winners = {int(g) for g in right(rules, *(f"{g:03}" for g in guessed))}
    counted = [g for g in guessed if rule != "closest_below" or g <= drawn]
    distances = {abs(g - drawn) for g in winners}
    assert len(distances) <= 1
    assert winners <= set(counted)
    if rule != "exact" and counted:
        assert distances == {min(abs(g - drawn) for g in counted)}
    if rule == "exact":
        assert winners == {drawn} & set(guessed)


def test_grades_survive_a_change_of_the_digits():
    assert right(settings("exact", "0042", digits=4), "042", "41") == ["042"]


def test_players_see_the_rule_and_not_the_number():
    assert number.public(settings("closest")) == {"digits": 3, "rule": "closest"}
    assert number.reveal(settings("closest"), {}) == {"number": "042"}


def test_the_verdict_waits_for_the_reveal():
    assert not number.instant(settings())


@pytest.mark.parametrize(
    "wrong",
    [
        {"digits": 0},
        {"digits": 10},
        {"number": "42"},
        {"number": "0042"},
        {"number": "4 2"},
        {"number": "๐๔๒"},
        {"rule": "luck"},
    ],
)
def test_settings_that_do_not_fit_are_refused(wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        NumberSettings.model_validate({"digits": 3, **wrong})
