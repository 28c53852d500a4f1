"""Players' commands over HTTP: every POST route but joining (`live/joining.py`).

Each route is added to its app's router, because ninja allows one router per path.
`gameproject/asgi.py` serves these addresses by the gathered views below. Django serves
them by the single views, with the same responses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.http import HttpRequest
from django.utils import timezone
from ninja import Schema
from pydantic import BaseModel

from answers import api as answers_api
from answers.api import ReplyOut
from checkins import api as checkins_api
from checkins.api import CheckinOut, RedeemOut
from core.gathered import Asked, GatheredView, attempt, then
from core.rate_limits import check_many, limited
from core.refusals import Refused
from core.schemas import read_body, render_json, responses
from games.api import Slug, get_published_game, published_games, source_of
from games.models import Game
from live.commands import COMMANDS, AnswerIn, Call, CheckinIn, RedeemIn, carry_out
from users.auth import MAX_BODY, identify
from users.models import Player


class InGame(BaseModel):
    """The game: a socket has it in its address, an HTTP request in its body."""

    game: Slug


class AnswerBody(AnswerIn, InGame):
    """The socket's `answer`, and its game."""


class CheckinBody(CheckinIn, InGame):
    """The socket's `checkin`, and its game."""


class RedeemBody(RedeemIn, InGame):
    """The socket's `redeem`, and the game whose shop has the item."""


Body: TypeAlias = AnswerBody | CheckinBody | RedeemBody


@answers_api.router.post("", response=responses(ReplyOut), exclude_none=True)
@limited(COMMANDS["answer"].limit)
def submit_answer(request: HttpRequest, body: AnswerBody) -> dict[str, Any]:
    """Submit an answer. Sent again with the same id, it gets the first outcome."""
    return run(request, "answer", body)


@checkins_api.router.post("/checkins", response=responses(CheckinOut))
@limited(COMMANDS["checkin"].limit)
def check_in_today(request: HttpRequest, body: CheckinBody) -> dict[str, Any]:
    """Check in today. Sent again, the reply is the same with `status` already.

    To make up a missed day, send its `day`, and the `price` that the player saw.
    """
    return run(request, "checkin", body)


@checkins_api.router.post("/redemptions", response=responses(RedeemOut))
@limited(COMMANDS["redeem"].limit)
def redeem_item(request: HttpRequest, body: RedeemBody) -> dict[str, Any]:
    """Buy an item. Sent again with the same id, the reply has `status` already.

    Send the `price` that the player saw. If the price has changed, the purchase is
    refused as `invalid`, with the new one as `price`.
    """
    return run(request, "redeem", body)


def run(request: HttpRequest, name: str, body: Body) -> dict[str, Any]:
    """Carry out a command of the request's player; the reply, or raise `Refused`."""
    player: Player = request.auth  # type: ignore[attr-defined]
    game = get_published_game(body.game)
    return reply_to(body, carry_out(name, call_of(request, player, body, game)))


def call_of(request: HttpRequest, player: Player, body: Body, game: Game) -> Call:
    source = source_of(request)
    return Call(player.pk, game.pk, body, timezone.now(), source=source)


def reply_to(body: Body, reply: dict[str, Any]) -> dict[str, Any]:
    return {"id": body.id, **reply}


# The same for many requests at once


@dataclass
class Sent:
    """A command on its way through the steps; `_find_games` sets its game."""

    request: HttpRequest
    player: Player
    body: Body
    game: Game


@dataclass(frozen=True)
class CommandView:
    """The POST route of one command, for many requests at once."""

    name: str
    schema: type[Body]

    def many(self, asked: Sequence[Asked]) -> list[Any]:
        """The reply to each request, or the exception that ends it, in their order."""
        requests = [item.request for item in asked]
        sent = [
            player
            if isinstance(player, Exception)
            else attempt(self._read, request, player)
            for request, player in zip(requests, identify(requests), strict=True)
        ]
        for step in (self._count, self._find_games, self._carry_out):
            sent = then(sent, step)
        return list(sent)

    def _read(self, request: HttpRequest, player: Player) -> Sent:
        return Sent(request, player, read_body(self.schema, request), Game())

    def _count(self, sent: list[Sent]) -> list[Any]:
        limit = COMMANDS[self.name].limit
        refusals = check_many([command.request for command in sent], limit)
        return [
            refused or command for command, refused in zip(sent, refusals, strict=True)
        ]

    def _find_games(self, sent: list[Sent]) -> list[Any]:
        games = published_games({command.body.game for command in sent})
        for command in sent:
            command.game = games.get(command.body.game, command.game)
        missing = Refused("not_found", field="game")
        return [command if command.body.game in games else missing for command in sent]

    def _carry_out(self, sent: list[Sent]) -> list[Any]:
        calls = [call_of(c.request, c.player, c.body, c.game) for c in sent]
        replies = COMMANDS[self.name].carry_out(calls)
        return [
            reply if isinstance(reply, Refused) else reply_to(command.body, reply)
            for command, reply in zip(sent, replies, strict=True)
        ]


def commands_view(
    name: str, schema: type[Body], reply: type[Schema], **dump: bool
) -> GatheredView:
    return GatheredView(
        CommandView(name, schema).many,
        lambda _request, data: render_json(reply, data, **dump),
        MAX_BODY,
    )


answers_view = commands_view("answer", AnswerBody, ReplyOut, exclude_none=True)
checkins_view = commands_view("checkin", CheckinBody, CheckinOut)
redemptions_view = commands_view("redeem", RedeemBody, RedeemOut)
