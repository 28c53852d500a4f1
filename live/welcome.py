"""What is personal in a welcome, for many sockets in a few statements."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from core import metrics
from games.extensions import given
from games.models import Code, Game, Guest, Invitation, Winner
from games.states import Access
from users.models import Player
from users.renewal import renew_due
from users.sessions import signed_in


@dataclass(frozen=True)
class Arrival:
    """A socket that asks for its own state."""

    session_key: str
    game: Game


@dataclass(frozen=True)
class Personal:
    """What one player alone may see. A stranger has neither player nor `me`."""

    player: Player | None = None
    me: dict[str, Any] | None = None
    mine: dict[str, Any] = field(default_factory=dict)


def personal(arrivals: Sequence[Arrival]) -> list[Personal]:
    """The personal state of each arrival, in their order.

    The cost is a few statements a game, not a socket. Their sessions are in use.
    """
    metrics.arrivals.observe(len(arrivals))
    signed = signed_in(arrival.session_key for arrival in arrivals)
    renew_due({key: one.expires for key, one in signed.items()}, timezone.now())
    by_session = {key: one.player for key, one in signed.items()}
    games: dict[Game, set[Player]] = defaultdict(set)
    for arrival in arrivals:
        if player := by_session.get(arrival.session_key):
            games[arrival.game].add(player)
    states = {
        game.pk: states_in(game, list(players)) for game, players in games.items()
    }
    return [
        states[arrival.game.pk][player.pk]
        if (player := by_session.get(arrival.session_key))
        else Personal()
        for arrival in arrivals
    ]


def states_in(game: Game, players: list[Player]) -> dict[int, Personal]:
    """The personal state of these players in one game, by player id."""
    names = nicknames_in(game, players)
    admitted = admitted_to(game, players, names)
    parts = {name: part(game, players) for name, part in given.mine.items()}
    for name, part in given.further.items():
        parts[name] = part(game, players, parts)
    return {
        player.pk: Personal(
            player,
            {
                **player.public(),
                "name": names.get(player.pk, player.name),
                "eligible": player.pk in admitted,
            },
            {name: part.get(player.pk, []) for name, part in parts.items()},
        )
        for player in players
    }


def nicknames_in(game: Game, players: list[Player]) -> dict[int, str]:
    """The nicknames of those who are guests in this game."""
    guests = [player.pk for player in players if player.is_guest]
    if not guests:
        return {}
    rows = Guest.objects.filter(game=game, player__in=guests)
    return dict(rows.values_list("player_id", "nickname"))


def admitted_to(
    game: Game, players: list[Player], nicknames: dict[int, str]
) -> set[int]:
    """Who of these may play: `Game.admits` for many."""
    accounts = {player.pk for player in players if not player.is_guest}
    if game.access == Access.EVERYBODY:
        return accounts | nicknames.keys()
    if game.access == Access.SIGNED_IN:
        return accounts
    rows = Invitation.objects.filter(game=game, player__in=players)
    return set(rows.values_list("player_id", flat=True))


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


def lines_won(players: Iterable[Any], now: datetime) -> list[dict[str, Any]]:
    """The lines of these players in all games that show or have shown them, the newest
    game first; each with its `game`."""
    rows = Winner.objects.filter(player__in=players).select_related("game")
    found = []
    for winner in rows.order_by("-game", "pk"):
        game = winner.game
        line = game.of_kind.mine(game.rules, winner.name_key)
        if line and game.has_shown_play(now):
            found.append({**line, "game": game})
    return found
