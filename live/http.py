"""The commands of players over HTTP: every POST of one, joining included.

Each stands beside its app's reads, in the same router: ninja has one a path.
"""

from typing import Any
from uuid import UUID

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from pydantic import BaseModel

from answers import api as answers_api
from answers.api import ReplyOut
from checkins import api as checkins_api
from checkins.api import CheckinOut, RedeemOut
from core.origins import is_ours
from core.rate_limits import limited, take_for_address
from core.refusals import Refused
from core.schemas import responses
from games.api import Slug, get_published_game, source_of
from games.models import Game, Guest
from games.models.people import TAKEN
from games.pages import player_of
from games.states import Access
from live.commands import COMMANDS, AnswerIn, Call, CheckinIn, RedeemIn, carry_out
from users.devices import device_of, keep
from users.models import Player
from users.names import check_nickname

BACKEND = "django.contrib.auth.backends.ModelBackend"


class InGame(BaseModel):
    """What a socket's address says, the body says over HTTP."""

    game: Slug


class AnswerBody(AnswerIn, InGame):
    """The socket's `answer`, and the game it is for."""


class CheckinBody(CheckinIn, InGame):
    """The socket's `checkin`, and the game it is for."""


class RedeemBody(RedeemIn, InGame):
    """The socket's `redeem`, and the game in whose shop the item is."""


@answers_api.router.post("", response=responses(ReplyOut), exclude_none=True)
@limited(COMMANDS["answer"].limit)
def submit_answer(request: HttpRequest, said: AnswerBody) -> dict[str, Any]:
    """Submit an answer. Sent again with its id, it has the first outcome again."""
    return run(request, "answer", said)


@checkins_api.router.post("/checkins", response=responses(CheckinOut))
@limited(COMMANDS["checkin"].limit)
def check_in_today(request: HttpRequest, said: CheckinBody) -> dict[str, Any]:
    """Do today's day. Sent again, it says the same with `status` already.

    Making up a day may carry the `price` that was seen, as a purchase does.
    """
    return run(request, "checkin", said)


@checkins_api.router.post("/redemptions", response=responses(RedeemOut))
@limited(COMMANDS["redeem"].limit)
def redeem_item(request: HttpRequest, said: RedeemBody) -> dict[str, Any]:
    """Buy an item. Sent again with its id, it says the same with `status` already.

    With the `price` that was seen, it is refused where that is another by now: as
    `invalid`, with the new one as `price`.
    """
    return run(request, "redeem", said)


def run(
    request: HttpRequest, name: str, said: AnswerBody | CheckinBody | RedeemBody
) -> dict[str, Any]:
    """Carry out a command of whoever asks; the reply, or `Refused`."""
    player: Player = request.auth  # type: ignore[attr-defined]
    game = get_published_game(said.game)
    source = source_of(request)
    call = Call(player.pk, game.pk, said, timezone.now(), source=source)
    return {"id": said.id, **carry_out(name, call)}


@csrf_exempt
@require_POST
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Play as a guest under a nickname.

    The form stands in the shared page, which can hold no token; the browser's own
    word of where the form was sent from takes its place.
    """
    origin = request.headers.get("Origin", "")
    if not is_ours(origin, request.get_host()):
        raise Refused("forbidden")
    found = get_object_or_404(
        Game.objects.published(), slug=slug, access=Access.EVERYBODY
    )
    player = player_of(request)
    if player and not player.is_guest:
        return redirect(found)
    try:
        guest = admit(request, found, player)
    except Refused as refused:
        return ask_again(request, found, refused)
    if player is None:
        login(request, guest, BACKEND)
    response = redirect(found)
    keep(response, device_of(request))
    return response


def admit(request: HttpRequest, game: Game, player: Player | None) -> Player:
    """The guest, made if need be, under the nickname of the form."""
    nickname = check_nickname(request.POST.get("nickname", ""))
    join_id = read_join_id(request.POST.get("join_id", ""))
    if player is None:
        take_for_address(request, "joins")
    return Guest.objects.admit(game.pk, player, nickname, join_id).player


def read_join_id(text: str) -> UUID | None:
    """What the page's script made; a form without a script has none."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Refused("invalid", field="join_id") from None


def ask_again(request: HttpRequest, game: Game, refused: Refused) -> HttpResponse:
    """The form once more, with the nickname in it and why it was refused."""
    context = {
        "game": game,
        "nickname": request.POST.get("nickname", ""),
        "error": refused.detail,
        "perhaps_mine": refused.detail == TAKEN and shows_nothing(request),
    }
    page = render(request, "games/join.html", context)
    refused.mark(page)
    return page


def shows_nothing(request: HttpRequest) -> bool:
    """Whether no script has looked at the cookies, and none came.

    So whoever joined just now may be whoever asks.
    """
    return not request.COOKIES and not request.POST.get("join_id")
