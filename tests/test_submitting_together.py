"""Answers that arrive together share a transaction, and nothing else."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from answers.models import Answer
from answers.submission import Submission, submit_many
from games.models import Code, Game
from users.models import Player
from users.refusals import Refused

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]


def players(count: int) -> list[Player]:
    return [Player.objects.create_user(f"player {place}") for place in range(count)]


def said(
    player: Player, game: Game, value: Any = "elephant", key: UUID | None = None
) -> Submission:
    return Submission(player.pk, game.pk, key or uuid4(), "", value, timezone.now())


@pytest.mark.parametrize("codes", [0, 3])
def test_statements_are_the_same_for_two_and_for_fifty(
    make_game: MakeGame, codes: int
) -> None:
    counts = []
    for count in (2, 50):
        game = make_game(codes=codes and count)
        crowd = [
            Player.objects.create_user(f"{count} {place}") for place in range(count)
        ]
        with CaptureQueriesContext(connection) as statements:
            replies = submit_many([said(player, game) for player in crowd])
        counts.append(len(statements))
        assert all(isinstance(reply, dict) for reply in replies)
        assert Answer.objects.filter(game=game).count() == count
    assert counts[0] == counts[1] <= 16


def test_refused_answer_does_not_spoil_the_others(
    make_game: MakeGame, mallory: Player
) -> None:
    game = make_game(codes=2)
    one, two, three = players(3)
    outcomes = submit_many(
        [said(one, game), said(two, game, 7), said(mallory, game), said(three, game)]
    )
    codes = [o.code if isinstance(o, Refused) else o["verdict"] for o in outcomes]
    assert codes == ["right", "invalid", "not_signed_in", "right"]
    assert Code.objects.exclude(player=None).count() == 2


def test_one_players_answers_count_one_after_the_other(make_game: MakeGame) -> None:
    game = make_game(settings={"accepted": ["elephant"], "attempts": 2})
    [one] = players(1)
    outcomes = submit_many([said(one, game, "mouse") for _time in range(3)])
    codes = [o.code if isinstance(o, Refused) else o["verdict"] for o in outcomes]
    assert codes == ["wrong", "wrong", "no_attempts_left"]
    assert Answer.objects.current().count() == 1


def test_same_id_twice_together_is_kept_once(make_game: MakeGame) -> None:
    game, key = make_game(codes=2), uuid4()
    [one] = players(1)
    first, again = submit_many([said(one, game, key=key), said(one, game, key=key)])
    assert isinstance(first, dict)
    assert again == {**first, "status": "duplicate"}
    assert Answer.objects.count() == 1
    assert Code.objects.exclude(player=None).count() == 1


def test_codes_go_to_the_first_of_those_who_win_together(make_game: MakeGame) -> None:
    game = make_game(codes=2)
    outcomes = submit_many([said(player, game) for player in players(3)])
    assert ["code" in outcome for outcome in outcomes] == [True, True, False]  # type: ignore[operator]
    assert outcomes[2]["sold_out"] is True  # type: ignore[index]


def test_games_do_not_mix(make_game: MakeGame) -> None:
    one, other = make_game(codes=1), make_game(codes=1)
    first, second = players(2)
    replies = submit_many([said(first, one), said(second, other), said(first, other)])
    codes = [reply.get("code", "") for reply in replies]  # type: ignore[union-attr]
    assert codes[0].startswith(f"CODE-{one.pk}")
    assert codes[1].startswith(f"CODE-{other.pk}")
    assert replies[2]["sold_out"] is True  # type: ignore[index]
