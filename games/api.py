"""`/api/games`: the public states of games."""

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
    """A message from staff. It ends at `until`, even if it comes from a cache."""

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
    shop: list[dict[str, Any]] | None = None  # only in check-in games
    notice: NoticeOut | None
    seq: int


class GamesOut(Schema):
    games: list[GameOut]
    next: str | None


def get_published_game(slug: str) -> Game:
    """The game with that slug, if it is published; else `Refused`."""
    game = published_games([slug]).get(slug)
    if game is None:
        raise Refused("not_found", field="game")
    return game


def published_games(slugs: Iterable[str]) -> dict[str, Game]:
    """Those of these games that are published, by slug."""
    games = Game.objects.published().filter(slug__in=slugs)
    return {game.slug: game for game in games}


def source_of(request: HttpRequest) -> Source:
    """The browser and network of a request."""
    return Source(browser_id(request.COOKIES), client_network(request))


@router.get("", response=responses(GamesOut, shared=True), exclude_unset=True)
@limited("games")
def games(request: HttpRequest, response: HttpResponse, page: Query[GamesPage]) -> Any:
    """The games one may see; those one can play now come first.

    A player's list may have games that not everybody sees, so only the list of
    strangers is shared. nginx caches it for requests without session and token.
    """
    player = player_of(request)
    if player:
        return games_for(player, page)
    data = everybodys_games(page)
    return cacheable(request, response, data, "Cookie", "Authorization")


@router.get(
    "/{game:slug}", response=responses(GameOut, shared=True), exclude_unset=True
)
@limited("game")
def game(request: HttpRequest, response: HttpResponse, slug: str) -> Any:
    """One game, as its page shows it."""
    return cacheable(request, response, public_of(slug))
