"""What of games is everybody's, worked out once: public states, the list, the pages.

`events.game_changed` drops the subjects used here: `games`, and `game:<slug>`.
"""

import base64
import gzip
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.utils import timezone

from games.models import Game
from games.models.game import public_states
from games.states import Access
from users.cache import Key, kept
from users.models import Player
from users.refusals import Refused

LONGEST_LIST = 100


def key_of(slug: str) -> Key:
    """Where the public state of a game is kept."""
    return Key(f"public:{slug}", f"game:{slug}", settings.GAME_CACHE_SECONDS)


def list_key() -> Key:
    """Where the list of everybody's games is kept."""
    return Key("games", "games", settings.GAME_CACHE_SECONDS)


def public_of(slug: str) -> dict[str, Any]:
    """The public state of a game players may see, with its `seq`; or `Refused`."""
    state = _kept(f"public:{slug}", f"game:{slug}", lambda: _public(slug))
    if state is None:
        raise Refused("not_found")
    return dict(state)


def page_of(slug: str, language: str, render: Callable[[Game], str]) -> dict[str, str]:
    """The page of a game, as text and packed, and its ETag; or `Refused`."""
    page = _kept(f"page:{language}:{slug}", f"game:{slug}", lambda: _page(slug, render))
    if page is None:
        raise Refused("not_found")
    return dict(page)


def games_for(player: Player | None) -> list[dict[str, Any]]:
    """The public states of the games one may see, those one can play now first.

    What everybody sees is kept; a list's games are added for the account that is on it.
    """
    everybodys = _kept("games", "games", everybodys_games)
    return with_listed(everybodys, player)


def everybodys_games() -> list[dict[str, Any]]:
    return _list(Game.objects.for_everybody())


def with_listed(
    everybodys: list[dict[str, Any]], player: Player | None
) -> list[dict[str, Any]]:
    """Everybody's games or, for an account that is on a list, all it may see."""
    if player is None or player.is_guest:
        return list(everybodys)
    own = Game.objects.visible_to(player).filter(access=Access.LISTED)
    if not own.exists():
        return list(everybodys)
    return _list(Game.objects.visible_to(player))


def _kept(key: str, subject: str, compute: Callable[[], Any]) -> Any:
    return kept(key, subject, settings.GAME_CACHE_SECONDS, compute)


def _public(slug: str) -> dict[str, Any] | None:
    game = Game.objects.seen().filter(slug=slug).first()
    return states([game])[0] if game else None


def _page(slug: str, render: Callable[[Game], str]) -> dict[str, str] | None:
    game = Game.objects.seen().filter(slug=slug).first()
    if game is None:
        return None
    html = render(game)
    packed = base64.b64encode(gzip.compress(html.encode(), mtime=0)).decode()
    return {"html": html, "packed": packed, "etag": etag_of(html)}


def etag_of(text: str) -> str:
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _list(games: Any) -> list[dict[str, Any]]:
    return states(list(games.in_order_of_interest()[:LONGEST_LIST]))


def states(games: Sequence[Game]) -> list[dict[str, Any]]:
    """Public states with their `seq`."""
    found = public_states(games, timezone.now())
    return [{**state, "seq": game.seq} for state, game in zip(found, games)]
