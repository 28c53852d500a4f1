"""What a welcome says of a player's answers, and of their place."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from answers.leaderboard import places_of
from answers.models import Answer
from games.kinds.base import QuestionKind
from games.models import Game
from users.models import Player


def answers_of(game: Game, players: list[Player]) -> dict[int, list[dict[str, Any]]]:
    """The current answers of these players in the game, by player id."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    kind, rules = game.of_kind, game.rules
    if not isinstance(kind, QuestionKind):
        return found
    rows = Answer.objects.current().filter(game=game, player__in=players)
    for answer in rows.order_by("pk"):
        found[answer.player_id].append(answer.public(kind, rules))
    return found


def ranks_of(
    game: Game, players: list[Player], answers: Mapping[int, list[dict[str, Any]]]
) -> dict[int, dict[str, Any] | None]:
    """The places of these players in the game, None for who has no points yet."""
    scored = [
        player_id
        for player_id, own in answers.items()
        if any(answer["points"] > 0 for answer in own)
    ]
    found = places_of(game.pk, scored) if scored else {}
    return {player.pk: found.get(player.pk) for player in players}
