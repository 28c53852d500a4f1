"""The contract of every kind. A new kind adds one example here."""

import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from django.utils.functional import Promise
from hypothesis import given
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

import games.kinds
from core.refusals import Refused
from games.forms.fields import fields_of as form_fields_of
from games.kinds import kind_named, kinds
from games.kinds.base import (
    AttemptLimit,
    FieldMeta,
    Grade,
    Kind,
    QuestionKind,
    Settings,
    Verdict,
)
from tests.modules import ROOT, belongs_to, imported_by
from tests.values import assert_refused, entry, json_values, strange


@dataclass(frozen=True)
class Example:
    """A game of a kind, as staff could set it up."""

    settings: dict[str, Any]
    # Changes of what is right, or of what each winner gets, and of nothing else.
    otherwise: dict[str, Any]
    # What players must not find in `public`; a kind that takes answers has some.
    secrets: list[str]
    # By question, some answers that are taken.
    answers: dict[str, list[Any]] = field(default_factory=dict)


EXAMPLES = {
    "announce": Example(
        settings={"winners": ["Xavier, secret-bicycle", "Yolanda, secret-balloon"]},
        otherwise={"winners": ["Xavier, secret-balloon", "Yolanda, nothing"]},
        secrets=["secret", "avier", "olanda"],
    ),
    "checkin": Example(
        settings={
            "first_day": "2026-03-01",
            "last_day": "2026-03-31",
            "days": [{"coins": 5}, {"pool": "Coffee"}],
        },
        otherwise={},
        secrets=[],
    ),
    "choice": Example(
        settings={
            "questions": [
                {"text": "Sky?", "options": ["*blue", "green"]},
                {"text": "Even?", "type": "multiple", "options": ["1", "*2", "*4"]},
                {"text": "True?", "type": "truefalse", "options": ["*true"]},
                {"text": "Which?", "type": "vote", "options": ["this", "that"]},
            ]
        },
        otherwise={
            "questions": [
                {"text": "Sky?", "options": ["blue", "*green"]},
                {"text": "Even?", "type": "multiple", "options": ["*1", "2", "4"]},
                {"text": "True?", "type": "truefalse", "options": ["*false"]},
                {"text": "Which?", "type": "vote", "options": ["this", "that"]},
            ]
        },
        secrets=["*", "right"],
        answers={"1": [0, [1]], "2": [[2, 1], [0]], "3": [1], "4": [0, 1]},
    ),
    "number": Example(
        settings={"digits": 6, "rule": "closest_below", "number": "907351"},
        otherwise={"number": "000042"},
        secrets=["907351"],
        answers={"": ["907351", "๙๐๗๓๕๐", "999999"]},
    ),
    "puzzle": Example(
        settings={"accepted": ["secret-elephant", "secret-ช้าง"], "attempts": 3},
        otherwise={"accepted": ["secret-mouse"]},
        secrets=["secret", "elephant", "ช้าง"],
        answers={"": ["Secret-Elephant ", "mouse"]},
    ),
    "score": Example(
        settings={"home": "A", "away": "B", "final_home": 87, "final_away": 65},
        otherwise={"final_home": None, "final_away": None},
        secrets=["87", "65"],
        answers={"": [{"home": 87, "away": 65}, {"home": 1, "away": 1}]},
    ),
}

# What only apps above, or code that isn't pure, may know.
IMPURE = ("django.db", "django.http", "channels", "games.models", "answers")

names = [found.name for found in pkgutil.iter_modules(games.kinds.__path__)]
names.remove("base")
every_kind = pytest.mark.parametrize("name", names)
every_question_kind = pytest.mark.parametrize(
    "name", [name for name in names if isinstance(kind_named(name), QuestionKind)]
)


def kind_and_settings(name: str) -> tuple[Kind[Any], Settings]:
    if name not in EXAMPLES:
        pytest.fail(f"add an example of {name!r} to EXAMPLES")
    kind = kind_named(name)
    return kind, kind.Settings.model_validate(EXAMPLES[name].settings)


def question_kind(name: str) -> tuple[QuestionKind[Any], Settings]:
    kind, settings = kind_and_settings(name)
    assert isinstance(kind, QuestionKind)
    return kind, settings


def otherwise(name: str) -> Settings:
    """The example with other secrets."""
    changed = EXAMPLES[name].settings | EXAMPLES[name].otherwise
    return kind_named(name).Settings.model_validate(changed)


def answers(name: str) -> list[tuple[str, Any]]:
    given = EXAMPLES[name].answers
    return [(question, value) for question in given for value in given[question]]


def votes_for(name: str) -> dict[str, dict[str, int]]:
    return {question: {"0": 3, "1": 1, "99": 1} for question in EXAMPLES[name].answers}


