"""The socket's and the API's `answer`: a frame in, the reply's fields out."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from answers.submission import Submission, submit
from users.models import Player
from users.refusals import Refused


class AnswerIn(BaseModel):
    """What a client sends. Unknown fields are refused, not ignored."""

    model_config = ConfigDict(extra="forbid")

    type: str = "answer"
    id: UUID
    question: str = Field("", max_length=20)
    value: Any


def answer(
    player: Player, game_id: int, frame: dict[str, Any], now: datetime, origin: str
) -> dict[str, Any]:
    """Submit the frame's answer; `Refused` names the field that is wrong."""
    try:
        said = AnswerIn.model_validate(frame)
    except ValidationError as error:
        raise refused_by(error) from None
    return submit(
        Submission(player.pk, game_id, said.id, said.question, said.value, now, origin)
    )


def refused_by(error: ValidationError) -> Refused:
    """The first complaint of a schema, as a refusal."""
    first = error.errors(include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return Refused("invalid", first["msg"], field=field)
