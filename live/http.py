"""The commands of players over HTTP: every POST of one but joining (`live/joining.py`).

Each stands beside its app's reads, in the same router: ninja has one a path. In a rush
they come many at a time (`gameproject/gathering.py`), not through Django's handler.
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
    """What a socket's address says, the body says over HTTP."""

    game: Slug


class AnswerBody(AnswerIn, InGame):
    """The socket's `answer`, and the game it is for."""


class CheckinBody(CheckinIn, InGame):
    """The socket's `checkin`, and the game it is for."""


class RedeemBody(RedeemIn, InGame):
    """The socket's `redeem`, and the game in whose shop the item is."""


Body: TypeAlias = AnswerBody | CheckinBody | RedeemBody


@answers_api.router.post("", response=responses(ReplyOut), exclude_none=True)
@limited(COMMANDS["answer"].limit)
def submit_answer(request: HttpRequest, body: AnswerBody) -> dict[str, Any]:
    """Submit an answer. Sent again with its id, it has the first outcome again."""
    return run(request, "answer", body)


@checkins_api.router.post("/checkins", response=responses(CheckinOut))
@limited(COMMANDS["checkin"].limit)
def check_in_today(request: HttpRequest, body: CheckinBody) -> dict[str, Any]:
    """Do today's day. Sent again, it says the same with `status` already.

    Making up a day may carry the `price` that was seen, as a purchase does.
    """
    return run(request, "checkin", body)


@checkins_api.router.post("/redemptions", response=responses(RedeemOut))
@limited(COMMANDS["redeem"].limit)
def redeem_item(request: HttpRequest, body: RedeemBody) -> dict[str, Any]:
    """Buy an item. Sent again with its id, it says the same with `status` already.

    With the `price` that was seen, it is refused where that is another by now: as
    `invalid`, with the new one as `price`.
    """
    return run(request, "redeem", body)


def run(request: HttpRequest, name: str, said: Body) -> dict[str, Any]:
    """Carry out a command of whoever asks; the reply, or `Refused`."""
    player: Player = request.auth  # type: ignore[attr-defined]
    game = get_published_game(said.game)
    return reply_to(said, carry_out(name, call_of(request, player, said, game)))


def call_of(request: HttpRequest, player: Player, said: Body, game: Game) -> Call:
    source = source_of(request)
    return Call(player.pk, game.pk, said, timezone.now(), source=source)


def reply_to(said: Body, reply: dict[str, Any]) -> dict[str, Any]:
    return {"id": said.id, **reply}


# The same for many requests at once


@dataclass
class Sent:
    """A command on its way through the steps, which fill it in."""

    request: HttpRequest
    player: Player
    said: Body
    game: Game


@dataclass(frozen=True)
class CommandView:
    """The POST route of one command, for many requests at once."""

    name: str
    schema: type[Body]

    def many(self, asked: Sequence[Asked]) -> list[Any]:
        """The reply to each, or why there is none."""
        requests = [one.request for one in asked]
        sent = [
            who if isinstance(who, Exception) else attempt(self._read, request, who)
            for request, who in zip(requests, identify(requests), strict=True)
        ]
        for step in (self._count, self._find_games, self._carry_out):
            sent = then(sent, step)
        return list(sent)

    def _read(self, request: HttpRequest, player: Player) -> Sent:
        return Sent(request, player, read_body(self.schema, request), Game())

    def _count(self, sent: list[Sent]) -> list[Any]:
        limit = COMMANDS[self.name].limit
        wrong = check_many([one.request for one in sent], limit)
        return [refused or one for one, refused in zip(sent, wrong, strict=True)]

    def _find_games(self, sent: list[Sent]) -> list[Any]:
        games = published_games({one.said.game for one in sent})
        for one in sent:
            one.game = games.get(one.said.game, one.game)
        missing = Refused("not_found", field="game")
        return [one if one.said.game in games else missing for one in sent]

    def _carry_out(self, sent: list[Sent]) -> list[Any]:
        calls = [call_of(one.request, one.player, one.said, one.game) for one in sent]
        replies = COMMANDS[self.name].carry_out(calls)
        return [
            reply if isinstance(reply, Refused) else reply_to(one.said, reply)
            for one, reply in zip(sent, replies, strict=True)
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
