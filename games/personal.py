"""What each player alone may see of a game, for many players at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import F

from games.models import Code, Game, Guest, Winner
from games.states import Access
from users.models import Player


def nicknames_in(game: Game, players: list[Player]) -> dict[int, str]:
    """The nicknames of those players who are guests in this game, by player id."""
    guests = [player.pk for player in players if player.is_guest]
    if not guests:
        return {}
    rows = Guest.objects.filter(game=game, player__in=guests)
    return dict(rows.values_list("player_id", "nickname"))


def codes_of(game: Game, players: list[Player]) -> dict[int, list[dict[str, Any]]]:
    """The codes that these players have in the game, by player id."""
    rows = Code.objects.filter(pool__game=game, player__in=players)
    codes: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for code in rows.select_related("pool").order_by("given_at", "id"):
        assert code.player_id is not None
        codes[code.player_id].append({"code": code.text, "pool": code.pool.name})
    return codes


def lines_of(game: Game, players: list[Player]) -> dict[int, list[dict[str, Any]]]:
    """The players' private lines, such as on a winners' list, by player id."""
    kind, rules = game.of_kind, game.rules
    lines: dict[int, list[dict[str, Any]]] = defaultdict(list)
    if not kind.names(rules):
        return lines
    rows = Winner.objects.filter(game=game, player__in=players).order_by("pk")
    for player_id, key in rows.values_list("player_id", "name_key"):
        if player_id and (line := kind.mine(rules, key)):
            lines[player_id].append(line)
    return lines


def lines_won(winners: Collection[Winner], now: datetime) -> dict[int, dict[str, Any]]:
    """The private lines of these winners, by winner id, with their `game`.

    Left out are those whose game doesn't show them yet. The winners must have their
    games selected; each game's settings are read once.
    """
    games = {winner.game_id: winner.game for winner in winners}
    rules = {pk: game.rules for pk, game in games.items() if game.has_shown_play(now)}
    lines = {}
    for winner in winners:
        game = games[winner.game_id]
        shown = game.pk in rules
        if shown and (line := game.of_kind.mine(rules[game.pk], winner.name_key)):
            lines[winner.pk] = {**line, "game": game}
    return lines


def games_listing(players: Iterable[Player]) -> dict[int, list[Game]]:
    """The games for a list that each of these players is on, by player id.

    The home page's script fetches them, in this order. One statement.
    """
    rows = Game.objects.published().filter(
        access=Access.LISTED, invitations__player__in=players
    )
    games: dict[int, list[Game]] = defaultdict(list)
    for game in rows.annotate(invited=F("invitations__player")).in_order_of_interest():
        games[game.invited].append(game)  # type: ignore[attr-defined]
    return games
