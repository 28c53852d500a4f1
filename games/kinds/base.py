"""The contract of a kind of game: it takes values and returns values.

A kind never sees a request, a queryset, a socket or HTML. `docs/kinds.md` shows how
to write one.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from django.utils.functional import Promise
from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from core.refusals import Refused

# The key of the question, in a kind that asks only one.
ONLY = ""


class Verdict(StrEnum):
    PENDING = "pending"
    RIGHT = "right"
    WRONG = "wrong"


@dataclass(frozen=True)
class Part:
    """A part of a line in a list: its label, and words that head such a column."""

    label: str | Promise
    words: Sequence[str]


@dataclass(frozen=True, eq=False)
class FieldMeta:
    """How the form shows a setting to staff."""

    label: str | Promise
    help: str | Promise = ""
    lines: bool = False  # a list of texts, one per line
    hidden: bool = False  # a hidden input of its row
    parts: Sequence[Part] = ()  # the parts of a line, to recognise a pasted table
    # The label of each value that staff can choose.
    choices: Mapping[str, str | Promise] = field(default_factory=dict)


@dataclass(frozen=True)
class Grade:
    """What an answer is worth.

    Winners are ordered by most points, then by smallest `tiebreak`, then by time.
    """

    verdict: Verdict
    points: int = 0
    tiebreak: int = 0


@dataclass(frozen=True)
class Entry:
    """One player's current answer to one question, for `grade` and `settle`."""

    player: int
    question: str
    value: Any
    at: datetime


@dataclass(frozen=True)
class AttemptLimit:
    """At most `max` answers: in the whole game, or within any `window`."""

    max: int
    window: timedelta | None = None


class Settings(BaseModel):
    """The settings of a kind. Unknown names are refused, so a typo shows at once."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


S = TypeVar("S", bound=Settings)


class Kind(ABC, Generic[S]):
    """One kind of game. A kind that asks players something is a `QuestionKind`."""

    name: ClassVar[str]
    label: ClassVar[str | Promise]
    about: ClassVar[str | Promise]
    Settings: type[S]
    # Whether players may see `public` before the game opens.
    seen_early: ClassVar[bool] = True
    # Whether players check in, and the game has a shop.
    takes_check_ins: ClassVar[bool] = False
    # Set by `QuestionKind`.
    takes_answers: ClassVar[bool] = False

    @abstractmethod
    def public(self, settings: S) -> dict[str, Any]:
        """What every player may see while the game is on. It must hold no secret."""

    def reveal(
        self, settings: S, votes: Mapping[str, Mapping[str, int]]
    ) -> dict[str, Any]:
        """What everybody may see after the reveal.

        `votes` counts the answers' values by question, if the kind `counts_votes`.
        """
        return {}

    def ready(self, settings: S) -> bool:
        """Whether staff have entered everything that a reveal needs."""
        return True

    def names(self, settings: S) -> Sequence[str]:
        """The names that have a line of their own, which only that player may see."""
        return []

    def mine(self, settings: S, name_key: str) -> dict[str, Any] | None:
        """The private line of the name with this key (`users.names.key_on_list`)."""
        return None

    def pools(self, settings: S) -> Sequence[str]:
        """The names of the pools of codes that the settings refer to."""
        return []

    def with_pools(self, settings: S, names: Mapping[str, str]) -> S:
        """The settings after pools were renamed; `names` maps old names to new ones."""
        return settings

    def keyed(self, settings: S) -> S:
        """Stored settings, with the keys of `carry` added if they have none."""
        return settings

    def carry(self, old: S | None, new: S) -> S:
        """New settings, in which questions and options keep the keys of the old ones.

        Stored answers refer to these keys. `old` is None while nobody has answered:
        all keys are then new.
        """
        return new


class QuestionKind(Kind[S]):
    """A kind that asks one question or several, and grades the answers."""

    takes_answers = True
    # Whether the settings give answers their meaning, such as an option's number.
    refers_to_settings: ClassVar[bool] = False

    def questions(self, settings: S) -> Sequence[str]:
        """The keys of the questions that players may answer."""
        return [ONLY]

    def attempts(self, settings: S) -> AttemptLimit | None:
        """How often a player may answer one question; None: no limit."""
        return None

    def instant(self, settings: S) -> bool:
        """Whether players learn the verdict at once.

        If not, they may change an answer until the game closes, and learn the verdict
        on reveal.
        """
        return True

    def rebase(
        self, settings: S, question: str, value: Any, version: str | None
    ) -> Any:
        """A client's value for `parse`, if the settings changed since the client's.

        `version` is that of the `public` which the client saw; None if unknown.
        Raises `Refused("invalid")` on the field `version` or `value`.
        """
        return value

    @abstractmethod
    def parse(self, settings: S, question: str, value: Any) -> Any:
        """The answer to store, as JSON; or `Refused("invalid", field="value")`."""

    @abstractmethod
    def grade(self, settings: S, entry: Entry) -> Grade:
        """The grade of one answer; PENDING if it is not known yet."""

    def settle(self, settings: S, entries: Sequence[Entry]) -> list[Grade]:
        """The grades of all current answers, in their order.

        For kinds in which one answer's verdict depends on the others.
        """
        return [self.grade(settings, entry) for entry in entries]

    def wins(self, settings: S, grades: Mapping[str, Grade]) -> bool:
        """Whether a player with these grades, by question, wins a prize code."""
        questions = self.questions(settings)
        return all(
            question in grades and grades[question].verdict is Verdict.RIGHT
            for question in questions
        )

    def counts_votes(self, settings: S) -> bool:
        """Whether `reveal` needs `votes`."""
        return False

    def shown(self, settings: S, question: str, value: Any) -> Any:
        """A stored answer for clients, in terms of the current `public`."""
        return value

    def meaning(self, settings: S, question: str, value: Any) -> str | None:
        """A stored answer under these settings, for players and for staff who change
        them. None if its question or option was removed."""
        return self.in_words(settings, question, value)

    def in_words(self, settings: S, question: str, value: Any) -> str:
        """A stored answer under any settings, for staff."""
        return str(value)


def settings_error(text: str | Promise, field: str = "") -> PydanticCustomError:
    """The error of a schema, for staff to read, at the setting named `field`."""
    return PydanticCustomError(
        "settings_error", "{text}", {"text": str(text), "field": field}
    )


def invalid_answer(detail: str | Promise) -> Refused:
    """The refusal of a value that is no answer."""
    return Refused("invalid", detail, field="value")
