"""What of games is everybody's, worked out once: public states, the list, the pages.

`events.game_changed` drops the subjects used here: `games`, and `game:<slug>`.
"""

import base64
import gzip
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.utils import timezone

from core.cache import Key
from core.caching import kept
from core.http_cache import Stamped, etag_of, stamped
from core.refusals import Refused
from games.models import Game, shown_games
from games.models.queryset import GameQuerySet
from games.paging import FIRST, GamesPage
from users.models import Player


def key_of(slug: str) -> Key:
    """Where the public state of a game is kept."""
    return Key(f"public:{slug}", f"game:{slug}", settings.GAME_CACHE_SECONDS)


def list_key() -> Key:
    """Where the first page of everybody's games is kept."""
    return Key("games", "games", settings.GAME_CACHE_SECONDS)


def public_of(slug: str) -> Stamped:
    """The public state of a game players may see, with its `seq`; or `Refused`."""
    state = kept(key_of(slug), lambda: _public(slug))
    if state is None:
        raise Refused("not_found")
    return state


def page_of(slug: str, language: str, render: Callable[[Game], str]) -> dict[str, str]:
    """The page of a game, as text and packed, and its ETag; or `Refused`."""
    name = f"page:{language}:{slug}"
    key = Key(name, f"game:{slug}", settings.GAME_CACHE_SECONDS)
    page = kept(key, lambda: _page(slug, render))
    if page is None:
        raise Refused("not_found")
    return dict(page)


def games_for(player: Player | None, page: GamesPage = FIRST) -> dict[str, Any]:
    """One page of the public states of the games one may see, and its `next`."""
    return listed_games(player, page) or everybodys_games(page)["data"]


def listed_games(
    player: Player | None, page: GamesPage = FIRST
) -> dict[str, Any] | None:
    """The same for a player who is on a list; None for everybody else."""
    found = _list(Game.objects.visible_to(player).if_listed(player), page)
    return found if found["games"] else None


def everybodys_games(page: GamesPage = FIRST) -> Stamped:
    """One page of the games that are nobody's alone; the first one is kept."""
    if page == FIRST:
        return kept(list_key(), _first_games)
    return stamped(_list(Game.objects.for_everybody(), page))


def first_games(player: Player | None) -> tuple[dict[str, Any], bool]:
    """The first page for this player, and whether it is everybody's: one statement."""
    rows = Game.objects.visible_to(player).noting_lists(player)
    shown, following = FIRST.of(rows.with_public())
    listed = any(game.on_a_list for game in shown)
    return {"games": states(shown), "next": following}, not listed


def _first_games() -> Stamped:
    return stamped(_list(Game.objects.for_everybody(), FIRST))


def _public(slug: str) -> Stamped | None:
    game = shown_games().seen().filter(slug=slug).first()
    return stamped(states([game])[0]) if game else None


def _page(slug: str, render: Callable[[Game], str]) -> dict[str, str] | None:
    game = shown_games().seen().filter(slug=slug).first()
    if game is None:
        return None
    html = render(game)
    packed = base64.b64encode(gzip.compress(html.encode(), mtime=0)).decode()
    return {"html": html, "packed": packed, "etag": etag_of(html)}


def _list(games: GameQuerySet, page: GamesPage) -> dict[str, Any]:
    shown, following = page.of(games.with_public())
    return {"games": states(shown), "next": following}


def states(games: Iterable[Game]) -> list[dict[str, Any]]:
    """Public states with the notice in force and their `seq`."""
    now = timezone.now()
    return [
        {**game.public(now), "notice": game.notice_at(now), "seq": game.seq}
        for game in games
    ]