def schemas(schema: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The schema and all those inside its fields."""
    yield schema
    for info in schema.model_fields.values():
        for part in parts(info.annotation):
            if inspect.isclass(part) and issubclass(part, BaseModel):
                yield from schemas(part)


def parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inner in get_args(annotation):
        yield from parts(inner)


def fields_of(name: str) -> Iterator[tuple[str, FieldInfo]]:
    """The fields that staff fill in, and required ones: all others need a default."""
    for schema in schemas(kind_named(name).Settings):
        for key, info in schema.model_fields.items():
            if asks(info) or info.is_required():
                yield f"{schema.__name__}.{key}", info


def asks(info: FieldInfo) -> list[FieldMeta]:
    return [found for found in info.metadata if isinstance(found, FieldMeta)]


def as_json(value: Any) -> Any:
    """The value after a round trip through JSON."""
    return json.loads(json.dumps(value, allow_nan=False))


def test_every_file_is_a_kind_and_has_an_example():
    assert list(kinds()) == names
    assert sorted(EXAMPLES) == names


@every_kind
def test_a_kind_is_named_as_its_file_and_has_a_template(name: str):
    kind = importlib.import_module(f"games.kinds.{name}").KIND
    assert kind is kind_named(name)
    assert kind.name == name
    assert len(name) <= 20  # what the database keeps
    assert (ROOT / "templates" / "games" / "kinds" / f"{name}.html").is_file()


@every_kind
def test_label_and_description_are_there_to_be_translated(name: str):
    kind = kind_named(name)
    for text in (kind.label, kind.about):
        assert isinstance(text, Promise)
        assert str(text).strip()


@every_kind
def test_settings_are_strict_all_the_way_down(name: str):
    for schema in schemas(kind_named(name).Settings):
        assert issubclass(schema, Settings)
        assert schema.model_config["extra"] == "forbid"
        assert schema.model_config["frozen"]


@every_kind
def test_an_unknown_setting_is_refused(name: str):
    kind, _ = kind_and_settings(name)
    with pytest.raises(ValidationError):
        kind.Settings.model_validate(EXAMPLES[name].settings | {"unheard_of": 1})


@every_kind
def test_every_setting_has_an_ask_to_be_translated(name: str):
    for key, info in fields_of(name):
        assert len(asks(info)) == 1, key
        [ask] = asks(info)
        assert isinstance(ask.label, Promise), key
        assert str(ask.label).strip(), key
        assert ask.help == "" or isinstance(ask.help, Promise), key


@every_kind
def test_every_choice_of_a_setting_has_words(name: str):
    for key, info in fields_of(name):
        literals = [p for p in parts(info.annotation) if get_origin(p) is Literal]
        values = {value for literal in literals for value in get_args(literal)}
        [ask] = asks(info)
        assert set(ask.choices) == values, key
        assert all(isinstance(text, Promise) for text in ask.choices.values()), key


@every_kind
def test_a_setting_of_many_texts_is_written_in_lines(name: str):
    for key, info in fields_of(name):
        [ask] = asks(info)
        inner = get_args(info.annotation)
        texts = get_origin(info.annotation) is list and str in parts(inner[0])
        assert ask.lines == texts, key


@every_kind
def test_settings_survive_the_database(name: str):
    kind, settings = kind_and_settings(name)
    kept = as_json(settings.model_dump(mode="json"))
    assert kind.Settings.model_validate(kept) == settings


@every_kind
def test_staff_have_a_form_field_for_every_setting(name: str):
    schema = kind_named(name).Settings
    asked = [key for key, info in schema.model_fields.items() if asks(info)]
    assert list(form_fields_of(schema)) == asked


@every_kind
def test_a_kind_imports_nothing_impure(name: str):
    imported = imported_by(Path(games.kinds.__path__[0]) / f"{name}.py")
    for package in IMPURE:
        assert [m for m in imported if belongs_to(m, package)] == []


def test_the_contract_imports_nothing_impure():
    imported = imported_by(Path(games.kinds.__path__[0]) / "base.py")
    assert not any(belongs_to(m, package) for m in imported for package in IMPURE)


@every_kind
def test_what_is_public_holds_no_secret(name: str):
    kind, settings = kind_and_settings(name)
    shown = json.dumps(kind.public(settings), ensure_ascii=False)
    assert EXAMPLES[name].secrets or not kind.takes_answers
    assert [secret for secret in EXAMPLES[name].secrets if secret in shown] == []


@every_kind
def test_what_is_public_does_not_depend_on_the_secrets(name: str):
    kind, settings = kind_and_settings(name)
    assert otherwise(name) != settings or not EXAMPLES[name].secrets
    assert kind.public(otherwise(name)) == kind.public(settings)


@every_kind
def test_what_is_shown_is_plain_json(name: str):
    kind, settings = kind_and_settings(name)
    for shown in (
        kind.public(settings),
        kind.reveal(settings, {}),
        kind.reveal(settings, votes_for(name)),
        kind.mine(settings, "xavier"),
    ):
        assert as_json(shown) == shown


@every_kind
def test_nobody_has_a_line_without_a_name(name: str):
    kind, settings = kind_and_settings(name)
    assert kind.mine(settings, "") is None


@every_question_kind
def test_questions_are_short_keys_each_once(name: str):
    kind, settings = question_kind(name)
    keys = kind.questions(settings)
    assert keys
    assert len(set(keys)) == len(keys)
    assert all(isinstance(key, str) and len(key) <= 20 for key in keys)


@every_kind
def test_a_kind_takes_answers_where_it_asks_something(name: str):
    kind, settings = kind_and_settings(name)
    assert kind.takes_answers == isinstance(kind, QuestionKind)
    assert kind.takes_answers == bool(EXAMPLES[name].answers)
    assert isinstance(kind.ready(settings), bool)


@every_question_kind
def test_the_other_answers_of_a_kind_are_of_their_types(name: str):
    kind, settings = question_kind(name)
    limit = kind.attempts(settings)
    assert limit is None or (isinstance(limit, AttemptLimit) and limit.max >= 1)
    assert isinstance(kind.instant(settings), bool)
    assert isinstance(kind.counts_votes(settings), bool)


@every_question_kind
def test_the_example_answers_every_question(name: str):
    kind, settings = question_kind(name)
    assert list(EXAMPLES[name].answers) == list(kind.questions(settings))


@every_question_kind
def test_an_answer_is_kept_as_json_that_means_itself(name: str):
    kind, settings = question_kind(name)
    for question, value in answers(name):
        kept = kind.parse(settings, question, value)
        assert as_json(kept) == kept
        assert kind.parse(settings, question, kept) == kept


@every_question_kind
def test_answers_graded_alone_and_together_agree(name: str):
    kind, settings = question_kind(name)
    for question, value in answers(name):
        one = entry(kind.parse(settings, question, value), question)
        grade = kind.grade(settings, one)
        assert isinstance(grade, Grade)
        assert grade.verdict in Verdict
        assert type(grade.points) is int
        assert type(grade.tiebreak) is int
        assert kind.settle(settings, [one]) == [grade]
        assert kind.in_words(settings, question, one.value).strip()


@every_question_kind
def test_settling_gives_each_answer_its_grade_whatever_the_order(name: str):
    kind, settings = question_kind(name)
    entries = [
        entry(kind.parse(settings, question, value), question, player=place)
        for place, (question, value) in enumerate(answers(name))
    ]
    grades = kind.settle(settings, entries)
    assert len(grades) == len(entries)
    assert kind.settle(settings, entries[::-1]) == grades[::-1]
    assert kind.settle(settings, []) == []


@every_question_kind
def test_some_example_answer_is_right_and_some_is_not(name: str):
    kind, settings = question_kind(name)
    grades = [
        kind.grade(settings, entry(kind.parse(settings, question, value), question))
        for question, value in answers(name)
    ]
    assert {Verdict.RIGHT, Verdict.WRONG} <= {grade.verdict for grade in grades}


@every_question_kind
def test_nobody_wins_without_an_answer(name: str):
    kind, settings = question_kind(name)
    assert kind.wins(settings, {}) is False


@every_question_kind
def test_answers_kept_under_other_settings_can_still_be_graded(name: str):
    """Staff may change settings although there are answers to the old ones."""
    kind, settings = question_kind(name)
    old = [
        entry(kind.parse(settings, question, value), question, player=place)
        for place, (question, value) in enumerate(answers(name))
    ]
    gone = [entry(one.value, "20", player=one.player) for one in old]
    for now in (settings, otherwise(name)):
        assert len(kind.settle(now, old + gone)) == len(old + gone)
        for one in old + gone:
            assert isinstance(kind.in_words(now, one.question, one.value), str)


@strange
@every_question_kind
def test_strange_values_are_refused(name: str, value: object):
    kind, settings = question_kind(name)
    for question in kind.questions(settings):
        assert_refused(kind, settings, question, value)


@every_question_kind
@given(value=json_values)
def test_any_value_is_refused_or_kept_and_graded(name: str, value: Any):
    kind, settings = question_kind(name)
    for question in kind.questions(settings):
        try:
            kept = kind.parse(settings, question, value)
        except Refused:
            assert_refused(kind, settings, question, value)
            continue
        json.dumps(kept, ensure_ascii=False, allow_nan=False).encode()
        assert as_json(kept) == kept
        assert kind.parse(settings, question, kept) == kept
        one = entry(kept, question)
        assert kind.settle(settings, [one]) == [kind.grade(settings, one)]
