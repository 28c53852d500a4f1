"""`GET /api/answers`: the player's own answers. `live/http.py` has the POST."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from answers.models import Answer
from core.paging import Page
from core.rate_limits import limited
from core.schemas import responses
from games.api import Slug
from users.models import Player

router = Router(tags=["answers"])


class ReceiptOut(Schema):
    id: UUID
    time: int
    sequence: int
    hmac: str


class ReplyOut(Schema):
    """`code`, `sold_out` and `won_here` are present only if there was a prize."""

    id: UUID
    status: str
    question: str
    value: Any
    verdict: str
    points: int
    won: bool
    receipt: ReceiptOut
    attempts_left: int | None = None
    code: str | None = None
    pool: str | None = None
    sold_out: bool | None = None
    won_here: bool | None = None


class AnswerOut(Schema):
    game: str
    question: str
    value: Any
    verdict: str
    points: int
    receipt: ReceiptOut
    attempts_left: int | None
    won_here: bool | None = None  # present only if true


class AnswersOut(Schema):
    answers: list[AnswerOut]
    next: str | None


@router.get("", response=responses(AnswersOut), exclude_unset=True)
@limited("answers")
def my_answers(
    request: HttpRequest, page: Query[Page], game: Slug = ""
) -> dict[str, Any]:
    """The player's current answers, newest first. `game` selects one game."""
    player: Player = request.auth  # type: ignore[attr-defined]
    rows = Answer.objects.current().filter(player=player).select_related("game")
    answers, next_cursor = page.of(rows.filter(game__slug=game) if game else rows)
    return {"answers": [answer.own() for answer in answers], "next": next_cursor}
