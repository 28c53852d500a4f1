"""What one player alone may see of a game: for many players at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import F

from games.models import Code, Game, Guest, Winner
from games.states import Access
from users.models import Player


def nicknames_in(game: Game, players: list[Player]) -> dict[int, str]:
    """The nicknames of those who are guests in this game."""
    guests = [player.pk for player in players if player.is_guest]
    if not guests:
        return {}
    rows = Guest.objects.filter(game=game, player__in=guests)
    return dict(rows.values_list("player_id", "nickname"))


def codes_of(game: Game, players: list[Player]) -> dict[int, list[dict[str, Any]]]:
    """The codes these players were given in the game."""
    rows = Code.objects.filter(pool__game=game, player__in=players)
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for code in rows.select_related("pool").order_by("given_at", "id"):
        assert code.player_id is not None
        found[code.player_id].append({"code": code.text, "pool": code.pool.name})
    return found


def lines_of(game: Game, players: list[Player]) -> dict[int, list[dict[str, Any]]]:
    """What the kind shows to one player alone, such as a winner's own line."""
    kind, rules = game.of_kind, game.rules
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    if not kind.names(rules):
        return found
    rows = Winner.objects.filter(game=game, player__in=players).order_by("pk")
    for player_id, key in rows.values_list("player_id", "name_key"):
        if player_id and (line := kind.mine(rules, key)):
            found[player_id].append(line)
    return found


def lines_won(winners: Collection[Winner], now: datetime) -> dict[int, dict[str, Any]]:
    """What these lines win, by their id, where the game shows it or has shown it.

    Each has its `game`. It wants the games; their settings are read once each.
    """
    games = {winner.game_id: winner.game for winner in winners}
    rules = {pk: game.rules for pk, game in games.items() if game.has_shown_play(now)}
    found = {}
    for winner in winners:
        game = games[winner.game_id]
        shown = game.pk in rules
        if shown and (line := game.of_kind.mine(rules[game.pk], winner.name_key)):
            found[winner.pk] = {**line, "game": game}
    return found


def games_listing(players: Iterable[Player]) -> dict[int, list[Game]]:
    """The games that each of these players sees by being on a list, by player id.

    They are those that the home page has a script fetch, in its order: one statement.
    """
    rows = Game.objects.published().filter(
        access=Access.LISTED, invitations__player__in=players
    )
    found: dict[int, list[Game]] = defaultdict(list)
    for game in rows.annotate(invited=F("invitations__player")).in_order_of_interest():
        found[game.invited].append(game)  # type: ignore[attr-defined]
    return found
