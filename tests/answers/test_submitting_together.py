"""Answers that arrive together share a transaction, and nothing else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from answers.models import Answer
from answers.submission import Submission, submit_many
from core.refusals import Refused
from games.models import Code, Game
from users.models import Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
PER_MINUTE = {"attempts": 5, "attempts_per": "minute"}


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


def test_id_of_another_game_is_refused_and_spoils_nothing(make_game: MakeGame) -> None:
    one, other = make_game(), make_game()
    alone, key = players(1)[0], uuid4()
    submit_many([said(alone, one, key=key)])
    crowd = [Player.objects.create_user(f"{place} of many") for place in range(5)]
    with CaptureQueriesContext(connection) as alike:
        submit_many([said(player, other) for player in crowd])
    with CaptureQueriesContext(connection) as statements:
        refused, *replies = submit_many(
            [said(alone, other, key=key), *(said(player, one) for player in crowd)]
        )
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field) == ("invalid", "id")
    assert all(isinstance(reply, dict) for reply in replies)
    assert len(statements) <= len(alike) + 3  # the second game's own


def test_id_used_in_two_games_together_is_kept_in_the_first(
    make_game: MakeGame,
) -> None:
    one, other, key = make_game(), make_game(), uuid4()
    [alone] = players(1)
    kept, refused = submit_many(
        [said(alone, one, key=key), said(alone, other, key=key)]
    )
    assert isinstance(kept, dict)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field) == ("invalid", "id")


@pytest.mark.parametrize("limits", [{}, {"attempts": 1000}, PER_MINUTE])
def test_history_is_not_read(make_game: MakeGame, limits: dict[str, Any]) -> None:
    game = make_game(settings={"accepted": ["elephant"], **limits})
    [alone] = players(1)
    read = []
    for history in (3, 300):
        add_history(alone, game, history)
        read.append(answers_read(lambda: submit_many([said(alone, game, "mouse")])))
    assert max(read) <= 2  # the current one, which is also of this minute


def add_history(player: Player, game: Game, count: int) -> None:
    """Wrong answers of yesterday, all replaced."""
    yesterday = timezone.now() - timedelta(days=1)
    Answer.objects.bulk_create(
        Answer(
            **{"game": game, "player": player, "key": uuid4(), "value": "cat"},
            **{"verdict": "wrong", "current": False, "submitted_at": yesterday},
        )
        for _wrong in range(count)
    )


def answers_read(act: Callable[[], object]) -> int:
    """How many answers the database gave."""
    read: list[Answer] = []
    from_db = Answer.from_db.__func__  # type: ignore[attr-defined]

    def counted(cls: Any, *row: Any) -> Answer:
        answer: Answer = from_db(cls, *row)
        read.append(answer)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Answer, "from_db", classmethod(counted))
        act()
    return len(read)
