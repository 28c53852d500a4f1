"""Which day a player may do, by the server's clock. Pure: no queries, no clock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from django.utils.translation import gettext_lazy as _

from checkins.clock import date_at, starts_ms
from core.refusals import Refused
from games.kinds.checkin import CheckinSettings


@dataclass(frozen=True)
class CompletedDay:
    """A completed day. `run` is the number of its streak, from 1; else always 1."""

    number: int
    date: date
    run: int = 1


@dataclass(frozen=True)
class AvailableDay:
    """The day that a player may do now, its run and its price."""

    number: int
    date: date
    run: int = 1
    price: int = 0


def available_day(
    rules: CheckinSettings,
    done: Sequence[CompletedDay],
    now: datetime,
    requested: int | None = None,
) -> AvailableDay:
    """The day a player may do now, or `Refused`, with `next_open_at` if one opens.

    The clock decides which day it is. `requested` is only for making up a missed day.
    """
    today = date_at(rules, now)
    if today < rules.first_day:
        raise Refused("not_open", next_open_at=starts_ms(rules, rules.first_day))
    if requested is not None and rules.mode == "calendar":
        return _made_up(rules, done, today, requested)
    if today > rules.last_day:
        raise Refused("closed")
    if rules.mode == "calendar":
        return AvailableDay((today - rules.first_day).days + 1, today)
    day = _next_day(rules, done, today)
    if day.number > len(rules.days):
        raise Refused("all_days_done")
    if requested is not None and requested != day.number:
        opens = next_opening(rules, now, done)
        raise Refused("previous_day_missing", next_open_at=opens)
    return day


def _next_day(
    rules: CheckinSettings, done: Sequence[CompletedDay], today: date
) -> AvailableDay:
    """The day after the last completed one. A gap starts a streak again at day 1."""
    if not done:
        return AvailableDay(1, today)
    last = max(done, key=lambda day: day.date)
    broken = rules.mode == "streak" and today - last.date > timedelta(days=1)
    if broken and last.number < len(rules.days):
        return AvailableDay(1, today, last.run + 1)
    return AvailableDay(last.number + 1, today, last.run)


def _made_up(
    rules: CheckinSettings, done: Sequence[CompletedDay], today: date, requested: int
) -> AvailableDay:
    """A day chosen by number: today's, or the first missed one for coins."""
    if not 1 <= requested <= len(rules.days):
        raise Refused("invalid", _("There is no such day."), field="day")
    its_date = rules.date_of(requested)
    if its_date == today:
        return AvailableDay(requested, today)
    if its_date > today:
        raise Refused("not_open", next_open_at=starts_ms(rules, its_date))
    if rules.makeup_price is None:
        raise Refused("closed")
    if first_missing(done) < requested:
        raise Refused("previous_day_missing")
    return AvailableDay(requested, its_date, price=rules.makeup_price)


def first_missing(done: Sequence[CompletedDay]) -> int:
    """The number of the first day that is not completed."""
    numbers = {day.number for day in done}
    return next(number for number in count(1) if number not in numbers)


def next_opening(
    rules: CheckinSettings, now: datetime, done: Sequence[CompletedDay]
) -> int | None:
    """When the next day opens, in ms since 1970; None if no day is left."""
    tomorrow = max(date_at(rules, now) + timedelta(days=1), rules.first_day)
    number = _next_day(rules, done, tomorrow).number
    if number > len(rules.days) or tomorrow > rules.last_day:
        return None
    return starts_ms(rules, tomorrow)


def is_complete(rules: CheckinSettings, done: Sequence[CompletedDay]) -> bool:
    """Whether all days are completed; in a streak, all in the last run."""
    if not done:
        return False
    run = max(day.run for day in done)
    return sum(day.run == run for day in done) == len(rules.days)


def streaks(done: Sequence[CompletedDay]) -> tuple[int, int]:
    """The lengths of the last run and of the longest, in days."""
    lengths: dict[int, int] = {}
    for day in done:
        lengths[day.run] = lengths.get(day.run, 0) + 1
    return (lengths[max(lengths)], max(lengths.values())) if lengths else (0, 0)


def calendar(
    rules: CheckinSettings,
    done: Sequence[CompletedDay],
    now: datetime,
    numbers: Iterable[int] | None = None,
) -> dict[str, Any]:
    """A player's calendar: the states of `days`, and counts of completed days.

    `days` has only the days of these numbers, or all. `done` counts the current run,
    `streak` the last run, `best` the longest.
    """
    today = date_at(rules, now)
    next_day = _next_day(rules, done, today)
    current = {day.number: day for day in done if day.run == next_day.run}
    done_today = any(day.date == today for day in done)
    streak, best = streaks(done)
    return {
        "days": [
            {
                "day": number,
                **_state(rules, current, next_day, today, done_today, number),
            }
            for number in numbers or range(1, len(rules.days) + 1)
        ],
        "done": len(current),
        "streak": streak,
        "best": best,
        "complete": is_complete(rules, done),
    }


def changed_by(
    rules: CheckinSettings, done: Sequence[CompletedDay], number: int
) -> list[int]:
    """The days whose states a check-in changes: its own, and the one to do next."""
    next_ = first_missing(done) if rules.mode == "calendar" else number + 1
    return [number, next_] if next_ <= len(rules.days) else [number]


def _state(
    rules: CheckinSettings,
    current: dict[int, CompletedDay],
    next_day: AvailableDay,
    today: date,
    done_today: bool,
    number: int,
) -> dict[str, Any]:
    """`state` (done, open, makeup, missed, later, waiting), and what belongs to it."""
    if number in current:
        return {"state": "done", "date": current[number].date.isoformat()}
    if rules.mode == "calendar":
        return _calendar_state(rules, current, today, number)
    within = rules.first_day <= today <= rules.last_day
    if number == next_day.number and within and not done_today:
        return {"state": "open", "date": today.isoformat()}
    if number == next_day.number and today < rules.last_day:
        starts = max(today + timedelta(days=1), rules.first_day)
        return {"state": "later", "opens_at": starts_ms(rules, starts)}
    return {"state": "waiting" if today <= rules.last_day else "missed"}


def _calendar_state(
    rules: CheckinSettings, done: dict[int, CompletedDay], today: date, number: int
) -> dict[str, Any]:
    its_date = rules.date_of(number)
    state = {"date": its_date.isoformat()}
    if its_date == today:
        return {"state": "open", **state}
    if its_date > today:
        return {"state": "later", "opens_at": starts_ms(rules, its_date), **state}
    if rules.makeup_price is not None:
        is_next = first_missing([*done.values()]) == number
        price = {"price": rules.makeup_price}
        return {"state": "makeup" if is_next else "waiting", **price, **state}
    return {"state": "missed", **state}
