"""Questions with options: a quiz, or a vote."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from core.refusals import Refused
from games.kinds.base import (
    AttemptLimit,
    Entry,
    FieldMeta,
    Grade,
    QuestionKind,
    Settings,
    Verdict,
    invalid_answer,
    settings_error,
)
from games.stable_keys import numbered, same_texts

RIGHT_MARK = "*"
TRUE_FALSE = ("true", "false")
VERSION = re.compile(r"0(;[0-9]{1,19}:[0-9]{1,9}(\.[0-9]{1,9}){0,99}){0,50}")


class Question(Settings):
    # The name by which answers refer to it. Empty: its place, counted from 1.
    key: Annotated[str, Field(max_length=20), FieldMeta(_("Key"), hidden=True)] = ""
    text: Annotated[str, Field(min_length=1, max_length=500), FieldMeta(_("Question"))]
    type: Annotated[
        Literal["single", "multiple", "truefalse", "vote"],
        FieldMeta(
            _("Type"),
            _("A vote has no right answer."),
            choices={
                "single": _("One right option"),
                "multiple": _("Several right options"),
                "truefalse": _("True or false"),
                "vote": _("Vote"),
            },
        ),
    ] = "single"
    options: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=200)]],
        Field(max_length=20),
        FieldMeta(
            _("Options"),
            _(
                "One per line. Put * before each right option. For true or false, "
                "write only *true or *false."
            ),
            lines=True,
        ),
    ]
    points: Annotated[int, Field(ge=0, le=1000), FieldMeta(_("Points"))] = 1
    # The number of each option, by its place, and how many numbers were ever used.
    # Answers refer to these numbers. Empty: the places are the numbers.
    numbers: list[int] = []
    used: int = 0

    @model_validator(mode="after")
    def _numbers_fit(self) -> "Question":
        if self.numbers and len(set(self.numbers)) != len(self.texts):
            raise ValueError("each option has a number of its own")
        return self

    @model_validator(mode="after")
    def _right_ones_fit(self) -> "Question":
        right, texts = len(self.right), self.texts
        if self.type == "truefalse":
            if [line.lower() for line in self.options] not in (["*true"], ["*false"]):
                raise settings_error(
                    _("Write *true or *false as the only line."), "options"
                )
            return self
        if len(texts) < 2 or len(set(texts)) < len(texts) or "" in texts:
            raise settings_error(
                _("Give at least two options, each different."), "options"
            )
        if self.type == "single" and right != 1:
            raise settings_error(_("Mark exactly one right option with *."), "options")
        if self.type == "multiple" and not right:
            raise settings_error(_("Mark each right option with *."), "options")
        if self.type == "vote" and right:
            raise settings_error(
                _("A vote has no right option: remove the *."), "options"
            )
        return self

    @property
    def texts(self) -> list[str]:
        """The options as players see them."""
        if self.type == "truefalse":
            return list(TRUE_FALSE)
        return [line.removeprefix(RIGHT_MARK).strip() for line in self.options]

    @property
    def words(self) -> list[str]:
        """The options in the reader's language."""
        if self.type == "truefalse":
            return [gettext("True"), gettext("False")]
        return self.texts

    @property
    def right(self) -> set[int]:
        """The places of the right options."""
        if self.type == "truefalse":
            return {TRUE_FALSE.index(self.options[0].lower().removeprefix(RIGHT_MARK))}
        return {i for i, line in enumerate(self.options) if line[0] == RIGHT_MARK}

    @property
    def order(self) -> list[int]:
        """The options' numbers, by place."""
        return self.numbers or list(range(len(self.texts)))

    @property
    def right_numbers(self) -> set[int]:
        return {self.order[place] for place in self.right}

    def place_of(self, place: Any, order: list[int] | None) -> int:
        """The current place of the option that was at `place` in the order `order`."""
        then = range(self.used or len(self.texts)) if order is None else order
        readable = type(place) is int and 0 <= place < len(then)
        number = then[place] if readable else None
        if number not in self.order:
            raise invalid_answer(_("That option isn't there any more."))
        return self.order.index(number)

    @property
    def moved(self) -> bool:
        """Whether the options' places are no longer those of when the game opened."""
        return self.order != list(range(len(self.order)))

    @property
    def renewed(self) -> "Question":
        """The same as a new question, to whose options no answer refers."""
        return self.model_copy(update={"key": "", "numbers": [], "used": 0})

    def carry(self, old: "Question") -> "Question":
        """This question as an edit of `old`: its options keep their numbers."""
        same = same_texts(old.texts, self.texts)
        known = [
            old.order[same[place]] if place in same else None
            for place in range(len(self.texts))
        ]
        numbers, used = numbered(known, max(old.used, len(old.texts)))
        if numbers == list(range(used)):
            numbers, used = [], 0
        return self.model_copy(update={"numbers": numbers, "used": used})


