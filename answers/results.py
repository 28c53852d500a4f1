"""Results: reveals a game, and grades again when staff change the settings."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from answers.models import Answer
from core.on_commit import on_commit
from core.refusals import Refused
from games import events
from games.kinds.base import Grade, QuestionKind, Settings, Verdict
from games.models import Claim, Code, Game
from games.states import State
from users.models import Player


@dataclass(frozen=True)
class Change:
    """A new grade for an answer."""

    answer: Answer
    grade: Grade


def reveal(game: Game, now: datetime) -> None:
    """Grade every answer, give winners their codes and show everybody the result."""
    with game.changing():
        if not game.allows("reveal"):
            raise Refused(
                "invalid",
                _("Close the game and enter the result before revealing it."),
                field="state",
            )
        settle(game, now)
        game.state, game.revealed_at = State.REVEALED, now
        game.revealed = game.of_kind.reveal(game.rules, votes_in(game))


def changed_by(game: Game, new: Mapping[str, Any]) -> list[Change]:
    """The current answers that these settings would grade differently."""
    rules = game.of_kind.Settings.model_validate(new)
    if not are_verdicts_known(game):
        return []
    answers = list(game.answers.current().select_related("player").order_by("pk"))
    return changes(game, rules, answers)


def regrade(game: Game, new: Mapping[str, Any], now: datetime) -> None:
    """Save new settings, and grade again if players know their verdicts.

    Codes stay with their players. Newly right players get a code while stock lasts.
    """
    with game.changing():
        game.settings = dict(new)
        if are_verdicts_known(game):
            settle(game, now)
        if game.state == State.REVEALED:
            game.revealed = game.of_kind.reveal(game.rules, votes_in(game))


def are_verdicts_known(game: Game) -> bool:
    """Whether players know their verdicts."""
    kind = game.of_kind
    if not isinstance(kind, QuestionKind):
        return False
    return kind.instant(game.rules) or game.revealed_at is not None


def settle(game: Game, now: datetime) -> None:
    """Grade all current answers, and give codes to winners who have none.

    Runs inside `game.changing()`, so that no answer arrives meanwhile.
    """
    if not game.of_kind.takes_answers:
        return
    answers = list(game.answers.current().select_related("player").order_by("pk"))
    changed = changes(game, game.rules, answers)
    for change in changed:
        apply(change)
    fields = ["verdict", "points", "tiebreak", "outcome"]
    Answer.objects.bulk_update(
        [change.answer for change in changed], fields, batch_size=500
    )
    give_codes(game, answers, now)
    players = {change.answer.player_id for change in changed}
    on_commit(events.players_changed, game.pk, [(pk, "") for pk in players])


def changes(game: Game, rules: Settings, answers: Sequence[Answer]) -> list[Change]:
    grades = game.question_kind.settle(rules, [answer.as_entry() for answer in answers])
    pairs = zip(answers, grades, strict=True)
    return [Change(answer, grade) for answer, grade in pairs if grade != graded(answer)]


def graded(answer: Answer) -> Grade:
    return Grade(Verdict(answer.verdict), answer.points, answer.tiebreak)


def apply(change: Change) -> None:
    answer, grade = change.answer, change.grade
    answer.grade(grade)
    answer.outcome |= {"verdict": grade.verdict, "points": grade.points}


def give_codes(game: Game, answers: Sequence[Answer], now: datetime) -> None:
    """Give codes to the winners in their order, while stock lasts.

    A player who also answered as a guest and signed in later is one winner.
    """
    firsts = [answers[0] for answers in winners_first(game, answers)]
    accounts = {a.player.account_id for a in firsts if a.player.account_id}
    owners = Player.objects.in_bulk(accounts) if accounts else {}
    winners: dict[str, Claim] = {}
    winning: dict[str, Answer] = {}
    for answer in firsts:
        won = answer.claim(owners.get(answer.player.account_id or 0, answer.player))
        winners.setdefault(won.key, won)
        winning.setdefault(won.key, answer)
    codes = Code.objects.for_winners_of(game.pk)
    barred = [winning[it] for it in codes.give([*winners.values()], now).barred]
    for answer in barred:
        answer.outcome |= {"won_here": True}
    Answer.objects.bulk_update(barred, ["outcome"], batch_size=500)


def winners_first(game: Game, answers: Iterable[Answer]) -> list[list[Answer]]:
    """Each winner's answers: most points first, then by tiebreak, then earliest."""
    by_player: dict[int, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_player[answer.player_id].append(answer)
    kind, rules = game.question_kind, game.rules
    winners = [
        answers
        for answers in by_player.values()
        if kind.wins(rules, {answer.question: graded(answer) for answer in answers})
    ]
    return sorted(winners, key=standing)


def standing(answers: Sequence[Answer]) -> tuple[int, int, datetime, int]:
    points = sum(answer.points for answer in answers)
    tiebreak = sum(answer.tiebreak for answer in answers)
    last = max(answers, key=lambda answer: answer.submitted_at)
    return -points, tiebreak, last.submitted_at, last.pk


def votes_in(game: Game) -> dict[str, Counter[str]]:
    """How often each option was chosen, by question, if the kind shows votes."""
    kind = game.of_kind
    if not (isinstance(kind, QuestionKind) and kind.counts_votes(game.rules)):
        return {}
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    rows = game.answers.current().values_list("question", "value")
    for question, chosen in rows.iterator():
        votes[question].update(map(str, chosen))
    return votes
