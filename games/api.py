"""`/api/games`: what everybody may see of games."""

from typing import Any

from django.http import HttpRequest
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page
from ninja import Router, Schema
from ninja.decorators import decorate_view

from games.kept import games_for, public_of
from games.models import Game
from games.pages import player_of
from users.auth import everybody
from users.limits import limited
from users.refusals import Refused
from users.schemas import answers

router = Router(tags=["games"], auth=everybody)


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
    seq: int


class GamesOut(Schema):
    games: list[GameOut]


def seen_game(slug: str) -> Game:
    """The game of that address, as far as players may see it at all."""
    game = Game.objects.seen().filter(slug=slug).first()
    if game is None:
        raise Refused("not_found", field="game")
    return game


@router.get("", response=answers(GamesOut), exclude_unset=True)
@decorate_view(conditional_page)
@limited("games")
def games(request: HttpRequest) -> dict[str, Any]:
    """The games one may see, those one can play now first."""
    return {"games": games_for(player_of(request))}


@router.get("/{slug:slug}", response=answers(GameOut), exclude_unset=True)
@decorate_view(conditional_page, cache_control(public=True, max_age=1))
@limited("game")
def game(request: HttpRequest, slug: str) -> dict[str, Any]:
    """One game, as its page shows it."""
    return public_of(slug)
