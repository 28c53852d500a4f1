"""Answers: what players submitted."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models import Count, Q, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext_lazy as _

from answers import receipts
from core.addresses import MAX_DIGEST_LENGTH
from games.kinds.base import Entry, Grade, QuestionKind, Settings, Verdict
from games.models import Claim, Game
from games.sources import browser_in
from games.verdicts import FOR_PLAYERS, FOR_STAFF
from users.models import Player

# The claim of a winner's code: once per player and game.
WIN = "win:{game}:{player}"


class AnswerQuerySet(models.QuerySet["Answer"]):
    def current(self) -> "AnswerQuerySet":
        """The answers that count, one per player and question. Others are history."""
        return self.filter(current=True)

    def newest_of(self, players: Iterable[int], count: int) -> "AnswerQuerySet":
        """The last `count` answers of each of these players, newest first."""
        place = Window(RowNumber(), partition_by="player", order_by="-pk")
        rows = self.filter(player__in=list(players)).annotate(place=place)
        return rows.filter(place__lte=count).order_by("-pk")

    def sent_as(self, ids: Sequence[tuple[int, UUID]]) -> "AnswerQuerySet":
        """The answers with these pairs of player and key, in any game.

        Two separate lists would match every player with every key.
        """
        players, keys = (
            [player_id for player_id, _key in ids],
            [key for _id, key in ids],
        )
        params: list[Any] = [players, keys]
        pairs = "SELECT * FROM unnest(%s::bigint[], %s::uuid[])"
        if connection.vendor != "postgresql":
            params = [part for player_id, key in ids for part in (player_id, key.hex)]
            pairs = "VALUES " + ", ".join(["(%s, %s)"] * len(ids))
        where = f"(answers_answer.player_id, answers_answer.key) IN ({pairs})"
        rows: Any = self.extra(where=[where], params=params)  # noqa: S610
        return rows

    def to_check(
        self,
        games: Sequence[Game],
        players: Iterable[int],
        ids: Sequence[tuple[int, UUID]],
        at: datetime,
    ) -> list["Answer"]:
        """What submissions at `at` are checked against, oldest first: one statement.

        These are the current answers, those with the same keys in any game and, if
        attempts are limited by time, those that count. Other history is not read.
        """
        theirs = self.filter(player__in=list(players))
        parts: list[Any] = [
            theirs.current().filter(game__in=games),
            self.sent_as(ids),
        ]
        for game in games:
            kind = game.of_kind
            if not isinstance(kind, QuestionKind):
                continue
            attempts = kind.attempts(game.rules)
            if attempts and attempts.window:
                since = at - attempts.window
                parts.append(theirs.filter(game=game, submitted_at__gt=since))
        answers = parts[0].union(*parts[1:], all=True)
        by_id = {answer.pk: answer for answer in answers}
        return [by_id[pk] for pk in sorted(by_id)]

    def counts(self, game_ids: Iterable[int]) -> Mapping[int, dict[str, int]]:
        """By game, how many players answered, and how many of them rightly."""
        right = Q(verdict=Verdict.RIGHT)
        rows = (
            self.current()
            .filter(game__in=list(game_ids))
            .values("game")
            .annotate(
                answered=Count("player", distinct=True),
                right=Count("player", distinct=True, filter=right),
            )
        )
        counts = {
            row["game"]: {"answered": row["answered"], "right": row["right"]}
            for row in rows
        }
        nobody = {"answered": 0, "right": 0}
        return {game_id: counts.get(game_id, nobody) for game_id in game_ids}


class Answer(models.Model):
    """One accepted answer. Only `current` and its grade ever change."""

    game = models.ForeignKey(
        Game, models.PROTECT, related_name="answers", verbose_name=_("game")
    )
    player = models.ForeignKey(
        Player, models.PROTECT, related_name="answers", verbose_name=_("player")
    )
    question = models.CharField(_("question"), max_length=20, blank=True)
    # 1 for the player's first answer to the question, 2 for the next, and so on.
    attempt = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    # The client's idempotency key.
    key = models.UUIDField(editable=False)
    value = models.JSONField(_("answer"))
    verdict = models.CharField(
        _("verdict"), max_length=10, choices=[*FOR_STAFF.items()]
    )
    points = models.IntegerField(_("points"), default=0)
    # Orders winners with the same points; smaller comes first (`kinds.base.Grade`).
    tiebreak = models.BigIntegerField(default=0, editable=False)
    current = models.BooleanField(_("current"), default=True)
    # The first reply, so that a repeat gets the same one.
    outcome = models.JSONField(default=dict, editable=False)
    submitted_at = models.DateTimeField(_("submitted"))
    # The mark of the browser that sent it, and a digest of its network.
    browser = models.CharField(
        max_length=32, blank=True, default="", db_default="", editable=False
    )
    address = models.CharField(
        max_length=MAX_DIGEST_LENGTH,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )

    objects = AnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [
            models.UniqueConstraint("player", "key", name="answer_key_once_a_player"),
            models.UniqueConstraint(
                fields=["game", "player", "question"],
                condition=Q(current=True),
                name="answer_one_current_a_question",
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=[verdict.value for verdict in Verdict]),
                name="answer_verdict_is_known",
            ),
        ]
        indexes = [
            models.Index("game", "player", "submitted_at", name="answer_in_time")
        ]

    def __str__(self) -> str:
        return f"{self.player_id} → {self.game_id}/{self.question}"

    def as_entry(self) -> Entry:
        return Entry(self.player_id, self.question, self.value, self.submitted_at)

    @property
    def meaning(self) -> str | None:
        """In the kind's words; None if its question or option was removed."""
        game = self.game
        return game.question_kind.meaning(game.rules, self.question, self.value)

    @property
    def verdict_for_player(self) -> str:
        return str(FOR_PLAYERS[self.verdict])

    def grade(self, grade: Grade) -> None:
        self.verdict, self.points = grade.verdict, grade.points
        self.tiebreak = grade.tiebreak

    def claim(self, owner: Player) -> Claim:
        """What its winner gets a code for: one win per player and game."""
        browser = browser_in(self.game_id, self.browser) or ""
        return Claim(owner, claim_of(self.game_id, owner.pk), browser, self.address)

    def reply(self) -> dict[str, Any]:
        """The reply to its player, for the first time and for each repeat."""
        return {**self.outcome, "receipt": receipts.make(self)}

    def own(self) -> dict[str, Any]:
        """`public` with the game's slug; needs `game` loaded."""
        game = self.game
        return {"game": game.slug, **self.public(game.question_kind, game.rules)}

    def public(self, kind: QuestionKind[Any], rules: Settings) -> dict[str, Any]:
        """As its player may see it, by the current settings of its game."""
        barred = {"won_here": True} if "won_here" in self.outcome else {}
        return {
            "question": self.question,
            "value": kind.shown(rules, self.question, self.value),
            "verdict": self.verdict,
            "points": self.points,
            "receipt": receipts.make(self),
            "attempts_left": self.outcome.get("attempts_left"),
            **barred,
        }


def claim_of(game_id: int, player_id: int) -> str:
    """What a winner's code is given for."""
    return WIN.format(game=game_id, player=player_id)
