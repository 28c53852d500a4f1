"""The scheduler: a game that fails doesn't stop the others."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from games.models import Game
from games.scheduler import apply_due_transitions, isolated
from games.states import State

pytestmark = pytest.mark.django_db(transaction=True)
PAST = timezone.now() - timedelta(minutes=1)


@pytest.fixture
def due(make_game: Callable[..., Game]) -> list[Game]:
    """Three games whose opening time has come."""
    return [make_game(state=State.SCHEDULED, opens_at=PAST) for _game in range(3)]


def states() -> list[str]:
    return list(Game.objects.order_by("pk").values_list("state", flat=True))


def test_clock_goes_on_beside_a_game_that_nobody_can_be_told_of(
    due: list[Game], caplog: pytest.LogCaptureFixture
) -> None:
    Game.objects.filter(pk=due[1].pk).update(kind="no-such-kind")
    assert apply_due_transitions(timezone.now()) == 3
    assert states() == [State.OPEN] * 3
    assert "no-such-kind" in caplog.text


def test_clock_leaves_out_what_it_can_not_change(
    due: list[Game], caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        due[0].apply_schedule(timezone.now())
        raise AssertionError("a bug of ours")

    acts = [fail, *(partial(game.apply_schedule, timezone.now()) for game in due[1:])]
    assert [isolated(game, act) for game, act in zip(due, acts)] == [False, True, True]
    assert states() == [State.SCHEDULED, State.OPEN, State.OPEN]
    assert "a bug of ours" in caplog.text
