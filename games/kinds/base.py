"""What a kind of game is: values in, values out.

A kind never sees a request, a queryset, a socket or HTML. `docs/kinds.md` walks
through writing one.
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

# The question of a kind that asks only one thing.
ONLY = ""


class Verdict(StrEnum):
    PENDING = "pending"
    RIGHT = "right"
    WRONG = "wrong"


@dataclass(frozen=True)
class Part:
    """A part of a line in a list: its label, and the words by which tables call it."""

    label: str | Promise
    words: Sequence[str]


@dataclass(frozen=True, eq=False)
class FieldMeta:
    """How a setting is put to staff: its label and what it means."""

    label: str | Promise
    help: str | Promise = ""
    lines: bool = False  # a list of texts, written one a line
    # Goes with its row through the form, but isn't shown.
    hidden: bool = False
    parts: Sequence[Part] = ()  # of such a line, where tables are pasted
    # What staff read for each value they can choose.
    choices: Mapping[str, str | Promise] = field(default_factory=dict)


@dataclass(frozen=True)
class Grade:
    """What an answer is worth. `rank` orders winners: smaller comes first."""

    verdict: Verdict
    points: int = 0
    rank: int = 0


@dataclass(frozen=True)
class Entry:
    """One player's current answer to one question, as the kinds see it."""

    player: int
    question: str
    value: Any
    at: datetime


@dataclass(frozen=True)
class AttemptLimit:
    """At most `max` answers, ever or within `window`."""

    max: int
    window: timedelta | None = None


class Settings(BaseModel):
    """A kind's settings. Unknown names are refused, so that a typo is never silent."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


S = TypeVar("S", bound=Settings)


class Kind(ABC, Generic[S]):
    """One kind of game."""

    name: ClassVar[str]
    label: ClassVar[str | Promise]
    about: ClassVar[str | Promise]
    Settings: type[S]
    # Whether players send answers at all.
    takes_answers: ClassVar[bool] = True
    # Whether answers are read by the settings, such as an option by its number.
    refers_to_settings: ClassVar[bool] = False
    # Whether `public` may be seen before the game opens, or would spoil it.
    seen_early: ClassVar[bool] = True

    def questions(self, settings: S) -> Sequence[str]:
        """The keys of the questions players may answer."""
        return [ONLY]

    def attempts(self, settings: S) -> AttemptLimit | None:
        """How often one question may be answered; None is without limit."""
        return None

    def instant(self, settings: S) -> bool:
        """Whether a player learns the verdict at once. Otherwise it is told on reveal,
        and until closing the answer may be changed."""
        return True

    def keyed(self, settings: S) -> S:
        """Settings as they were kept, with the keys by which answers refer to them."""
        return settings

    def carry(self, old: S | None, new: S) -> S:
        """The new settings, in which what answers refer to keeps its keys.

        Without old ones nobody has answered yet, and all keys begin anew.
        """
        return new

    def rebase(
        self, settings: S, question: str, value: Any, version: str | None
    ) -> Any:
        """A client's value as `parse` takes it, where settings have moved since.

        `version` is that of the `public` the client was shown; None is not known.
        Raises `Refused("invalid")`, of `version` or `value`.
        """
        return value

    @abstractmethod
    def parse(self, settings: S, question: str, value: Any) -> Any:
        """The answer as JSON to keep, or `Refused("invalid", field="value")`."""

    @abstractmethod
    def grade(self, settings: S, entry: Entry) -> Grade:
        """The grade of one answer by today's settings; PENDING if not yet known."""

    def settle(self, settings: S, entries: Sequence[Entry]) -> list[Grade]:
        """The grades of all current answers together, in their order.

        For kinds whose verdict depends on what others answered.
        """
        return [self.grade(settings, entry) for entry in entries]

    def wins(self, settings: S, grades: Mapping[str, Grade]) -> bool:
        """Whether a player with these grades, by question, wins a prize code."""
        questions = self.questions(settings)
        return all(
            question in grades and grades[question].verdict is Verdict.RIGHT
            for question in questions
        )

    @abstractmethod
    def public(self, settings: S) -> dict[str, Any]:
        """What every player may see while the game is on. No secret goes in here."""

    def reveal(
        self, settings: S, votes: Mapping[str, Mapping[str, int]]
    ) -> dict[str, Any]:
        """What everybody may see once revealed. `votes` counts values by question."""
        return {}

    def counts_votes(self, settings: S) -> bool:
        """Whether `reveal` wants `votes`."""
        return False

    def names(self, settings: S) -> Sequence[str]:
        """The names to which the settings give a line that its player alone may see."""
        return []

    def mine(self, settings: S, name_key: str) -> dict[str, Any] | None:
        """The line of the name with this key (`users.names.key_on_list`)."""
        return None

    def shown(self, settings: S, question: str, value: Any) -> Any:
        """A kept answer as clients know it, who go by the `public` of today."""
        return value

    def meaning(self, settings: S, question: str, value: Any) -> str | None:
        """A stored answer as players read it, by these settings, and staff before they
        change them. None if its question or option was removed."""
        return self.in_words(settings, question, value)

    def in_words(self, settings: S, question: str, value: Any) -> str:
        """A stored answer as staff read it, by whatever settings."""
        return str(value)

    def pools(self, settings: S) -> Sequence[str]:
        """The names of the pools of codes that the settings speak of."""
        return []

    def with_pools(self, settings: S, names: Mapping[str, str]) -> S:
        """The settings after pools were renamed, by former name."""
        return settings

    def ready(self, settings: S) -> bool:
        """Whether staff have entered all that a reveal needs."""
        return True


def settings_error(text: str | Promise, field: str = "") -> PydanticCustomError:
    """What a schema raises for staff to read, at the setting named `field`."""
    return PydanticCustomError(
        "settings_error", "{text}", {"text": str(text), "field": field}
    )


def invalid_answer(detail: str | Promise) -> Refused:
    """The refusal of an answer's value."""
    return Refused("invalid", detail, field="value")
