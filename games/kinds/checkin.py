"""A daily check-in: days in the game's own time zone, each with a reward.

This module tells the date by the server's clock. `checkins/days.py` decides which day a
player may do.
"""

from bisect import bisect_left
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from games.kinds.base import (
    FieldMeta,
    Kind,
    Settings,
    settings_error,
)

Coins = Annotated[int, Field(ge=0, le=1_000_000)]
# Near the ends of `date`, a time zone would lead to dates that don't exist.
Date = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]
PoolName = Annotated[str, Field(max_length=60)]


class Day(Settings):
    coins: Annotated[Coins, FieldMeta(_("Coins"))] = 0
    pool: Annotated[
        PoolName, FieldMeta(_("Pool of codes"), _("The pool's name; empty: no code."))
    ] = ""


class CheckinSettings(Settings):
    time_zone: Annotated[
        str,
        FieldMeta(
            _("Time zone"), _("Such as Asia/Bangkok. Days begin and end by its clock.")
        ),
    ] = "Asia/Bangkok"
    day_starts: Annotated[
        int,
        Field(ge=0, le=23),
        FieldMeta(
            _("The day starts at"),
            _("The hour, 0 to 23. For example, 6 is six in the morning."),
        ),
    ] = 0
    first_day: Annotated[Date, FieldMeta(_("First day"), _("Written as 2026-12-31."))]
    last_day: Annotated[Date, FieldMeta(_("Last day"))]
    mode: Annotated[
        Literal["sequence", "calendar", "streak"],
        FieldMeta(
            _("Order of the days"),
            choices={
                "sequence": _("in order: the next day on any later date"),
                "calendar": _("by date: each day only on its own date"),
                "streak": _("in a row: after a missed date, again from day 1"),
            },
        ),
    ] = "sequence"
    makeup_price: Annotated[
        int | None,
        Field(ge=1, le=1_000_000),
        FieldMeta(
            _("Coins to make up a missed day"),
            _("Only if each day has its own date. Empty: not possible."),
        ),
    ] = None
    days: Annotated[
        list[Day],
        Field(min_length=1, max_length=60),
        FieldMeta(_("Days"), _("What each day gives, in order.")),
    ]
    completed_coins: Annotated[Coins, FieldMeta(_("Coins for doing all days"))] = 0
    completed_pool: Annotated[
        PoolName, FieldMeta(_("Pool of codes for doing all days"), _("Empty: no code."))
    ] = ""

    @model_validator(mode="after")
    def _fits(self) -> "CheckinSettings":
        if not is_zone(self.time_zone):
            raise settings_error(
                _("The time zone is unknown; write one such as Asia/Bangkok."),
                "time_zone",
            )
        if self.last_day < self.first_day:
            raise settings_error(
                _("The last day must not come before the first."), "last_day"
            )
        if self.makeup_price is not None and self.mode != "calendar":
            raise settings_error(
                _("Days can be made up only if each day has its own date."),
                "makeup_price",
            )
        span = (self.last_day - self.first_day).days + 1
        if self.mode == "calendar" and span != len(self.days):
            raise settings_error(
                _("There are %(span)d dates until the last day: enter as many days.")
                % {"span": span},
                "days",
            )
        return self

    # Days by the game's clock

    def date_at(self, now: datetime) -> date:
        """The game's date at a time; a date may start later than at midnight."""
        local = now.astimezone(ZoneInfo(self.time_zone))
        today = local.date() - timedelta(days=local.hour < self.day_starts)
        # A date that has begun stays, even if clocks are put back before its start.
        begun = self.starts_at(today + timedelta(days=1)) <= now
        return today + timedelta(days=begun)

    def starts_at(self, day: date) -> datetime:
        """When a date begins: clocks first show its hour, or a later one."""
        zone = ZoneInfo(self.time_zone)
        wall = datetime.combine(day, time(self.day_starts))
        # The clock time may occur twice, or never if clocks skip it.
        late, early = (
            int(wall.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1)
        )
        moments = range(early, late)
        shown = partial(wall_clock, zone)
        first = early + bisect_left(moments, wall, key=shown) if moments else late
        return datetime.fromtimestamp(first, UTC)

    def date_of(self, number: int) -> date:
        """The date of a day, in the mode `calendar`."""
        return self.first_day + timedelta(days=number - 1)


def wall_clock(zone: ZoneInfo, moment: int) -> datetime:
    """What clocks show at a time in seconds since 1970."""
    return datetime.fromtimestamp(moment, zone).replace(tzinfo=None)


def is_zone(name: str) -> bool:
    """Whether the time zone database knows the name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


class Checkin(Kind[CheckinSettings]):
    name = "checkin"
    label = _("Daily check-in")
    about = _("Players come back every day and collect coins or codes.")
    Settings = CheckinSettings
    takes_check_ins = True

    def public(self, settings: CheckinSettings) -> dict[str, Any]:
        """All settings: a calendar has no secrets."""
        return settings.model_dump(mode="json")

    def pools(self, settings: CheckinSettings) -> list[str]:
        names = [*(day.pool for day in settings.days), settings.completed_pool]
        return [name for name in dict.fromkeys(names) if name]

    def with_pools(
        self, settings: CheckinSettings, names: Mapping[str, str]
    ) -> CheckinSettings:
        days = [
            day.model_copy(update={"pool": names.get(day.pool, day.pool)})
            for day in settings.days
        ]
        last = settings.completed_pool
        changed = {"days": days, "completed_pool": names.get(last, last)}
        return settings.model_copy(update=changed)


KIND = Checkin()
