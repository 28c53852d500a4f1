"""Check-in games."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from games.models import Game

MakeGame = Callable[..., Game]
NOON = datetime(2026, 3, 1, 5, tzinfo=UTC)  # in Bangkok


@pytest.fixture
def daily(make_game: MakeGame) -> Callable[..., Game]:
    """A check-in game; of its codes, one is given for the first day."""

    def make(codes: int = 0, **fields: Any) -> Game:
        settings = {
            "first_day": "2026-03-01",
            "last_day": "2026-03-31",
            "days": [{"coins": 10, "pool": "Voucher"}, {"coins": 20}],
            **fields,
        }
        opens_at = NOON - timedelta(days=30)
        return make_game("checkin", codes=codes, settings=settings, opens_at=opens_at)

    return make
