"""What a submission must pass, with everything it takes at hand: no queries here."""

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

# How the client was shown the game; it is written by `Kind.public`.
Version = Annotated[str | None, Field(max_length=4000)]


@dataclass(frozen=True)
class Submission:
    """One answer as it came in. `at` is when the server received it."""

    player_id: int
    game_id: int
    key: UUID
    question: str
    value: Any
    at: datetime
    origin: str = ""  # the socket that will have the reply
    # Of what the client was shown, where that is known; see `QuestionKind.rebase`.
    version: str | None = None
    source: Source = NOWHERE


@dataclass
class PlayerAnswers:
    """What one player's submissions to one game are checked against.

    Of their answers it holds the current ones, those sent under the same ids and, where
    attempts come back, those that still count. All of them would have no bound.
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
        """The answer to one question that counts, which is the last one."""
        to_it = (one for one in self.answers if one.question == question)
        return next((one for one in to_it if one.current), None)

    def accept(self, submission: Submission) -> tuple[Answer, bool]:
        """The answer that this submission is, and whether it is a new one.

        Sent before, or answered rightly already, it is the one from then. A new one
        stands on the sheet as current, graded and unsaved. Raises `Refused`.
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
            one.question: Grade(Verdict(one.verdict), one.points, one.tiebreak)
            for one in self.answers
            if one.current
        }
        return self.kind.instant(self.rules) and self.kind.wins(self.rules, grades)

    def _repeat_of(self, submission: Submission) -> Answer | None:
        for answer in self.answers:
            if answer.key == submission.key:
                if not self._says_the_same(submission, answer):
                    raise Refused(
                        "invalid", _("This id was used for another answer."), field="id"
                    )
                return answer
        return None

    def _says_the_same(self, submission: Submission, answer: Answer) -> bool:
        if submission.question != answer.question:
            return False
        try:
            value = self._parse(submission)
        except Refused:  # what was an answer then may be none by today's settings
            value = submission.value
        return bool(value == answer.value)

    def _parse(self, sent: Submission) -> Any:
        now = self.kind.rebase(self.rules, sent.question, sent.value, sent.version)
        return self.kind.parse(self.rules, sent.question, now)

    def _solved(self, question: str) -> Answer | None:
        """The right answer, where the player knows that it is."""
        if not self.kind.instant(self.rules):
            return None
        current = self.current(question)
        return current if current and current.verdict == Verdict.RIGHT else None

    def _add(self, submission: Submission, value: Any) -> Answer:
        former = self.current(submission.question)
        if former:
            former.current = False
        answer = Answer(
            game_id=submission.game_id,
            player_id=submission.player_id,
            question=submission.question,
            attempt=former.attempt + 1 if former else 1,
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


def check_attempts(sheet: PlayerAnswers, question: str, now: datetime) -> None:
    """`Refused`, with when to come back, if the question's attempts are used up."""
    attempts = sheet.kind.attempts(sheet.rules)
    current = sheet.current(question)
    if attempts is None or current is None or current.attempt < attempts.max:
        return
    if attempts.window is None:
        raise Refused("no_attempts_left")
    since = now - attempts.window
    counted = [
        one.submitted_at
        for one in sheet.answers
        if one.question == question and one.submitted_at > since
    ]
    if len(counted) >= attempts.max:
        free_in = counted[-attempts.max] - since
        raise Refused(
            "no_attempts_left", retry_after=max(1, round(free_in.total_seconds()))
        )


def attempts_left(sheet: PlayerAnswers, question: str) -> int | None:
    """How often the player may still try; None without limit, or by the minute."""
    attempts = sheet.kind.attempts(sheet.rules)
    if attempts is None or attempts.window:
        return None
    current = sheet.current(question)
    return max(0, attempts.max - (current.attempt if current else 0))
