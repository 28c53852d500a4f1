"""`/api/games`: what everybody may see of games."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema

from games.models import Game
from games.pages import player_of
from users.refusals import Refused

router = Router(tags=["games"], auth=None)


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
    seq: int


class GamesOut(Schema):
    games: list[GameOut]


def seen_game(slug: str) -> Game:
    """The game of that address, as far as players may see it at all."""
    game = Game.objects.seen().filter(slug=slug).first()
    if game is None:
        raise Refused("not_found", field="game")
    return game


@router.get("", response=GamesOut)
def games(request: HttpRequest) -> dict[str, Any]:
    """The games one may see, those one can play now first."""
    now = timezone.now()
    shown = Game.objects.visible_to(player_of(request)).in_order_of_interest()[:100]
    return {"games": [{**game.public(now), "seq": game.seq} for game in shown]}


@router.get("/{slug:slug}", response=GameOut)
def game(request: HttpRequest, slug: str) -> dict[str, Any]:
    """One game, as its page shows it."""
    found = seen_game(slug)
    return {**found.public(timezone.now()), "seq": found.seq}
