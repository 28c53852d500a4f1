"""`/api/answers`: one's own answers. Submitting is in `live/http.py`."""

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
    """`code`, `sold_out` and `won_here` are there only where a prize was to be won."""

    id: UUID
    status: str
    question: str
    value: Any
    verdict: str
    points: int
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
    won_here: bool | None = None  # only where it is so


class AnswersOut(Schema):
    answers: list[AnswerOut]
    next: str | None


@router.get("", response=responses(AnswersOut), exclude_unset=True)
@limited("answers")
def my_answers(
    request: HttpRequest, page: Query[Page], game: Slug = ""
) -> dict[str, Any]:
    """One's own current answers, the newest first; those of one game on wish."""
    player: Player = request.auth  # type: ignore[attr-defined]
    rows = Answer.objects.current().filter(player=player).select_related("game")
    shown, next_cursor = page.of(rows.filter(game__slug=game) if game else rows)
    return {"answers": [answer.own() for answer in shown], "next": next_cursor}
