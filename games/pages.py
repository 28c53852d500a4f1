"""The pages of games: the list, one game, joining as a guest."""

import base64
import re

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.views.decorators.http import (
    conditional_page,
    require_safe,
)

from core.paging import page_in
from core.refusals import DETAILS, Refused
from games.cached import games_for, page_of
from games.models import Game
from games.paging import GamesPage
from games.states import Access
from users.models import Player

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
