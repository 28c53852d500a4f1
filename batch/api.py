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
    """`id` is a game's slug or a player's id; for `games` it is left out, for `answers`
    and `checkins` it may be: then those of all games are meant. Without one `user` is
    whoever asks. `mine` is what a
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
def batch(request: HttpRequest, body: BatchIn) -> dict[str, Any]:
    """Answers in the order asked; one item's failure is its own."""
    player = player_of(request)
    if player is None:
        take_for_address(request, "batches")
    [results] = results_of([(body, player)])
    return said(results)


def results_of(asked: Sequence[tuple[BatchIn, Player | None]]) -> list[Results]:
    """The items of each asker, in the order asked."""
    wanted = [
        [ReadRequest(one.type, one.id) for one in body.requests] for body, _who in asked
    ]
    replies = read_many(
        [(items, player) for items, (_body, player) in zip(wanted, asked)]
    )
    return [
        [(one, found[one]) for one in items] for items, found in zip(wanted, replies)
    ]


def said(results: Results) -> dict[str, Any]:
    """In the language that is active."""
    return {"results": [result_of(one, found) for one, found in results]}


# The same for many requests at once


@dataclass(frozen=True)
class Sent:
    request: HttpRequest
    player: Player | None
    body: BatchIn


def batch_many(asked: Sequence[Asked]) -> list[Any]:
    """The results for each, or why there are none."""
    requests = [one.request for one in asked]
    sent = [
        who if isinstance(who, Exception) else attempt(read_sent, request, who)
        for request, who in zip(requests, identify(requests, reads_only=True))
    ]
    for step in (count, count_strangers, answer):
        sent = then(sent, step)
    return list(sent)


def read_sent(request: HttpRequest, player: Player | None) -> Sent:
    return Sent(request, player, read_body(BatchIn, request))


def count(sent: list[Sent]) -> list[Any]:
    wrong = check_many([one.request for one in sent], "games", reads=True)
    return [refused or one for one, refused in zip(sent, wrong, strict=True)]


def count_strangers(sent: list[Sent]) -> list[Any]:
    strangers = [one for one in sent if one.player is None]
    waits = take_many_for_address([one.request for one in strangers], "batches")
    wrong = {id(one): refused for one, refused in zip(strangers, waits, strict=True)}
    return [wrong.get(id(one)) or one for one in sent]


def answer(sent: list[Sent]) -> list[Any]:
    return list(results_of([(one.body, one.player) for one in sent]))


def respond(_request: HttpRequest, results: Results) -> HttpResponse:
    return render_json(BatchOut, said(results), exclude_unset=True)


batch_view = GatheredView(batch_many, respond, MAX_BODY)
