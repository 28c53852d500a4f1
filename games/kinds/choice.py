"""Questions with options: a quiz, or a vote."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from games.kinds.base import (
    Ask,
    Attempts,
    Entry,
    Grade,
    Kind,
    Settings,
    Verdict,
    misfit,
    unreadable,
)

RIGHT_MARK = "*"
TRUE_FALSE = ("true", "false")


class Question(Settings):
    text: Annotated[str, Field(min_length=1, max_length=500), Ask(_("Question"))]
    type: Annotated[
        Literal["single", "multiple", "truefalse", "vote"],
        Ask(
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
        Ask(
            _("Options"),
            _(
                "One a line. Put * before each right one. For true or false write "
                "*true or *false only."
            ),
            lines=True,
        ),
    ]
    points: Annotated[int, Field(ge=0, le=1000), Ask(_("Points"))] = 1

    @model_validator(mode="after")
    def _right_ones_fit(self) -> "Question":
        right, texts = len(self.right), self.texts
        if self.type == "truefalse":
            if [line.lower() for line in self.options] not in (["*true"], ["*false"]):
                raise misfit(_("Write *true or *false as the only line."), "options")
            return self
        if len(texts) < 2 or len(set(texts)) < len(texts) or "" in texts:
            raise misfit(_("Give at least two options, each different."), "options")
        if self.type == "single" and right != 1:
            raise misfit(_("Mark exactly one right option with *."), "options")
        if self.type == "multiple" and not right:
            raise misfit(_("Mark each right option with *."), "options")
        if self.type == "vote" and right:
            raise misfit(_("A vote has no right option: remove the *."), "options")
        return self

    @property
    def texts(self) -> list[str]:
        """The options as players read them."""
        if self.type == "truefalse":
            return list(TRUE_FALSE)
        return [line.removeprefix(RIGHT_MARK).strip() for line in self.options]

    @property
    def right(self) -> set[int]:
        """The places of the right options."""
        if self.type == "truefalse":
            return {TRUE_FALSE.index(self.options[0].lower().removeprefix(RIGHT_MARK))}
        return {i for i, line in enumerate(self.options) if line[0] == RIGHT_MARK}


class ChoiceSettings(Settings):
    questions: Annotated[
        list[Question], Field(min_length=1, max_length=50), Ask(_("Questions"))
    ]
    tell: Annotated[
        Literal["at_once", "on_reveal"],
        Ask(
            _("Right or wrong is told"),
            _("At once: a question is answered once. On reveal: answers may change."),
            choices={"at_once": _("At once"), "on_reveal": _("On reveal")},
        ),
    ] = "at_once"
    pass_points: Annotated[
        int | None,
        Field(ge=1),
        Ask(_("Points for a prize"), _("Empty: every question must be right.")),
    ] = None

    @model_validator(mode="after")
    def _can_be_passed(self) -> "ChoiceSettings":
        most = sum(q.points for q in self.questions if q.type != "vote")
        if self.pass_points is not None and self.pass_points > most:
            raise misfit(
                _("All questions together are worth only %(most)d points.")
                % {"most": most},
                "pass_points",
            )
        return self

    def question(self, key: str) -> Question | None:
        """The question of that key: its place, counted from 1.

        None where there is none, or none any more: staff may take questions out.
        """
        return self._by_key.get(key)

    @cached_property
    def _by_key(self) -> dict[str, Question]:
        return {str(place): q for place, q in enumerate(self.questions, 1)}


class Choice(Kind[ChoiceSettings]):
    name = "choice"
    label = _("Quiz or vote")
    about = _("One or more questions with options, each at the player's own pace.")
    Settings = ChoiceSettings
    seen_early = False

    def questions(self, settings: ChoiceSettings) -> Sequence[str]:
        return [str(place) for place in range(1, len(settings.questions) + 1)]

    def attempts(self, settings: ChoiceSettings) -> Attempts | None:
        return Attempts(1) if self.instant(settings) else None

    def instant(self, settings: ChoiceSettings) -> bool:
        return settings.tell == "at_once"

    def parse(self, settings: ChoiceSettings, question: str, value: Any) -> list[int]:
        """A list of the chosen options' places; one place alone is taken as such."""
        asked = settings.question(question)
        if asked is None:
            raise unreadable(_("There is no such question."))
        chosen = value if isinstance(value, list) else [value]
        if not all(type(one) is int and 0 <= one < len(asked.texts) for one in chosen):
            raise unreadable(_("Choose among the options."))
        if len(set(chosen)) != len(chosen) or not chosen:
            raise unreadable(_("Choose each option once."))
        if asked.type != "multiple" and len(chosen) != 1:
            raise unreadable(_("Choose one option."))
        return sorted(chosen)

    def grade(self, settings: ChoiceSettings, entry: Entry) -> Grade:
        asked = settings.question(entry.question)
        if asked and asked.type == "vote":
            return Grade(Verdict.PENDING)
        if asked and set(entry.value) == asked.right:
            return Grade(Verdict.RIGHT, asked.points)
        return Grade(Verdict.WRONG)

    def wins(self, settings: ChoiceSettings, grades: Mapping[str, Grade]) -> bool:
        if settings.pass_points is None:
            return all(
                key in grades
                and (q.type == "vote" or grades[key].verdict is Verdict.RIGHT)
                for key, q in zip(self.questions(settings), settings.questions)
            )
        return sum(grade.points for grade in grades.values()) >= settings.pass_points

    def public(self, settings: ChoiceSettings) -> dict[str, Any]:
        return {
            "tell": settings.tell,
            "pass_points": settings.pass_points,
            "questions": [
                {"key": key, "text": q.text, "type": q.type, "options": q.texts}
                | {"points": q.points}
                for key, q in zip(self.questions(settings), settings.questions)
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
                for key, q in zip(self.questions(settings), settings.questions)
            ]
        }

    @staticmethod
    def _votes(question: Question, votes: Mapping[str, int]) -> list[int]:
        return [votes.get(str(place), 0) for place in range(len(question.texts))]

    def in_words(self, settings: ChoiceSettings, question: str, value: Any) -> str:
        asked = settings.question(question)
        texts = dict(enumerate(asked.texts if asked else []))
        return ", ".join(texts.get(place, f"#{place + 1}") for place in value)

    def counts_votes(self, settings: ChoiceSettings) -> bool:
        return True


KIND = Choice()
