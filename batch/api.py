"""`POST /api/batch`, also at `/batch`: up to fifty reads in one request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from batch.askers import Data
from batch.reads import ReadRequest, read_many, result_of
from core.gathered import Asked, GatheredView, attempt, then
from core.rate_limits import (
    check_many,
    limited,
    take_for_address,
    take_many_for_address,
)
from core.refusals import Refused
from core.schemas import read_body, render_json, responses
from games.pages import player_of
from users.auth import MAX_BODY, everybody, identify
from users.models import Player

Results: TypeAlias = list[tuple[ReadRequest, Data | Refused]]

router = Router(tags=["batch"], auth=everybody)


class ReadRequestIn(Schema):
    """`id` is a game's slug or, for `user`, a player's id.

    `games` takes no `id`. Without one, `answers` and `checkins` are those of all games,
    and `user` is the player who asks. `mine` has the `me` and `mine` of a welcome and
    the server's time; a batch may ask it of one game only.
    """

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    type: Literal["game", "games", "user", "answers", "checkins", "mine", "board"]
    id: str = Field("", max_length=60, pattern=r"^[a-z0-9-]*$")


class BatchIn(Schema):
    model_config = ConfigDict(extra="forbid")

    requests: list[ReadRequestIn] = Field(min_length=1, max_length=50)


class ResultOut(Schema):
    """`data`, or `error` as in any refusal; `status` is the HTTP status."""

    type: str
    id: str
    status: int
    data: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


class BatchOut(Schema):
    results: list[ResultOut]


@router.post("", response=responses(BatchOut), exclude_unset=True)
@limited("games", reads=True)
def batch(request: HttpRequest, body: BatchIn) -> dict[str, Any]:
    """The results, in the order asked. An item that fails doesn't affect the others."""
    player = player_of(request)
    if player is None:
        take_for_address(request, "batches")
    [results] = results_of([(body, player)])
    return reply_of(results)


def results_of(batches: Sequence[tuple[BatchIn, Player | None]]) -> list[Results]:
    """The results of each batch, in the order asked."""
    requests = [
        ([ReadRequest(item.type, item.id) for item in body.requests], player)
        for body, player in batches
    ]
    return [
        [(item, reply[item]) for item in items]
        for (items, _player), reply in zip(requests, read_many(requests))
    ]


def reply_of(results: Results) -> dict[str, Any]:
    """The body of the reply, in the active language."""
    return {"results": [result_of(item, outcome) for item, outcome in results]}


# The same for many requests at once


@dataclass(frozen=True)
class ValidBatch:
    """A request with its player, or None, and its valid body."""

    request: HttpRequest
    player: Player | None
    body: BatchIn


def batch_many(asked: Sequence[Asked]) -> list[Any]:
    """For each request its `Results`, or the exception that ends it."""
    requests = [item.request for item in asked]
    outcomes = [
        player if isinstance(player, Exception) else attempt(validate, request, player)
        for request, player in zip(requests, identify(requests, reads_only=True))
    ]
    for step in (check_limits, check_addresses, read_batches):
        outcomes = then(outcomes, step)
    return list(outcomes)


def validate(request: HttpRequest, player: Player | None) -> ValidBatch:
    return ValidBatch(request, player, read_body(BatchIn, request))


def check_limits(batches: list[ValidBatch]) -> list[ValidBatch | Refused]:
    refusals = check_many([batch.request for batch in batches], "games", reads=True)
    return [refused or batch for batch, refused in zip(batches, refusals, strict=True)]


def check_addresses(batches: list[ValidBatch]) -> list[ValidBatch | Refused]:
    """Take a token of their address for the batches of anonymous clients."""
    anonymous = [batch for batch in batches if batch.player is None]
    requests = [batch.request for batch in anonymous]
    refusals = iter(take_many_for_address(requests, "batches"))
    return [b if b.player is not None else next(refusals) or b for b in batches]


def read_batches(batches: list[ValidBatch]) -> list[Results]:
    return results_of([(batch.body, batch.player) for batch in batches])


def respond(_request: HttpRequest, results: Results) -> HttpResponse:
    return render_json(BatchOut, reply_of(results), exclude_unset=True)


batch_view = GatheredView(batch_many, respond, MAX_BODY)
