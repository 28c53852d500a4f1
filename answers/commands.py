"""The socket's and the API's `answer`: a frame in, the reply's fields out."""

from datetime import datetime
from typing import Any

from pydantic import Field

from answers.submission import Submission, submit
from games.wire import CommandIn, read
from users.models import Player


class AnswerIn(CommandIn):
    question: str = Field("", max_length=20)
    value: Any


def answer(
    player: Player, game_id: int, frame: dict[str, Any], now: datetime, origin: str
) -> dict[str, Any]:
    """Submit the frame's answer; `Refused` names the field that is wrong."""
    said = read(AnswerIn, frame)
    return submit(
        Submission(player.pk, game_id, said.id, said.question, said.value, now, origin)
    )
