"""A game's dates by its own clock, cached: a rush asks for the same ones."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from core.timestamps import to_ms
from games.kinds.checkin import CheckinSettings

MAX_CACHED = 10_000  # dates of all games


def date_at(rules: CheckinSettings, now: datetime) -> date:
    """The game's date at a moment. Dates begin at full minutes only."""
    minute = now.replace(second=0, microsecond=0)
    return _date_at(rules.time_zone, rules.day_starts, minute)


def starts_ms(rules: CheckinSettings, day: date) -> int:
    """When a date of the game begins, in ms since 1970."""
    return _starts_ms(rules.time_zone, rules.day_starts, day)


@lru_cache(MAX_CACHED)
def _date_at(time_zone: str, day_starts: int, minute: datetime) -> date:
    return _clock(time_zone, day_starts).date_at(minute)


@lru_cache(MAX_CACHED)
def _starts_ms(time_zone: str, day_starts: int, day: date) -> int:
    return to_ms(_clock(time_zone, day_starts).starts_at(day))


def _clock(time_zone: str, day_starts: int) -> CheckinSettings:
    """Settings with nothing but a clock."""
    clock: dict[str, Any] = {"time_zone": time_zone, "day_starts": day_starts}
    return CheckinSettings.model_construct(**clock)