class ChoiceSettings(Settings):
    questions: Annotated[
        list[Question], Field(min_length=1, max_length=50), FieldMeta(_("Questions"))
    ]
    tell: Annotated[
        Literal["at_once", "on_reveal"],
        FieldMeta(
            _("Players learn whether they are right"),
            _(
                "At once: one answer per question. On reveal: answers may change until "
                "closing."
            ),
            choices={"at_once": _("At once"), "on_reveal": _("On reveal")},
        ),
    ] = "at_once"
    pass_points: Annotated[
        int | None,
        Field(ge=1),
        FieldMeta(_("Points for a prize"), _("Empty: every question must be right.")),
    ] = None

    # How many keys were ever used. 0: as many as there are questions.
    used: int = 0

    @model_validator(mode="after")
    def _can_be_passed(self) -> "ChoiceSettings":
        most = sum(q.points for q in self.questions if q.type != "vote")
        if self.pass_points is not None and self.pass_points > most:
            raise settings_error(
                _("All questions together are worth only %(most)d points.")
                % {"most": most},
                "pass_points",
            )
        return self

    def question(self, key: str) -> Question | None:
        """The question with that key, or None: staff may remove questions."""
        return self.by_key.get(key)

    @cached_property
    def by_key(self) -> dict[str, Question]:
        """The questions in their order, by their keys."""
        return {q.key or str(place): q for place, q in enumerate(self.questions, 1)}

    @cached_property
    def version(self) -> str:
        """Identifies the options' places; clients send it back with an answer.

        It has the key and the options' numbers of each question whose options moved.
        """
        moved = [
            f"{key}:{'.'.join(map(str, q.order))}"
            for key, q in self.by_key.items()
            if q.moved
        ]
        return ";".join(["0", *moved])

    @property
    def renewed(self) -> "ChoiceSettings":
        """The same as new settings, to which no answer refers."""
        questions = [question.renewed for question in self.questions]
        return self._with(questions, 0).keyed

    @property
    def keyed(self) -> "ChoiceSettings":
        """With a key in each question, which settings of earlier versions lack."""
        questions = [
            question.model_copy(update={"key": key})
            for key, question in self.by_key.items()
        ]
        return self._with(questions, self.used)

    def _with(self, questions: list[Question], used: int) -> "ChoiceSettings":
        """A new copy: `model_copy` would also copy the cached properties."""
        values = {**self.model_dump(), "questions": questions, "used": used}
        return ChoiceSettings.model_validate(values)

    def carry(self, old: "ChoiceSettings") -> "ChoiceSettings":
        """These settings as an edit of `old`: questions and options keep their keys."""
        same = same_questions(old.by_key, self.questions)
        known = [int(key) - 1 if key else None for key in same]
        numbers, used = numbered(known, max(old.used, len(old.questions)))
        plain = numbers == list(range(used))
        questions = [
            (question.carry(old.by_key[key]) if key else question.renewed).model_copy(
                update={"key": str(number + 1)}
            )
            for question, key, number in zip(self.questions, same, numbers)
        ]
        return self._with(questions, 0 if plain else used)


def same_questions(
    old: Mapping[str, Question], new: Sequence[Question]
) -> list[str | None]:
    """For each new question the key of the old question that it edits, or None.

    They are matched by key or, if the new one has no key, by text. Each old question
    is matched once.
    """
    free = dict(old)
    by_key = [
        question.key if free.pop(question.key, None) else None for question in new
    ]
    keys = {question.text: key for key, question in free.items()}
    return [
        key or (None if question.key else keys.pop(question.text, None))
        for key, question in zip(by_key, new)
    ]


