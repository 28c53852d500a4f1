"""The pages of games: the list, one game, joining as a guest."""

import base64
import re
from uuid import UUID

from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import (
    conditional_page,
    require_POST,
    require_safe,
)

from core.origins import is_ours
from core.paging import page_in
from core.rate_limits import take_for_address
from core.refusals import DETAILS, Refused
from games.cached import games_for, page_of
from games.models import Game, Guest
from games.models.people import TAKEN
from games.paging import GamesPage
from games.states import Access
from users.devices import device_of, keep
from users.models import Player
from users.names import check_nickname

# Named, and not with a weight of nothing.
GZIP = re.compile(r"(?:^|,)\s*+gzip\s*+(?:$|,|;\s*+q=(?:1|0\.0*+[1-9]))", re.IGNORECASE)
BACKEND = "django.contrib.auth.backends.ModelBackend"


def player_of(request: HttpRequest) -> Player | None:
    """Who asks, or None for a stranger."""
    return None if isinstance(request.user, AnonymousUser) else request.user


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The games one may see, those one can play now first."""
    found = games_for(player_of(request), page_in(request, GamesPage))
    response = render(request, "games/home.html", found)
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
@conditional_page
def game(request: HttpRequest, slug: str) -> HttpResponse:
    """One game: the same bytes for everybody who reads the same language.

    No cookie, no token and no name is in it, so that any cache may keep it. What is
    personal comes in the welcome frame.
    """
    try:
        page = page_of(slug, get_language() or "", render_game)
    except Refused:
        raise Http404 from None
    response = packed(page) if takes_gzip(request) else HttpResponse(page["html"])
    response["Cache-Control"] = "public, max-age=1"
    response.setdefault("ETag", page["etag"])
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def packed(page: dict[str, str]) -> HttpResponse:
    """The page as it was packed once for everybody. It holds no secret to guess at."""
    response = HttpResponse(base64.b64decode(page["packed"]))
    response["Content-Encoding"] = "gzip"
    response["ETag"] = f'{page["etag"][:-1]}-gzip"'
    return response


def takes_gzip(request: HttpRequest) -> bool:
    return bool(GZIP.search(request.headers.get("Accept-Encoding", "")))


def render_game(game: Game, *, preview: bool = False) -> str:
    """The page of a game; a preview takes no answers and opens no socket."""
    state = game.public(timezone.now())
    if preview:  # a draft's public state doesn't say yet what is played
        state["play"] = game.of_kind.public(game.rules)
    context = {
        "game": state,
        "preview": preview,
        "kind_template": f"games/kinds/{game.kind}.html",
        "guests_welcome": game.access == Access.EVERYBODY,
        "texts": {code: str(text) for code, text in DETAILS.items()},
        "language": get_language(),
    }
    # Not `render(request, …)`: context processors would let a name or a token in.
    return render_to_string("games/game.html", context)


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
    found = get_object_or_404(Game.objects.seen(), slug=slug, access=Access.EVERYBODY)
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
