"""The answers and the rank of a player, for the welcome."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from answers import leaderboard
from answers.models import Answer
from games.kinds.base import Grade, QuestionKind, Verdict
from games.models import Game
from users.models import Player


def answers_of(game: Game, players: list[Player]) -> dict[int, list[dict[str, Any]]]:
    """The current answers of these players in the game, by player id."""
    answers: dict[int, list[dict[str, Any]]] = defaultdict(list)
    kind, rules = game.of_kind, game.rules
    if not isinstance(kind, QuestionKind):
        return answers
    rows = Answer.objects.current().filter(game=game, player__in=players)
    for answer in rows.order_by("pk"):
        answers[answer.player_id].append(answer.public(kind, rules))
    return answers


def won_by(
    game: Game, players: list[Player], answers: Mapping[int, list[dict[str, Any]]]
) -> dict[int, bool]:
    """Whether the answers of these players win, by the verdicts that they were told."""
    kind, rules = game.of_kind, game.rules
    won: dict[int, bool] = {}
    if isinstance(kind, QuestionKind):
        won = {pk: kind.wins(rules, grades_in(own)) for pk, own in answers.items()}
    return {player.pk: won.get(player.pk, False) for player in players}


def grades_in(answers: list[dict[str, Any]]) -> dict[str, Grade]:
    """The grades of answers as `Answer.public` has them, by question."""
    return {
        answer["question"]: Grade(Verdict(answer["verdict"]), answer["points"])
        for answer in answers
    }


def ranks_of(
    game: Game, players: list[Player], answers: Mapping[int, list[dict[str, Any]]]
) -> dict[int, dict[str, Any] | None]:
    """The rank of each of these players in the game; None without points."""
    scored = [
        player_id
        for player_id, own in answers.items()
        if any(answer["points"] > 0 for answer in own)
    ]
    ranks = leaderboard.ranks_of(game.pk, scored) if scored else {}
    return {player.pk: ranks.get(player.pk) for player in players}