class Choice(QuestionKind[ChoiceSettings]):
    name = "choice"
    label = _("Quiz or vote")
    about = _("One or more questions with options, each at the player's own pace.")
    Settings = ChoiceSettings
    seen_early = False
    refers_to_settings = True

    def questions(self, settings: ChoiceSettings) -> Sequence[str]:
        return list(settings.by_key)

    def keyed(self, settings: ChoiceSettings) -> ChoiceSettings:
        return settings.keyed

    def carry(self, old: ChoiceSettings | None, new: ChoiceSettings) -> ChoiceSettings:
        return new.carry(old) if old else new.renewed

    def attempts(self, settings: ChoiceSettings) -> AttemptLimit | None:
        return AttemptLimit(1) if self.instant(settings) else None

    def instant(self, settings: ChoiceSettings) -> bool:
        return settings.tell == "at_once"

    def rebase(
        self,
        settings: ChoiceSettings,
        question: str,
        value: Any,
        version: str | None,
    ) -> Any:
        """The current places of the options that had these places in that version."""
        asked = settings.question(question)
        if asked is None or version == settings.version:
            return value
        if version is None:
            if asked.moved:
                raise Refused(
                    "invalid", _("The options have changed."), field="version"
                )
            return value
        order = order_in(version, question)
        if order == asked.order:
            return value
        return [asked.place_of(place, order) for place in listed(value)]

    def parse(self, settings: ChoiceSettings, question: str, value: Any) -> list[int]:
        """The numbers of the chosen options; `value` is a place or a list of places."""
        asked = settings.question(question)
        if asked is None:
            raise invalid_answer(_("There is no such question."))
        chosen = listed(value)
        places = range(len(asked.texts))
        if not all(type(place) is int and place in places for place in chosen):
            raise invalid_answer(_("Choose from the options."))
        if len(set(chosen)) != len(chosen) or not chosen:
            raise invalid_answer(_("Choose each option once."))
        if asked.type != "multiple" and len(chosen) != 1:
            raise invalid_answer(_("Choose one option."))
        return sorted(asked.order[place] for place in chosen)

    def shown(self, settings: ChoiceSettings, question: str, value: Any) -> list[int]:
        """The places of those chosen options that still exist."""
        asked = settings.question(question)
        if asked is None or not asked.numbers:
            return list(value)
        return [place for place, number in enumerate(asked.order) if number in value]

    def grade(self, settings: ChoiceSettings, entry: Entry) -> Grade:
        asked = settings.question(entry.question)
        if asked and asked.type == "vote":
            return Grade(Verdict.PENDING)
        if asked and set(entry.value) == asked.right_numbers:
            return Grade(Verdict.RIGHT, asked.points)
        return Grade(Verdict.WRONG)

    def wins(self, settings: ChoiceSettings, grades: Mapping[str, Grade]) -> bool:
        if settings.pass_points is None:
            return all(
                key in grades
                and (q.type == "vote" or grades[key].verdict is Verdict.RIGHT)
                for key, q in settings.by_key.items()
            )
        return sum(grade.points for grade in grades.values()) >= settings.pass_points

    def public(self, settings: ChoiceSettings) -> dict[str, Any]:
        return {
            "version": settings.version,
            "tell": settings.tell,
            "pass_points": settings.pass_points,
            "questions": [
                {"key": key, "text": q.text, "type": q.type, "options": q.texts}
                | {"points": q.points}
                for key, q in settings.by_key.items()
            ],
        }

    def reveal(self, settings: ChoiceSettings, votes: Any) -> dict[str, Any]:
        return {
            "questions": [
                {
                    "key": key,
                    "right": sorted(q.right) if q.type != "vote" else [],
                    "votes": self._votes(q, votes.get(key, {})),
                }
                for key, q in settings.by_key.items()
            ]
        }

    @staticmethod
    def _votes(question: Question, votes: Mapping[str, int]) -> list[int]:
        return [votes.get(str(number), 0) for number in question.order]

    def meaning(
        self, settings: ChoiceSettings, question: str, value: Any
    ) -> str | None:
        asked = settings.question(question)
        if asked is None or not set(value) <= set(asked.order):
            return None
        return f"{asked.text} – {self.in_words(settings, question, value)}"

    def in_words(self, settings: ChoiceSettings, question: str, value: Any) -> str:
        asked = settings.question(question)
        texts = dict(zip(asked.order, asked.words)) if asked else {}
        return ", ".join(texts.get(number, f"#{number + 1}") for number in value)

    def counts_votes(self, settings: ChoiceSettings) -> bool:
        return True


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def order_in(version: str, question: str) -> list[int] | None:
    """The options' numbers by place in a version; None if they hadn't moved."""
    if not VERSION.fullmatch(version):
        raise Refused("invalid", _("The version is invalid."), field="version")
    for part in version.split(";")[1:]:
        key, _colon, numbers = part.partition(":")
        if key == question:
            return [int(number) for number in numbers.split(".")]
    return None


KIND = Choice()
