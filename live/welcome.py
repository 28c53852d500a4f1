"""The personal part of the welcome, read for many sockets in a few statements."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from answers.personal import answers_of, ranks_of, won_by
from checkins.personal import checkins_of, purchases_of
from core import metrics
from games.models import Game
from games.personal import codes_of, lines_of, nicknames_in
from users.models import Player
from users.renewal import renew_due
from users.sessions import signed_in


@dataclass(frozen=True)
class WelcomeRequest:
    """A socket's request for its player's own state in a game."""

    session_key: str
    game: Game


@dataclass(frozen=True)
class Personal:
    """What only this player may see. A stranger has neither player nor `me`."""

    player: Player | None = None
    me: dict[str, Any] | None = None
    mine: dict[str, Any] = field(default_factory=dict)


def personal_states(requests: Sequence[WelcomeRequest]) -> list[Personal]:
    """The personal state of each request, in their order.

    It takes a few statements per game, not per socket. Sessions that are due are
    renewed.
    """
    metrics.arrivals.observe(len(requests))
    signed = signed_in(request.session_key for request in requests)
    renew_due({key: session.expires for key, session in signed.items()}, timezone.now())
    by_session = {key: session.player for key, session in signed.items()}
    games: dict[Game, set[Player]] = defaultdict(set)
    for request in requests:
        if player := by_session.get(request.session_key):
            games[request.game].add(player)
    states = {
        game.pk: states_in(game, list(players)) for game, players in games.items()
    }
    return [
        states[request.game.pk][player.pk]
        if (player := by_session.get(request.session_key))
        else Personal()
        for request in requests
    ]


def states_in(game: Game, players: list[Player]) -> dict[int, Personal]:
    """The personal state of these players in one game, by player id."""
    names = nicknames_in(game, players)
    admitted = game.admitted(players, names)
    parts = parts_in(game, players)
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


def parts_in(game: Game, players: list[Player]) -> dict[str, Mapping[int, Any]]:
    """Each part of `mine`, by player id."""
    answers = answers_of(game, players)
    return {
        "answers": answers,
        "codes": codes_of(game, players),
        "lines": lines_of(game, players),
        "checkins": checkins_of(game, players),
        "purchases": purchases_of(game, players),
        "rank": ranks_of(game, players, answers),
        "won": won_by(game, players, answers),
    }
