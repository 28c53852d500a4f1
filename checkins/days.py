"""Which day a player may do, by the server's clock: values in, values out."""

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
    """A day done. `run` counts the beginnings of a streak; elsewhere it stays 1."""

    number: int
    date: date
    run: int = 1


@dataclass(frozen=True)
class AvailableDay:
    """What a player may do now: this day, in this run, for this price."""

    number: int
    date: date
    run: int = 1
    price: int = 0


def available_day(
    rules: CheckinSettings,
    done: Sequence[CompletedDay],
    now: datetime,
    wanted: int | None = None,
) -> AvailableDay:
    """The day a player may do now, or `Refused` with `next_open_at` where there is one.

    `wanted` names a day only to make it up; by itself the clock decides.
    """
    today = date_at(rules, now)
    if today < rules.first_day:
        raise Refused("not_open", next_open_at=starts_ms(rules, rules.first_day))
    if wanted is not None and rules.mode == "calendar":
        return _made_up(rules, done, today, wanted)
    if today > rules.last_day:
        raise Refused("closed")
    if rules.mode == "calendar":
        return AvailableDay((today - rules.first_day).days + 1, today)
    found = _following(rules, done, today)
    if found.number > len(rules.days):
        raise Refused("all_days_done")
    if wanted is not None and wanted != found.number:
        opens = next_opening(rules, now, done)
        raise Refused("previous_day_missing", next_open_at=opens)
    return found


def _following(
    rules: CheckinSettings, done: Sequence[CompletedDay], today: date
) -> AvailableDay:
    """The day after the last one done; a streak with a gap begins again."""
    if not done:
        return AvailableDay(1, today)
    last = max(done, key=lambda one: one.date)
    broken = rules.mode == "streak" and today - last.date > timedelta(days=1)
    if broken and last.number < len(rules.days):
        return AvailableDay(1, today, last.run + 1)
    return AvailableDay(last.number + 1, today, last.run)


def _made_up(
    rules: CheckinSettings, done: Sequence[CompletedDay], today: date, wanted: int
) -> AvailableDay:
    """A day by its number: today's as ever, an earlier one for coins and in order."""
    if not 1 <= wanted <= len(rules.days):
        raise Refused("invalid", _("There is no such day."), field="day")
    its_date = rules.date_of(wanted)
    if its_date == today:
        return AvailableDay(wanted, today)
    if its_date > today:
        raise Refused("not_open", next_open_at=starts_ms(rules, its_date))
    if rules.makeup_price is None:
        raise Refused("closed")
    if first_missing(done) < wanted:
        raise Refused("previous_day_missing")
    return AvailableDay(wanted, its_date, price=rules.makeup_price)


def first_missing(done: Sequence[CompletedDay]) -> int:
    """The first day that hasn't been done."""
    numbers = {one.number for one in done}
    return next(number for number in count(1) if number not in numbers)


def next_opening(
    rules: CheckinSettings, now: datetime, done: Sequence[CompletedDay]
) -> int | None:
    """When a day can be done again, in ms: the next date, unless nothing is left."""
    tomorrow = max(date_at(rules, now) + timedelta(days=1), rules.first_day)
    following = _following(rules, done, tomorrow).number
    if following > len(rules.days) or tomorrow > rules.last_day:
        return None
    return starts_ms(rules, tomorrow)


def is_complete(rules: CheckinSettings, done: Sequence[CompletedDay]) -> bool:
    """Whether all days have been done, in a streak within one run."""
    if not done:
        return False
    run = max(one.run for one in done)
    return sum(one.run == run for one in done) == len(rules.days)


def streaks(done: Sequence[CompletedDay]) -> tuple[int, int]:
    """The days of the last run, and of the best."""
    lengths: dict[int, int] = {}
    for one in done:
        lengths[one.run] = lengths.get(one.run, 0) + 1
    return (lengths[max(lengths)], max(lengths.values())) if lengths else (0, 0)


def calendar(
    rules: CheckinSettings,
    done: Sequence[CompletedDay],
    now: datetime,
    numbers: Iterable[int] | None = None,
) -> dict[str, Any]:
    """A player's calendar: `days` with their states, and how far the player is.

    `days` has these numbers only, or all. `done` counts the days of the current run,
    `streak` those of the last run, `best` those of the longest.
    """
    today = date_at(rules, now)
    following = _following(rules, done, today)
    current = {day.number: day for day in done if day.run == following.run}
    done_today = any(day.date == today for day in done)
    streak, best = streaks(done)
    return {
        "days": [
            {
                "day": number,
                **_state(rules, current, following, today, done_today, number),
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
    """The days whose states may have changed when the player did this day: itself, and
    the one that the player may do next."""
    next_ = first_missing(done) if rules.mode == "calendar" else number + 1
    return [number, next_] if next_ <= len(rules.days) else [number]


def _state(
    rules: CheckinSettings,
    begun: dict[int, CompletedDay],
    following: AvailableDay,
    today: date,
    done_today: bool,
    number: int,
) -> dict[str, Any]:
    if number in begun:
        return {"state": "done", "date": begun[number].date.isoformat()}
    if rules.mode == "calendar":
        return _calendar_state(rules, begun, today, number)
    within = rules.first_day <= today <= rules.last_day
    if number == following.number and within and not done_today:
        return {"state": "open", "date": today.isoformat()}
    if number == following.number and today < rules.last_day:
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
        next_ = first_missing([*done.values()]) == number
        price = {"price": rules.makeup_price}
        return {"state": "makeup" if next_ else "waiting", **price, **state}
    return {"state": "missed", **state}
