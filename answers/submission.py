"""Submitting an answer: checked, graded, rewarded and kept in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from answers import receipts
from answers.models import Answer
from games import events
from games.kinds.base import Grade, Kind, Verdict
from games.models import Code, Game
from users.models import Player
from users.refusals import Refused


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


def submit(submission: Submission) -> dict[str, Any]:
    """Keep an answer and return its reply; once returned, it is committed.

    The same key again returns the first outcome with `status` duplicate, and so does
    any answer to a question already answered rightly. Raises `Refused`.
    """
    check_text(submission.value)
    with transaction.atomic():
        player = Player.held(submission.player_id)
        earlier = list(
            Answer.objects.filter(player=player, game=submission.game_id).order_by("pk")
        )
        repeated = repeat_of(submission, earlier)
        if repeated:
            return repeated
        game = Game.objects.held(submission.game_id)
        return accept(submission, player, game, earlier)


def check_text(value: Any) -> None:
    """Refuse text that no database keeps: NUL and halves of surrogate pairs."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise Refused("invalid", _("That text can't be kept."), field="value")
    elif isinstance(value, dict):
        check_text([*value, *value.values()])
    elif isinstance(value, list):
        for one in value:
            check_text(one)


def repeat_of(
    submission: Submission, earlier: Sequence[Answer]
) -> dict[str, Any] | None:
    """The first outcome, if this was sent before."""
    for answer in earlier:
        if answer.key == submission.key:
            if not same(submission, answer):
                raise Refused(
                    "invalid", _("This id was used for another answer."), field="id"
                )
            return {**answer.outcome, "status": "duplicate"}
    return None


def same(submission: Submission, answer: Answer) -> bool:
    """Whether the submission says what the kept answer said."""
    if submission.question != answer.question:
        return False
    game = answer.game
    try:
        value = game.of_kind.parse(game.rules, answer.question, submission.value)
    except Refused:
        return False
    return bool(value == answer.value)


def accept(
    submission: Submission, player: Player, game: Game, earlier: Sequence[Answer]
) -> dict[str, Any]:
    """Check a new answer against the game and keep it."""
    kind, rules = game.of_kind, game.rules
    game.check_open(submission.at)
    if not game.admits(player):
        raise Refused("not_eligible")
    if submission.question not in kind.questions(rules):
        raise Refused("invalid", _("There is no such question."), field="question")
    value = kind.parse(rules, submission.question, submission.value)
    mates = [one for one in earlier if one.question == submission.question]
    solved = next((one for one in mates if is_final(kind, rules, one)), None)
    if solved:
        return {**solved.outcome, "status": "duplicate"}
    check_attempts(kind, rules, mates, submission.at)
    answer = keep(submission, value, kind, rules, mates)
    tell = partial(events.player_changed, player.pk, game.pk, submission.origin)
    transaction.on_commit(tell)
    return reply_to(answer, player, game, earlier)


def is_final(kind: Kind[Any], rules: Any, answer: Answer) -> bool:
    """Whether the player has already got this question right and knows it."""
    return kind.instant(rules) and answer.verdict == Verdict.RIGHT


def check_attempts(
    kind: Kind[Any], rules: Any, mates: Sequence[Answer], now: datetime
) -> None:
    attempts = kind.attempts(rules)
    if attempts is None:
        return
    since = now - attempts.per if attempts.per else None
    counted = [one for one in mates if since is None or one.submitted_at > since]
    if len(counted) < attempts.most:
        return
    wait = 0
    if attempts.per:
        free_at = counted[-attempts.most].submitted_at + attempts.per
        wait = max(1, round((free_at - now).total_seconds()))
    raise Refused("no_attempts_left", retry_after=wait)


def attempts_left(game: Game, answer: Answer, earlier: Sequence[Answer]) -> int | None:
    """How often the player may still try; None without limit, or by the minute."""
    attempts = game.of_kind.attempts(game.rules)
    if attempts is None or attempts.per:
        return None
    used = sum(one.question == answer.question for one in earlier) + 1
    return max(0, attempts.most - used)


def keep(
    submission: Submission,
    value: Any,
    kind: Kind[Any],
    rules: Any,
    mates: Sequence[Answer],
) -> Answer:
    """The answer as a row; the one before it becomes history."""
    replaced = [one.pk for one in mates if one.current]
    if replaced:
        Answer.objects.filter(pk__in=replaced).update(current=False)
    answer = Answer(
        game_id=submission.game_id,
        player_id=submission.player_id,
        question=submission.question,
        key=submission.key,
        value=value,
        submitted_at=submission.at,
        verdict=Verdict.PENDING,
    )
    if kind.instant(rules):
        grade = kind.grade(rules, answer.as_entry())
        answer.verdict, answer.points, answer.rank = (
            grade.verdict,
            grade.points,
            grade.rank,
        )
    answer.save(force_insert=True)
    return answer


def reply_to(
    answer: Answer, player: Player, game: Game, earlier: Sequence[Answer]
) -> dict[str, Any]:
    """The outcome of a kept answer, with its code if it won one."""
    outcome: dict[str, Any] = {
        "status": "accepted",
        "question": answer.question,
        "value": answer.value,
        "verdict": answer.verdict,
        "points": answer.points,
        "receipt": receipts.make(answer),
    }
    left = attempts_left(game, answer, earlier)
    if left is not None:
        outcome["attempts_left"] = left
    if game.of_kind.instant(game.rules) and wins(answer, game, earlier):
        outcome |= prize_for(player, game, answer.submitted_at)
    Answer.objects.filter(pk=answer.pk).update(outcome=outcome)
    return outcome


def wins(answer: Answer, game: Game, earlier: Sequence[Answer]) -> bool:
    """Whether the player has now won, which this answer must have brought about."""
    current = {one.question: one for one in earlier if one.current}
    current[answer.question] = answer
    grades = {
        question: Grade(Verdict(one.verdict), one.points, one.rank)
        for question, one in current.items()
    }
    return game.of_kind.wins(game.rules, grades)


def prize_for(player: Player, game: Game, now: datetime) -> dict[str, Any]:
    """The code a winner is given, or that there is none left; nothing where the game
    gives no codes."""
    claim = claim_of(game.pk, player.pk)
    codes = Code.objects.for_winners_of(game.pk)
    given = codes.give([(player, claim)], now)
    if claim in given:
        return {"code": given[claim].text, "pool": given[claim].pool.name}
    if codes.exists():
        return {"sold_out": True}
    return {}


def claim_of(game_id: int, player_id: int) -> str:
    """What a winner's code was given for: one win a player and game."""
    return f"win:{game_id}:{player_id}"
