"""Submitting answers: check, grade, reward and store, in one transaction.

Answers that arrive together share it: many cost the statements of one. A refusal does
not affect the others.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from answers.checks import PlayerAnswers, Submission, attempts_left, check_key
from answers.models import Answer, claim_of
from core import metrics
from core.on_commit import on_commit
from core.parsing import check_value
from core.refusals import Refused
from games import events
from games.models import Code, Game
from games.personal import nicknames_in
from users.models import Player

Reply = dict[str, Any]

__all__ = ["Submission", "claim_of", "submit", "submit_many"]


def submit(submission: Submission) -> Reply:
    """Store an answer and return its reply. The answer is committed by then.

    The same key again returns the first reply with `status` duplicate. So does any
    answer to a question that is already solved. Raises `Refused`.
    """
    [outcome] = submit_many([submission])
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


def submit_many(submissions: Sequence[Submission]) -> list[Reply | Refused]:
    """`submit` for many at once: the reply or the refusal of each, in their order.

    If one raises, the whole batch raises and nothing is stored. Then
    `core.gathered.isolate` finds which one it was.
    """
    refusals = [value_refusal(submission) for submission in submissions]
    good = [sent for sent, refused in zip(submissions, refusals) if not refused]
    outcomes = iter(commit(good) if good else [])
    return [refused or next(outcomes) for refused in refusals]


def value_refusal(submission: Submission) -> Refused | None:
    """The refusal of a value that no question takes; None if it may be an answer."""
    try:
        check_value(submission.value, "value")
    except Refused as refused:
        return refused
    return None


def commit(submissions: Sequence[Submission]) -> list[Reply | Refused]:
    try:
        return commit_once(submissions)
    except IntegrityError:
        # Two players won in one browser at the same moment. Now the first is known.
        return commit_once(submissions)


def commit_once(submissions: Sequence[Submission]) -> list[Reply | Refused]:
    with transaction.atomic():
        return SubmissionBatch(submissions).outcomes()


class SubmissionBatch:
    """The submissions of one transaction, read, checked and written together."""

    def __init__(self, submissions: Sequence[Submission]) -> None:
        self.submissions = submissions
        self.players = Player.lock_many({sent.player_id for sent in submissions})
        self.games = {
            game_id: Game.objects.lock(game_id)
            for game_id in sorted({sent.game_id for sent in submissions})
        }
        self.game_of_key: dict[tuple[int, UUID], int] = {}
        self.answers = self._load_answers()
        self.new: list[Answer] = []
        self.replaced: list[int] = []
        # By game: players whose other devices are told, with the socket that sent it.
        self.changed: dict[int, list[tuple[int, str]]] = defaultdict(list)

    def outcomes(self) -> list[Reply | Refused]:
        results = [self._take(submission) for submission in self.submissions]
        self._write()
        return [
            result if isinstance(result, Refused) else self._reply(*result)
            for result in results
        ]

    # Reading

    def _load_answers(self) -> dict[tuple[int, int], PlayerAnswers]:
        by_player_and_game = {}
        for game in self.games.values():
            players = [
                self.players[sent.player_id]
                for sent in self.submissions
                if sent.game_id == game.pk and sent.player_id in self.players
            ]
            admitted = game.admitted(players, nicknames_in(game, players))
            for player in players:
                own = PlayerAnswers(game, player.pk in admitted)
                by_player_and_game[player.pk, game.pk] = own
        for answer in self._earlier():
            self.game_of_key[answer.player_id, answer.key] = answer.game_id
            key = answer.player_id, answer.game_id
            if earlier := by_player_and_game.get(key):
                earlier.answers.append(answer)
        return by_player_and_game

    def _earlier(self) -> list[Answer]:
        ids = [(sent.player_id, sent.key) for sent in self.submissions]
        first = min(sent.at for sent in self.submissions)
        games = list(self.games.values())
        return Answer.objects.to_check(games, self.players, ids, first)

    # Checking

    def _take(self, submission: Submission) -> tuple[Answer, bool] | Refused:
        try:
            if submission.player_id not in self.players:
                raise Refused("not_signed_in")
            used_in = self.game_of_key.get((submission.player_id, submission.key))
            check_key(used_in, submission.game_id)
            own = self._answers_of(submission)
            replaced = own.current(submission.question)
            answer, is_new = own.accept(submission)
        except Refused as refused:
            return refused
        if is_new:
            self.new.append(answer)
            self.game_of_key[answer.player_id, answer.key] = answer.game_id
            if replaced and replaced.pk:
                self.replaced.append(replaced.pk)
            self.changed[answer.game_id].append((answer.player_id, submission.origin))
        return answer, is_new

    def _answers_of(self, of: Submission | Answer) -> PlayerAnswers:
        return self.answers[of.player_id, of.game_id]

    # Writing

    def _write(self) -> None:
        if self.replaced:
            Answer.objects.filter(pk__in=self.replaced).update(current=False)
        for answer in self.new:
            answer.outcome = self._outcome(answer)
        for game in self.games.values():
            self._give_prizes(game)
        Answer.objects.bulk_create(self.new)
        if self.new:
            on_commit(metrics.answers.observe, len(self.new))
        for game_id, players in self.changed.items():
            on_commit(events.players_changed, game_id, players)

    def _outcome(self, answer: Answer) -> Reply:
        own = self._answers_of(answer)
        outcome = {
            "question": answer.question,
            "value": own.kind.shown(own.rules, answer.question, answer.value),
            "verdict": answer.verdict,
            "points": answer.points,
        }
        left = attempts_left(own, answer.question)
        return outcome if left is None else {**outcome, "attempts_left": left}

    def _give_prizes(self, game: Game) -> None:
        """Give codes to new winners, or tell them that none is left."""
        winning = {
            claim_of(game.pk, answer.player_id): answer
            for answer in self.new
            if answer.game_id == game.pk and self._answers_of(answer).wins()
        }
        if not winning:
            return
        codes = Code.objects.for_winners_of(game.pk)
        winners = [a.claim(self.players[a.player_id]) for a in winning.values()]
        last = max(answer.submitted_at for answer in winning.values())
        given = codes.select_related("pool").give(winners, last)
        any_codes = bool(given or given.barred) or codes.exists()
        for claim, answer in winning.items():
            barred = claim in given.barred
            answer.outcome |= (
                {"won_here": True} if barred else prize_of(given.get(claim), any_codes)
            )

    def _reply(self, answer: Answer, is_new: bool) -> Reply:
        status = "accepted" if is_new else "duplicate"
        return {
            "status": status,
            **answer.reply(),
            "won": self._answers_of(answer).wins(),
        }


def prize_of(code: Code | None, any_codes: bool) -> Reply:
    if code:
        return {"code": code.text, "pool": code.pool.name}
    return {"sold_out": True} if any_codes else {}
