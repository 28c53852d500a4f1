"""What players have won and answered: one page each, read for many at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from answers.models import Answer
from core.gathered import Asked, GatheredView, attempt
from core.paging import Page, page_in
from games.extensions import registry
from games.models import Code, Game, Winner
from games.pages import player_of
from games.personal import games_listing, lines_won
from users.auth import MAX_BODY
from users.models import Player

Row = TypeVar("Row", Code, Winner, Answer)
# Those who ask, by id, each with the guests they were.
Same = Mapping[int, Sequence[Player]]


def mine_many(asked: Sequence[Asked]) -> list[Any]:
    """My prizes and answers, over all games, the newest first; None for a stranger.

    What could not go with a guest who signed in to an account stands here too.
    """
    askers = [attempt(asker_of, one.request) for one in asked]
    known = [one for one in askers if isinstance(one, tuple)]
    players, pages = [player for player, _page in known], [page for _who, page in known]
    contexts = iter(contexts_of(players, pages) if known else ())
    return [next(contexts) if isinstance(one, tuple) else one for one in askers]


def asker_of(request: HttpRequest) -> tuple[Player, Page] | None:
    player = player_of(request)
    return (player, page_in(request, Page)) if player else None


def respond(request: HttpRequest, context: dict[str, Any] | None) -> HttpResponseBase:
    if context is None:
        response: HttpResponseBase = redirect_to_login(request.get_full_path())
    else:
        response = render(request, "answers/mine.html", context)
    add_never_cache_headers(response)
    return response


mine_view = GatheredView(mine_many, respond, MAX_BODY)
mine = require_safe(mine_view.alone)


def contexts_of(
    players: Sequence[Player], pages: Sequence[Page]
) -> list[dict[str, Any]]:
    """What `answers/mine.html` says to each of these players, on these pages.

    As many statements for many as for one; a page with a cursor takes one more.
    """
    same = Player.objects.same_as_many(players)
    codes, winners = codes_of(same), winners_of(same)
    answers = answers_of(players, pages, same)
    all_answers = [answer for rows, _next in answers for answer in rows]
    rows = with_games([*(code.pool for code in codes), *winners, *all_answers])
    winners = [row for row in rows if isinstance(row, Winner)]
    set_players([*codes, *all_answers], same)
    prizes, listing = prizes_of(codes, winners, same), games_listing(players)
    return [
        {
            "own_games": listing[player.pk],
            **context_of(player, prizes[player.pk], rows, following),
        }
        for player, (rows, following) in zip(players, answers)
    ]


def context_of(
    player: Player, prizes: dict[str, Any], answers: list[Answer], following: str | None
) -> dict[str, Any]:
    rows = (*prizes["codes"], *answers)
    was_guest = any(row.player_id != player.pk for row in rows)
    own = {"answers": answers, "next": following, "was_guest": was_guest}
    return {**prizes, **own}


def prizes_of(
    codes: Collection[Code], winners: Collection[Winner], same: Same
) -> dict[int, dict[str, Any]]:
    """The codes and the lines of each who asks, and which of the codes are void."""
    void = registry.void_codes(code.pk for code in codes)
    lines = lines_won(winners, timezone.now())
    own_codes, own_winners = shared_out(codes, same), shared_out(winners, same)
    return {
        pk: {
            "codes": own_codes[pk],
            "void": void.intersection(code.pk for code in own_codes[pk]),
            "lines": [lines[one.pk] for one in own_winners[pk] if one.pk in lines],
        }
        for pk in same
    }


def codes_of(same: Same) -> list[Code]:
    rows = Code.objects.filter(player__in=ids_in(same.values()))
    return list(rows.select_related("pool").order_by("-given_at"))


def winners_of(same: Same) -> list[Winner]:
    rows = Winner.objects.filter(player__in=ids_in(same.values()))
    return list(rows.order_by("-game_id", "pk"))


def answers_of(
    players: Sequence[Player], pages: Sequence[Page], same: Same
) -> list[tuple[list[Answer], str | None]]:
    """The answers of each on their page, with the cursor of the next: first pages
    together, others by themselves."""
    current = Answer.objects.current()
    first = [same[player.pk] for player, page in zip(players, pages) if not page.cursor]
    most = max((page.limit for page in pages), default=0) + 1
    rows = shared_out(current.newest_of(ids_in(first), most), same)
    return [
        page.of(current.filter(player__in=ids_in([same[player.pk]])))
        if page.cursor
        else page.first_of(rows[player.pk])
        for player, page in zip(players, pages)
    ]


def ids_in(groups: Iterable[Sequence[Player]]) -> list[int]:
    return [player.pk for group in groups for player in group]


def shared_out(rows: Iterable[Row], same: Same) -> dict[int, list[Row]]:
    """The rows of each who asks, and of the guests they were, in their order."""
    askers: dict[int | None, list[int]] = defaultdict(list)
    for pk, group in same.items():
        for player in group:
            askers[player.pk].append(pk)
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        for pk in askers[row.player_id]:
            found[pk].append(row)
    return found


def with_games(rows: Sequence[Any]) -> list[Any]:
    """These rows with their games: each is read once, however many rows it has.

    What goes with its game, as a winner's line does, may be gone by now.
    """
    games = Game.objects.in_bulk({row.game_id for row in rows})
    found = [row for row in rows if row.game_id in games]
    for row in found:
        row.game = games[row.game_id]
    return found


def set_players(rows: Iterable[Any], same: Same) -> None:
    """Set the players of these rows, who are known already."""
    players = {player.pk: player for group in same.values() for player in group}
    for row in rows:
        row.player = players[row.player_id]
