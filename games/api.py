"""`/api/games`: what everybody may see of games."""

from collections.abc import Iterable
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from core.addresses import client_network
from core.http_cache import cacheable
from core.rate_limits import limited
from core.refusals import Refused
from core.schemas import responses
from games.cached import everybodys_games, games_for, public_of
from games.models import Game
from games.pages import player_of
from games.paging import GamesPage
from games.sources import Source
from users.auth import everybody
from users.devices import browser_id

router = Router(tags=["games"], auth=everybody)

Slug = Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9-]*$")]


class NoticeOut(Schema):
    """A message from staff, over at `until` even where it comes from a cache."""

    text: str
    until: int


class GameOut(Schema):
    """The public state of a game; times are in ms since 1970."""

    slug: str
    kind: str
    title: str
    text: str
    picture: str | None
    picture_alt: str
    state: str
    opens_at: int | None
    closes_at: int | None
    access: str
    takes_answers: bool
    instant: bool
    sold_out: bool
    play: dict[str, Any]
    reveal: dict[str, Any] | None
    shop: list[dict[str, Any]] | None = None  # of check-in games alone
    notice: NoticeOut | None
    seq: int


class GamesOut(Schema):
    games: list[GameOut]
    next: str | None


def get_published_game(slug: str) -> Game:
    """The game of that address, as far as players may see it at all."""
    game = published_games([slug]).get(slug)
    if game is None:
        raise Refused("not_found", field="game")
    return game


def published_games(slugs: Iterable[str]) -> dict[str, Game]:
    """Those of these games that players may see, by slug."""
    return {one.slug: one for one in Game.objects.published().filter(slug__in=slugs)}


def source_of(request: HttpRequest) -> Source:
    """Whence a command over HTTP came."""
    return Source(browser_id(request.COOKIES), client_network(request))


@router.get("", response=responses(GamesOut, shared=True), exclude_unset=True)
@limited("games")
def games(request: HttpRequest, response: HttpResponse, page: Query[GamesPage]) -> Any:
    """The games one may see, those one can play now first.

    A player's may hold some that not everybody sees: only a stranger's are shared.
    nginx keeps those, and sends on whoever shows a session or a token.
    """
    player = player_of(request)
    if player:
        return games_for(player, page)
    found = everybodys_games(page)
    return cacheable(request, response, found, "Cookie", "Authorization")


@router.get(
    "/{game:slug}", response=responses(GameOut, shared=True), exclude_unset=True
)
@limited("game")
def game(request: HttpRequest, response: HttpResponse, slug: str) -> Any:
    """One game, as its page shows it."""
    return cacheable(request, response, public_of(slug))
