"""Submitting answers: checked, graded, rewarded and kept in one transaction.

Answers that arrive together share it: the statements are those of one, however many
they are. One that is refused doesn't spoil the others.
"""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import DataError, IntegrityError, transaction

from answers.checks import Sheet, Submission, attempts_left, check_text, claim_of
from answers.models import Answer
from games import events
from games.arrivals import admitted_to, nicknames_in
from games.models import Code, Game
from users import counts
from users.models import Player
from users.refusals import Refused

logger = logging.getLogger(__name__)

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
    """`submit` for many at once: the reply or the refusal of each, in their order."""
    try:
        with transaction.atomic():
            return Together(submissions).outcomes()
    except (IntegrityError, DataError):
        if len(submissions) == 1:
            logger.exception("An answer could not be kept")
            return [Refused("unavailable", retry_after=1)]
        # One of them is at odds with the database: find out which.
        return [submit_many([one])[0] for one in submissions]


class Together:
    """The submissions of one transaction, read, checked and written together."""

    def __init__(self, submissions: Sequence[Submission]) -> None:
        self.submissions = submissions
        self.players = Player.held_many({one.player_id for one in submissions})
        self.games = {
            game_id: Game.objects.held(game_id)
            for game_id in sorted({one.game_id for one in submissions})
        }
        self.sheets = self._sheets()
        self.new: list[Answer] = []
        self.replaced: list[int] = []

    def outcomes(self) -> list[Reply | Refused]:
        taken = [self._take(one) for one in self.submissions]
        self._write()
        return [one if isinstance(one, Refused) else self._reply(*one) for one in taken]

    # Reading

    def _sheets(self) -> dict[tuple[int, int], Sheet]:
        sheets = {}
        for game in self.games.values():
            players = [
                self.players[one.player_id]
                for one in self.submissions
                if one.game_id == game.pk and one.player_id in self.players
            ]
            admitted = admitted_to(game, players, nicknames_in(game, players))
            for player in players:
                sheets[player.pk, game.pk] = Sheet(game, player.pk in admitted)
        rows = Answer.objects.filter(player__in=self.players, game__in=self.games)
        for answer in rows.order_by("pk"):
            if sheet := sheets.get((answer.player_id, answer.game_id)):
                sheet.answers.append(answer)
        return sheets

    # Checking

    def _take(self, submission: Submission) -> tuple[Answer, bool] | Refused:
        try:
            check_text(submission.value)
            if submission.player_id not in self.players:
                raise Refused("not_signed_in")
            sheet = self._sheet(submission)
            replaced = [one.pk for one in sheet.to(submission.question) if one.current]
            answer, is_new = sheet.take(submission)
        except Refused as refused:
            return refused
        if is_new:
            self.new.append(answer)
            self.replaced += [pk for pk in replaced if pk]
            self._tell(submission)
        return answer, is_new

    def _sheet(self, of: Submission | Answer) -> Sheet:
        return self.sheets[of.player_id, of.game_id]

    def _tell(self, one: Submission) -> None:
        """The player's other devices, once it is committed."""
        tell = partial(events.player_changed, one.player_id, one.game_id, one.origin)
        transaction.on_commit(tell)

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
            transaction.on_commit(partial(counts.answers.observe, len(self.new)))

    def _outcome(self, answer: Answer) -> Reply:
        outcome = {
            "question": answer.question,
            "value": answer.value,
            "verdict": answer.verdict,
            "points": answer.points,
        }
        left = attempts_left(self._sheet(answer), answer.question)
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
        winners = [(self.players[a.player_id], claim) for claim, a in winning.items()]
        last = max(answer.submitted_at for answer in winning.values())
        given = codes.select_related("pool").give(winners, last)
        any_codes = bool(given) or codes.exists()
        for claim, answer in winning.items():
            answer.outcome |= prize_of(given.get(claim), any_codes)

    def _reply(self, answer: Answer, is_new: bool) -> Reply:
        return {"status": "accepted" if is_new else "duplicate", **answer.reply()}


def prize_of(code: Code | None, any_codes: bool) -> Reply:
    if code:
        return {"code": code.text, "pool": code.pool.name}
    return {"sold_out": True} if any_codes else {}
