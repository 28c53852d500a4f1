"""The checks that a submission must pass. All data is loaded before; no queries."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from answers.models import Answer
from core.refusals import Refused
from games.kinds.base import Grade, QuestionKind, Settings, Verdict
from games.models import Game
from games.sources import NOWHERE, Source

# Which version of the game the client shows; `Kind.public` writes it.
Version = Annotated[str | None, Field(max_length=4000)]


@dataclass(frozen=True)
class Submission:
    """One answer as it arrived. `at` is when the server received it."""

    player_id: int
    game_id: int
    key: UUID
    question: str
    value: Any
    at: datetime
    origin: str = ""  # the socket that gets the reply
    # The version that the client shows, if known; see `QuestionKind.rebase`.
    version: str | None = None
    source: Source = NOWHERE


@dataclass
class PlayerAnswers:
    """One player's earlier answers to one game, and the checks against them.

    `answers` are the current ones, those with the same ids and, if attempts are limited
    by time, those that still count. Loading all answers would have no bound.
    """

    game: Game
    admitted: bool
    answers: list[Answer] = field(default_factory=list)

    @property
    def kind(self) -> QuestionKind[Any]:
        return self.game.question_kind

    @cached_property
    def rules(self) -> Settings:
        return self.game.rules

    def current(self, question: str) -> Answer | None:
        """The answer to this question that counts: the last one."""
        for answer in self.answers:
            if answer.current and answer.question == question:
                return answer
        return None

    def accept(self, submission: Submission) -> tuple[Answer, bool]:
        """The answer for this submission, and whether it is new.

        If the same id was sent before, or the question is solved, it is the earlier
        answer. A new one is in `answers` as current, graded and unsaved. Raises
        `Refused`.
        """
        repeated = self._repeat_of(submission)
        if repeated:
            return repeated, False
        self.game.check_open(submission.at)
        if not self.admitted:
            raise Refused("not_eligible")
        if submission.question not in self.kind.questions(self.rules):
            raise Refused("invalid", _("There is no such question."), field="question")
        value = self._parse(submission)
        solved = self._solved(submission.question)
        if solved:
            return solved, False
        check_attempts(self, submission.question, submission.at)
        return self._add(submission, value), True

    def wins(self) -> bool:
        """Whether the player's current answers win a prize."""
        grades = {
            answer.question: Grade(
                Verdict(answer.verdict), answer.points, answer.tiebreak
            )
            for answer in self.answers
            if answer.current
        }
        return self.kind.instant(self.rules) and self.kind.wins(self.rules, grades)

    def _repeat_of(self, submission: Submission) -> Answer | None:
        for answer in self.answers:
            if answer.key == submission.key:
                if not self._is_same(submission, answer):
                    raise Refused(
                        "invalid", _("This id was used for another answer."), field="id"
                    )
                return answer
        return None

    def _is_same(self, submission: Submission, answer: Answer) -> bool:
        if submission.question != answer.question:
            return False
        try:
            value = self._parse(submission)
        except Refused:  # no longer valid by the current settings
            value = submission.value
        return bool(value == answer.value)

    def _parse(self, sent: Submission) -> Any:
        value = self.kind.rebase(self.rules, sent.question, sent.value, sent.version)
        return self.kind.parse(self.rules, sent.question, value)

    def _solved(self, question: str) -> Answer | None:
        """The right answer, if the player knows that it is right."""
        if not self.kind.instant(self.rules):
            return None
        current = self.current(question)
        return current if current and current.verdict == Verdict.RIGHT else None

    def _add(self, submission: Submission, value: Any) -> Answer:
        previous = self.current(submission.question)
        if previous:
            previous.current = False
        answer = Answer(
            game_id=submission.game_id,
            player_id=submission.player_id,
            question=submission.question,
            attempt=previous.attempt + 1 if previous else 1,
            key=submission.key,
            value=value,
            submitted_at=submission.at,
            browser=submission.source.browser,
            address=submission.source.address(submission.game_id),
            verdict=Verdict.PENDING,
        )
        if self.kind.instant(self.rules):
            answer.grade(self.kind.grade(self.rules, answer.as_entry()))
        self.answers.append(answer)
        return answer


def check_key(used_in: int | None, game_id: int) -> None:
    """Refuse an id that the player has used in another game."""
    if used_in not in (None, game_id):
        raise Refused("invalid", _("This id was used in another game."), field="id")


def check_attempts(own: PlayerAnswers, question: str, now: datetime) -> None:
    """Raise `Refused`, with `retry_after` in seconds, if no attempts are left."""
    attempts = own.kind.attempts(own.rules)
    current = own.current(question)
    if attempts is None or current is None or current.attempt < attempts.max:
        return
    if attempts.window is None:
        raise Refused("no_attempts_left")
    since = now - attempts.window
    counted = [
        answer.submitted_at
        for answer in own.answers
        if answer.question == question and answer.submitted_at > since
    ]
    if len(counted) >= attempts.max:
        free_in = counted[-attempts.max] - since
        raise Refused(
            "no_attempts_left", retry_after=max(1, round(free_in.total_seconds()))
        )


def attempts_left(own: PlayerAnswers, question: str) -> int | None:
    """How many attempts are left; None if unlimited, or limited by time."""
    attempts = own.kind.attempts(own.rules)
    if attempts is None or attempts.window:
        return None
    current = own.current(question)
    return max(0, attempts.max - (current.attempt if current else 0))
