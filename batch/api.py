"""`POST /api/batch`, also at `/batch`: up to fifty reads in one request."""

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from batch.reads import Batch, ReadRequest, result_of
from core.rate_limits import limited, take_for_address
from core.schemas import responses
from games.pages import player_of
from users.auth import everybody

router = Router(tags=["batch"], auth=everybody)


class ReadRequestIn(Schema):
    """`id` is a game's slug or a player's id; for `games` it is left out, for `answers`
    and `checkins` it may be: then those of all games are meant. `mine` is what a
    welcome says of the player, `me` and `mine`, with the time; of one game a batch."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    type: Literal["game", "games", "user", "answers", "checkins", "mine", "board"]
    id: str = Field("", max_length=60, pattern=r"^[a-z0-9-]*$")


class BatchIn(Schema):
    model_config = ConfigDict(extra="forbid")

    requests: list[ReadRequestIn] = Field(min_length=1, max_length=50)


class ResultOut(Schema):
    """`data`, or `error` in the form every refusal has."""

    type: str
    id: str
    status: int
    data: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


class BatchOut(Schema):
    results: list[ResultOut]


@router.post("", response=responses(BatchOut), exclude_unset=True)
@limited("games", reads=True)
def batch(request: HttpRequest, said: BatchIn) -> dict[str, Any]:
    """Answers in the order asked; one item's failure is its own."""
    player = player_of(request)
    if player is None:
        take_for_address(request, "batches")
    wanted = [ReadRequest(one.type, one.id) for one in said.requests]
    found = Batch(wanted, player).answers()
    return {"results": [result_of(one, found[one]) for one in wanted]}
