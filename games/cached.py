"""Cached for everybody: public states of games, their list and their pages.

`events.game_changed` invalidates the tags used here: `games` and `game:<slug>`.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.utils import timezone

from core.cache import Key
from core.caching import get_or_compute
from core.http_cache import WithETag, with_etag
from core.refusals import Refused
from core.shared_pages import SharedPage, get_or_render, make_page, page_key
from games.models import Game, games_with_public_state
from games.models.queryset import GameQuerySet
from games.paging import FIRST, GamesPage
from users.models import Player


def key_of(slug: str) -> Key:
    """The cache key of a game's public state."""
    return Key(f"public:{slug}", f"game:{slug}", settings.GAME_CACHE_SECONDS)


def list_key() -> Key:
    """The cache key of the first page of the list that everybody sees."""
    return Key("games", "games", settings.GAME_CACHE_SECONDS)


def public_of(slug: str) -> WithETag:
    """The public state of a published game, with its `seq`; or `Refused`."""
    state = get_or_compute(key_of(slug), lambda: _public(slug))
    if state is None:
        raise Refused("not_found")
    return state


def page_of(slug: str, render: Callable[[Game], str]) -> SharedPage:
    """The page of a published game; or `Refused`."""
    key = page_key(slug, f"game:{slug}", settings.GAME_CACHE_SECONDS)
    page = get_or_compute(key, lambda: _page(slug, render))
    if page is None:
        raise Refused("not_found")
    return page


def home_page(page: GamesPage, render: Callable[[dict[str, Any]], str]) -> SharedPage:
    """One page of the list that everybody sees; the first one is cached."""

    def rendered() -> str:
        return render(everybodys_games(page)["data"])

    if page != FIRST:
        return make_page(rendered())
    key = page_key("/", "games", settings.GAME_CACHE_SECONDS)
    return get_or_render(key, rendered)


def games_for(player: Player | None, page: GamesPage = FIRST) -> dict[str, Any]:
    """One page of the games that this player may see, and its `next` cursor."""
    return listed_games(player, page) or everybodys_games(page)["data"]


def listed_games(
    player: Player | None, page: GamesPage = FIRST
) -> dict[str, Any] | None:
    """The same for a player who is on a list; None for everybody else."""
    data = _list(Game.objects.visible_to(player).only_if_on_any_list(player), page)
    return data if data["games"] else None


def everybodys_games(page: GamesPage = FIRST) -> WithETag:
    """One page of the games that everybody sees; the first one is cached."""
    if page == FIRST:
        return get_or_compute(list_key(), _first_games)
    return with_etag(_list(Game.objects.for_everybody(), page))


def _first_games() -> WithETag:
    return with_etag(_list(Game.objects.for_everybody(), FIRST))


def _public(slug: str) -> WithETag | None:
    game = games_with_public_state().published().filter(slug=slug).first()
    return with_etag(states([game])[0]) if game else None


def _page(slug: str, render: Callable[[Game], str]) -> SharedPage | None:
    game = games_with_public_state().published().filter(slug=slug).first()
    return make_page(render(game)) if game else None


def _list(games: GameQuerySet, page: GamesPage) -> dict[str, Any]:
    shown, next_cursor = page.of(games.with_public_state())
    return {"games": states(shown), "next": next_cursor}


def states(games: Iterable[Game]) -> list[dict[str, Any]]:
    """The games' public states, each with its current notice and `seq`."""
    now = timezone.now()
    return [
        {**game.public(now), "notice": game.notice_at(now), "seq": game.seq}
        for game in games
    ]
