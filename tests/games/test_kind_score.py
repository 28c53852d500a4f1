"""Scores: reading a guess, and what it is worth after the match."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from games.kinds.base import ONLY, Grade, Verdict
from games.kinds.score import KIND as score
from games.kinds.score import ScoreSettings
from tests.values import assert_refused, entry, strange


def match(final: tuple[int, int] | None = None, **others: Any) -> ScoreSettings:
    home, away = final or (None, None)
    return ScoreSettings(
        home="Lions", away="Tigers", final_home=home, final_away=away, **others
    )


def grade(settings: ScoreSettings, home: int, away: int) -> Grade:
    return score.grade(settings, entry({"home": home, "away": away}))


def test_a_guess_is_kept_as_it_is():
    assert score.parse(match(), ONLY, {"away": 0, "home": 99}) == {
        "home": 99,
        "away": 0,
    }


@strange
def test_strange_values_are_refused(value: object):
    assert_refused(score, match(), ONLY, value)


@strange
def test_strange_goals_are_refused(value: object):
    assert_refused(score, match(), ONLY, {"home": value, "away": 0})
    assert_refused(score, match(), ONLY, {"home": 0, "away": value})


@pytest.mark.parametrize(
    "value",
    [
        {"home": 1},
        {"home": 1, "away": 1, "extra": 1},
        {"Home": 1, "away": 1},
        {"home": 100, "away": 0},
        {"home": 1.0, "away": 0},
        {"home": "1", "away": 0},
        [1, 0],
        "1-0",
    ],
)
def test_a_guess_is_two_numbers_of_goals(value: object):
    assert_refused(score, match(), ONLY, value)


def test_before_the_final_score_all_is_pending():
    assert grade(match(), 1, 0) == Grade(Verdict.PENDING)
    assert not score.ready(match())
    assert score.ready(match((0, 0)))


@pytest.mark.parametrize(
    ("final", "guess", "points", "tiebreak"),
    [
        ((2, 1), (2, 1), 5, 0),
        ((2, 1), (3, 2), 3, 1),
        ((2, 1), (1, 0), 3, 1),
        ((2, 1), (3, 0), 1, 2),
        ((2, 1), (1, 2), 0, 3),
        ((2, 1), (1, 1), 0, 3),
        ((1, 2), (0, 1), 3, 1),
        ((1, 2), (0, 5), 1, 2),
        ((1, 2), (2, 1), 0, 3),
        ((0, 0), (0, 0), 5, 0),
        ((1, 1), (1, 0), 0, 3),
    ],
)
def test_points_by_how_much_was_right(
    final: tuple[int, int], guess: tuple[int, int], points: int, tiebreak: int
):
    graded = grade(match(final), *guess)
    assert (graded.points, graded.tiebreak) == (points, tiebreak)


def test_another_draw_is_an_outcome_and_no_difference():
    assert grade(match((1, 1)), 2, 2) == Grade(Verdict.WRONG, 1, 2)


def test_staff_set_the_points():
    own = match((2, 1), points_exact=10, points_difference=6, points_outcome=4)
    points = [grade(own, *guess).points for guess in [(2, 1), (1, 0), (5, 0), (0, 1)]]
    assert points == [10, 6, 4, 0]


def test_a_prize_for_the_exact_score_alone():
    verdicts = [grade(match((2, 1)), *g).verdict for g in [(2, 1), (1, 0), (5, 0)]]
    assert verdicts == [Verdict.RIGHT, Verdict.WRONG, Verdict.WRONG]


def test_a_prize_for_all_who_scored_points():
    rules = match((2, 1), prize_for="points")
    guesses = [(2, 1), (1, 0), (5, 0), (0, 1)]
    verdicts = [grade(rules, *guess).verdict for guess in guesses]
    assert verdicts == [Verdict.RIGHT] * 3 + [Verdict.WRONG]


def test_what_is_worth_no_points_wins_no_prize_for_points():
    rules = match((2, 1), prize_for="points", points_outcome=0)
    assert grade(rules, 5, 0).verdict is Verdict.WRONG


@given(*[st.integers(0, 99)] * 4)
def test_turning_the_match_round_changes_no_grade(a: int, b: int, c: int, d: int):
    rules, turned = match((a, b)), match((b, a))
    assert grade(rules, c, d) == grade(turned, d, c)


@given(*[st.integers(0, 99)] * 4)
def test_a_better_tiebreak_never_has_fewer_points(a: int, b: int, c: int, d: int):
    graded = grade(match((a, b)), c, d)
    assert graded.points == (5, 3, 1, 0)[graded.tiebreak]
    assert (graded.tiebreak == 0) == ((a, b) == (c, d))


def test_players_see_teams_and_points_and_not_the_final_score():
    shown = score.public(match((77, 88)))
    assert shown == score.public(match())
    assert shown["home"] == "Lions"
    assert shown["away"] == "Tigers"
    assert shown["points"] == {"exact": 5, "difference": 3, "outcome": 1}


def test_the_final_score_is_revealed():
    assert score.reveal(match((2, 1)), {}) == {"home": 2, "away": 1}


def test_the_verdict_waits_for_the_reveal():
    assert not score.instant(match())


@pytest.mark.parametrize(
    "wrong",
    [
        {"home": ""},
        {"away": " "},
        {"home": "x" * 61},
        {"final_home": 1},
        {"final_away": 0},
        {"final_home": -1, "final_away": 0},
        {"final_home": 100, "final_away": 0},
        {"points_exact": -1},
        {"points_outcome": 1001},
        {"prize_for": "all"},
    ],
)
def test_settings_that_make_no_match_are_refused(wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        ScoreSettings.model_validate({"home": "Lions", "away": "Tigers", **wrong})
