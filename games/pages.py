"""The shared pages: the list of games, and the page of one game."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from core.paging import page_in
from core.refusals import DETAILS, Refused
from core.shared_pages import respond
from games.cached import home_page, page_of
from games.models import Game
from games.paging import GamesPage
from games.states import Access
from users.models import Player


def player_of(request: HttpRequest) -> Player | None:
    """The player who sent the request, or None for a stranger."""
    return None if isinstance(request.user, AnonymousUser) else request.user


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The games that everybody may see; those one can play now come first.

    A script fetches the player's name, coins and listed games in one batch.
    """
    return respond(request, home_page(page_in(request, GamesPage), render_home))


@require_safe
def game(request: HttpRequest, slug: str) -> HttpResponse:
    """The page of one game. Personal data comes in the welcome frame."""
    try:
        page = page_of(slug, render_game)
    except Refused:
        raise Http404 from None
    return respond(request, page)


def render_home(data: dict[str, Any]) -> str:
    # Without the request, as below, so that nothing of it gets into the page.
    return render_to_string("games/home.html", data)


def render_game(game: Game, *, preview: bool = False) -> str:
    """The page of a game. A preview takes no answers and opens no socket."""
    state = game.public(timezone.now())
    if preview:  # a draft's public state has no `play` yet
        state["play"] = game.of_kind.public(game.rules)
    context = {
        "game": state,
        "preview": preview,
        "kind_template": f"games/kinds/{game.kind}.html",
        "guests_welcome": game.access == Access.EVERYBODY,
        "texts": {code: str(text) for code, text in DETAILS.items()},
        "language": get_language(),
    }
    # Not `render(request, …)`: context processors could add a name or a token.
    return render_to_string("games/game.html", context)
