"""Quizzes and votes: questions with options."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from games.kinds.base import AttemptLimit, Grade, Verdict
from games.kinds.choice import KIND as choice
from games.kinds.choice import ChoiceSettings
from tests.values import assert_refused, entry, strange

SINGLE = {"text": "Sky?", "options": ["*blue", "green", "red"]}
MULTIPLE = {
    "text": "Even?",
    "type": "multiple",
    "options": ["*2", "3", "*4"],
    "points": 3,
}
TRUE = {"text": "Thai is tonal.", "type": "truefalse", "options": ["*true"]}
VOTE = {"text": "Which?", "type": "vote", "options": ["this", "that"]}


def quiz(*questions: dict[str, Any], **others: Any) -> ChoiceSettings:
    return ChoiceSettings.model_validate({"questions": list(questions), **others})


def verdict(settings: ChoiceSettings, question: str, value: Any) -> Verdict:
    chosen = choice.parse(settings, question, value)
    return choice.grade(settings, entry(chosen, question)).verdict


def wins(settings: ChoiceSettings, *values: Any) -> bool:
    """Whether these answers, in the order of the questions, win."""
    grades = {
        str(place): choice.grade(settings, entry(value, str(place)))
        for place, value in enumerate(values, 1)
    }
    return choice.wins(settings, grades)


def test_questions_are_counted_from_one():
    assert choice.questions(quiz(SINGLE, MULTIPLE, VOTE)) == ["1", "2", "3"]


def test_one_option_may_come_without_a_list():
    assert choice.parse(quiz(SINGLE), "1", 2) == [2]
    assert choice.parse(quiz(SINGLE), "1", [2]) == [2]


def test_options_are_kept_in_their_order():
    assert choice.parse(quiz(MULTIPLE), "1", [2, 0]) == [0, 2]


@strange
@pytest.mark.parametrize("question", [SINGLE, MULTIPLE, TRUE, VOTE])
def test_strange_values_are_refused(question: dict[str, Any], value: object):
    assert_refused(choice, quiz(question), "1", value)


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (SINGLE, 3),
        (SINGLE, [0, 1]),
        (SINGLE, 0.0),
        (SINGLE, "blue"),
        (MULTIPLE, [0, 3]),
        (MULTIPLE, [0, 0]),
        (MULTIPLE, [0, -1]),
        (TRUE, 2),
        (TRUE, "true"),
        (TRUE, [0, 1]),
        (VOTE, [0, 1]),
    ],
)
def test_what_is_not_among_the_options_is_refused(
    question: dict[str, Any], value: object
):
    assert_refused(choice, quiz(question), "1", value)


@pytest.mark.parametrize("key", ["0", "2", "-1", "01", "", "x", "1.0", "๑"])
def test_a_question_that_is_not_there_is_refused(key: str):
    assert_refused(choice, quiz(SINGLE), key, 0)


def test_an_answer_to_a_question_taken_out_scores_nothing():
    assert choice.grade(quiz(SINGLE), entry([0], "2")) == Grade(Verdict.WRONG)


def test_the_right_option_is_right():
    assert verdict(quiz(SINGLE), "1", 0) is Verdict.RIGHT
    assert verdict(quiz(SINGLE), "1", 1) is Verdict.WRONG


def test_multiple_needs_every_right_option_and_no_other():
    settings = quiz(MULTIPLE)
    assert verdict(settings, "1", [2, 0]) is Verdict.RIGHT
    for value in ([0], [2], [0, 1], [0, 1, 2]):
        assert verdict(settings, "1", value) is Verdict.WRONG


@pytest.mark.parametrize(("marked", "right"), [("*true", 0), ("*False", 1)])
def test_true_or_false(marked: str, right: int):
    settings = quiz({**TRUE, "options": [marked]})
    assert choice.public(settings)["questions"][0]["options"] == ["true", "false"]
    assert verdict(settings, "1", right) is Verdict.RIGHT
    assert verdict(settings, "1", 1 - right) is Verdict.WRONG


def test_a_vote_is_never_right_or_wrong():
    assert verdict(quiz(VOTE), "1", 0) is Verdict.PENDING
    assert verdict(quiz(VOTE), "1", 1) is Verdict.PENDING


def test_points_are_the_questions_own():
    assert choice.grade(quiz(MULTIPLE), entry([0, 2], "1")) == Grade(Verdict.RIGHT, 3)
    assert choice.grade(quiz(MULTIPLE), entry([0], "1")) == Grade(Verdict.WRONG, 0)


def test_without_pass_points_every_question_must_be_right():
    settings = quiz(SINGLE, MULTIPLE)
    assert wins(settings, [0], [0, 2])
    assert not wins(settings, [0], [0])
    assert not wins(settings, [0])
    assert not wins(settings)


def test_a_vote_must_be_given_but_can_not_be_wrong():
    settings = quiz(SINGLE, VOTE)
    assert wins(settings, [0], [1])
    assert not wins(settings, [0])


def test_pass_points_may_be_reached_in_any_way():
    settings = quiz(SINGLE, MULTIPLE, TRUE, pass_points=3)
    assert wins(settings, [1], [0, 2], [1])
    assert not wins(settings, [0], [0], [0])


def test_told_at_once_a_question_is_answered_once():
    settings = quiz(SINGLE, tell="at_once")
    assert choice.instant(settings)
    assert choice.attempts(settings) == AttemptLimit(1)


def test_told_on_reveal_answers_may_change():
    settings = quiz(SINGLE, tell="on_reveal")
    assert not choice.instant(settings)
    assert choice.attempts(settings) is None


def test_players_see_questions_and_options_without_the_marks():
    [shown] = choice.public(quiz(MULTIPLE))["questions"]
    assert shown == {
        "key": "1",
        "text": "Even?",
        "type": "multiple",
        "options": ["2", "3", "4"],
        "points": 3,
    }


@given(st.integers(0, 3))
def test_what_players_see_does_not_tell_which_is_right(right: int):
    options = [("*" if i == right else "") + text for i, text in enumerate("abcd")]
    shown = choice.public(quiz({"text": "?", "options": options}))
    assert shown["questions"][0]["options"] == list("abcd")
    assert shown == choice.public(quiz({"text": "?", "options": ["*a", *"bcd"]}))


def test_the_two_kinds_of_true_or_false_look_the_same():
    other = {**TRUE, "options": ["*false"]}
    assert choice.public(quiz(TRUE)) == choice.public(quiz(other))


def test_right_options_and_votes_are_revealed():
    settings = quiz(MULTIPLE, VOTE)
    revealed = choice.reveal(settings, {"2": {"1": 7}, "1": {"0": 2, "9": 1}})
    assert revealed == {
        "questions": [
            {"key": "1", "right": [0, 2], "votes": [2, 0, 0]},
            {"key": "2", "right": [], "votes": [0, 7]},
        ]
    }


def test_revealed_without_any_answer():
    assert choice.reveal(quiz(VOTE), {})["questions"][0]["votes"] == [0, 0]


@pytest.mark.parametrize(
    "question",
    [
        {"text": "", "options": ["*a", "b"]},
        {"text": "?", "options": []},
        {"text": "?", "options": ["*a"]},
        {"text": "?", "options": ["a", "b"]},
        {"text": "?", "options": ["*a", "*b"]},
        {"text": "?", "options": ["*a", "a"]},
        {"text": "?", "options": ["*a", "*"]},
        {"text": "?", "options": ["*a", ""]},
        {"text": "?", "options": ["*a", "b"], "points": -1},
        {"text": "?", "options": ["*a", *map(str, range(20))]},
        {"text": "?", "type": "multiple", "options": ["a", "b"]},
        {"text": "?", "type": "vote", "options": ["*a", "b"]},
        {"text": "?", "type": "truefalse", "options": ["true"]},
        {"text": "?", "type": "truefalse", "options": ["*true", "false"]},
        {"text": "?", "type": "truefalse", "options": ["*yes"]},
        {"text": "?", "type": "essay", "options": ["*a", "b"]},
        {"text": "?", "options": ["*a", "b"], "hint": "a"},
    ],
)
def test_a_question_nobody_could_answer_is_refused(question: dict[str, Any]):
    with pytest.raises(ValidationError):
        quiz(question)


def test_pass_points_nobody_could_reach_are_refused():
    assert quiz(SINGLE, MULTIPLE, VOTE, pass_points=4)
    with pytest.raises(ValidationError):
        quiz(SINGLE, MULTIPLE, VOTE, pass_points=5)


def test_there_are_one_to_fifty_questions():
    for count in (0, 51):
        with pytest.raises(ValidationError):
            quiz(*[SINGLE] * count)
