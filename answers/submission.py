"""Submitting answers: checked, graded, rewarded and kept in one transaction.

Answers that arrive together share it: the statements are those of one, however many
they are. One that is refused doesn't spoil the others.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from answers.checks import PlayerAnswers, Submission, attempts_left
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
    """Keep an answer and return its reply; once returned, it is committed.

    The same key again returns the first outcome with `status` duplicate, and so does
    any answer to a question already answered rightly. Raises `Refused`.
    """
    [outcome] = submit_many([submission])
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


def submit_many(submissions: Sequence[Submission]) -> list[Reply | Refused]:
    """`submit` for many at once: the reply or the refusal of each, in their order.

    What one raises, all of them raise, and nothing is kept: `core.gathered.isolate`
    finds out which one it was.
    """
    refusals = [value_refusal(one) for one in submissions]
    good = [one for one, refused in zip(submissions, refusals) if not refused]
    outcomes = iter(commit(good) if good else [])
    return [refused or next(outcomes) for refused in refusals]


def value_refusal(submission: Submission) -> Refused | None:
    """Why the value can't be an answer to anything, before any work is done with it."""
    try:
        check_value(submission.value, "value")
    except Refused as refused:
        return refused
    return None


def commit(submissions: Sequence[Submission]) -> list[Reply | Refused]:
    try:
        return commit_once(submissions)
    except IntegrityError:
        # Two players won in one browser in this moment: now it is seen who did.
        return commit_once(submissions)


def commit_once(submissions: Sequence[Submission]) -> list[Reply | Refused]:
    with transaction.atomic():
        return SubmissionBatch(submissions).outcomes()


class SubmissionBatch:
    """The submissions of one transaction, read, checked and written together."""

    def __init__(self, submissions: Sequence[Submission]) -> None:
        self.submissions = submissions
        self.players = Player.lock_many({one.player_id for one in submissions})
        self.games = {
            game_id: Game.objects.lock(game_id)
            for game_id in sorted({one.game_id for one in submissions})
        }
        self.game_of_key: dict[tuple[int, UUID], int] = {}
        self.sheets = self._sheets()
        self.new: list[Answer] = []
        self.replaced: list[int] = []
        # Whose other devices are told of it, by game; with the socket that sent it.
        self.changed: dict[int, list[tuple[int, str]]] = defaultdict(list)

    def outcomes(self) -> list[Reply | Refused]:
        taken = [self._take(one) for one in self.submissions]
        self._write()
        return [one if isinstance(one, Refused) else self._reply(*one) for one in taken]

    # Reading

    def _sheets(self) -> dict[tuple[int, int], PlayerAnswers]:
        sheets = {}
        for game in self.games.values():
            players = [
                self.players[one.player_id]
                for one in self.submissions
                if one.game_id == game.pk and one.player_id in self.players
            ]
            admitted = game.admitted(players, nicknames_in(game, players))
            for player in players:
                sheets[player.pk, game.pk] = PlayerAnswers(game, player.pk in admitted)
        for answer in self._earlier():
            self.game_of_key[answer.player_id, answer.key] = answer.game_id
            if sheet := sheets.get((answer.player_id, answer.game_id)):
                sheet.answers.append(answer)
        return sheets

    def _earlier(self) -> list[Answer]:
        ids = [(one.player_id, one.key) for one in self.submissions]
        first = min(one.at for one in self.submissions)
        games = list(self.games.values())
        return Answer.objects.to_check(games, self.players, ids, first)

    # Checking

    def _take(self, submission: Submission) -> tuple[Answer, bool] | Refused:
        try:
            if submission.player_id not in self.players:
                raise Refused("not_signed_in")
            self._check_key(submission)
            sheet = self._sheet(submission)
            replaced = sheet.current(submission.question)
            answer, is_new = sheet.accept(submission)
        except Refused as refused:
            return refused
        if is_new:
            self.new.append(answer)
            self.game_of_key[answer.player_id, answer.key] = answer.game_id
            if replaced and replaced.pk:
                self.replaced.append(replaced.pk)
            self.changed[answer.game_id].append((answer.player_id, submission.origin))
        return answer, is_new

    def _check_key(self, submission: Submission) -> None:
        """Refuse an id that the player used in another game, for whatever it was."""
        used_in = self.game_of_key.get((submission.player_id, submission.key))
        if used_in not in (None, submission.game_id):
            raise Refused("invalid", _("This id was used in another game."), field="id")

    def _sheet(self, of: Submission | Answer) -> PlayerAnswers:
        return self.sheets[of.player_id, of.game_id]

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
        sheet = self._sheet(answer)
        outcome = {
            "question": answer.question,
            "value": sheet.kind.shown(sheet.rules, answer.question, answer.value),
            "verdict": answer.verdict,
            "points": answer.points,
        }
        left = attempts_left(sheet, answer.question)
        return outcome if left is None else {**outcome, "attempts_left": left}

    def _give_prizes(self, game: Game) -> None:
        """Codes to those who have won now; or that there is none left, where there
        were any."""
        winning = {
            claim_of(game.pk, answer.player_id): answer
            for answer in self.new
            if answer.game_id == game.pk and self._sheet(answer).wins()
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
        return {"status": "accepted" if is_new else "duplicate", **answer.reply()}


def prize_of(code: Code | None, any_codes: bool) -> Reply:
    if code:
        return {"code": code.text, "pool": code.pool.name}
    return {"sold_out": True} if any_codes else {}
