"""Days and modes, compared with a simple model that reads a wall clock."""

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test import override_settings
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from checkins.checkin import check_in
from checkins.checks import CheckInRequest, done_in, repeat_of, row_of
from checkins.days import (
    available_day,
    calendar,
    changed_by,
    is_complete,
    next_opening,
)
from checkins.models import CheckIn
from core.refusals import Refused
from gameproject.management.commands.audit import RULES
from games.kinds.checkin import CheckinSettings
from games.models import Game
from users.models import Player

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
STEP = timedelta(minutes=15)  # every clock change falls on a quarter of an hour
ZONES = [
    *("Asia/Bangkok", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"),
    *("Africa/Cairo", "America/Havana", "Pacific/Apia"),
    *("America/Santiago", "Asia/Kathmandu", "Antarctica/Troll"),
]


def rules_in(zone: str, starts: int = 0, **fields: Any) -> CheckinSettings:
    values: dict[str, Any] = {
        "first_day": date(2000, 1, 1),
        "last_day": date(2040, 1, 1),
        "days": [{"coins": 1}],
        **fields,
    }
    return CheckinSettings(time_zone=zone, day_starts=starts, **values)


# The model of a clock: somebody who looks at it every quarter of an hour


@dataclass(frozen=True)
class Watched:
    """When each date began, as a watcher noted; the first is too early."""

    dates: list[date]
    begun: list[datetime]

    def date_at(self, moment: datetime) -> date:
        return self.dates[bisect_right(self.begun, moment) - 1]

    def starts_at(self, day: date) -> datetime:
        """A date that the clocks skipped begins, and ends, with the next."""
        later = (at for one, at in zip(self.dates, self.begun) if one >= day)
        return next(later)


@lru_cache(maxsize=500)
def watch(zone: str, starts: int, first: date, last: date) -> Watched:
    """Watch the wall clock from before the first date until after the last.

    A date has begun once the clock has shown its hour or a later one, and stays begun
    when the clock is put back.
    """
    begin = datetime.combine(first - 2 * DAY, time(), UTC)
    end = datetime.combine(last + 3 * DAY, time(), UTC)
    watched = Watched([], [])
    for moment in quarters(begin, end):
        wall = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        today = (wall - timedelta(hours=starts)).date()
        if not watched.dates or today > watched.dates[-1]:
            watched.dates.append(today)
            watched.begun.append(moment)
    return watched


def quarters(moment: datetime, end: datetime) -> Iterator[datetime]:
    while moment < end:
        yield moment
        moment += STEP


@lru_cache
def clock_changes(zone: str) -> list[date]:
    """The dates on which noon has another offset than the day before."""
    days = [date(2011, 1, 1) + n * DAY for n in range(18 * 365)]
    offsets = [
        datetime.combine(day, time(12), ZoneInfo(zone)).utcoffset() for day in days
    ]
    return [day for day, a, b in zip(days[1:], offsets, offsets[1:]) if a != b]


@st.composite
def clocks(draw: st.DrawFn) -> tuple[str, int, date]:
    """A zone, the hour its days start, and a date: often one of a clock change."""
    zone = draw(st.sampled_from(ZONES))
    anywhen = st.dates(date(2011, 1, 5), date(2037, 12, 25))
    changes = clock_changes(zone)
    when = st.one_of(anywhen, st.sampled_from(changes)) if changes else anywhen
    return zone, draw(st.integers(0, 23)), draw(when)


@given(clocks())
@settings(max_examples=100, deadline=None)
@example(("Antarctica/Troll", 2, date(2026, 3, 29)))  # two hours are skipped
@example(("Antarctica/Troll", 2, date(2026, 10, 25)))  # and come again
@example(("Pacific/Apia", 6, date(2011, 12, 30)))  # a date is skipped
@example(("America/Havana", 0, date(2026, 3, 8)))  # there is no midnight
@example(("Africa/Cairo", 23, date(2026, 10, 29)))  # 23 o'clock comes twice
def test_dates_are_those_a_watcher_of_the_wall_clock_tells(
    clock: tuple[str, int, date],
) -> None:
    zone, starts, day = clock
    rules = rules_in(zone, starts)
    watched = watch(zone, starts, day, day)
    for moment in quarters(watched.begun[1], watched.begun[-1]):
        assert rules.date_at(moment) == watched.date_at(moment), moment
    for one in (day - DAY, day, day + DAY):
        assert rules.starts_at(one) == watched.starts_at(one)
        assert rules.date_at(rules.starts_at(one) - SECOND) < one
        assert rules.date_at(rules.starts_at(one)) >= one


@given(clocks(), st.lists(st.integers(0, 4 * 86400), min_size=2, max_size=20))
@settings(max_examples=100, deadline=None)
def test_dates_never_run_back_and_every_moment_lies_in_its_date(
    clock: tuple[str, int, date], seconds: list[int]
) -> None:
    zone, starts, day = clock
    rules = rules_in(zone, starts)
    begin = datetime.combine(day - 2 * DAY, time(), UTC)
    moments = [begin + s * SECOND for s in sorted(seconds)]
    dates = [rules.date_at(moment) for moment in moments]
    assert dates == sorted(dates)
    for moment, its_date in zip(moments, dates):
        assert rules.starts_at(its_date) <= moment < rules.starts_at(its_date + DAY)


# Days one can look up


def hours(zone: str, day: date, starts: int = 0) -> float:
    rules = rules_in(zone, starts)
    return (rules.starts_at(day + DAY) - rules.starts_at(day)) / timedelta(hours=1)


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/Havana", date(2026, 3, 8), 23),
        ("Africa/Cairo", date(2026, 10, 29), 25),
        ("Pacific/Apia", date(2011, 12, 30), 0),
        ("Asia/Bangkok", date(2028, 2, 29), 24),
    ],
)
def test_days_are_as_long_as_the_clocks_make_them(
    zone: str, day: date, length: float
) -> None:
    assert hours(zone, day) == length


def test_day_that_starts_at_six_is_short_when_the_clocks_go_on_before_its_end() -> None:
    assert hours("Europe/Berlin", date(2026, 3, 28), starts=6) == 23
    assert hours("Europe/Berlin", date(2026, 3, 29), starts=6) == 24


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("starts", [0, 6])
def test_last_second_and_first_second_are_two_dates(zone: str, starts: int) -> None:
    rules = rules_in(zone, starts)
    midnight = datetime(2026, 6, 15, starts, tzinfo=ZoneInfo(zone))
    assert rules.date_at(midnight - SECOND) == date(2026, 6, 14)
    assert rules.date_at(midnight) == date(2026, 6, 15)


# The model of a player: dates crossed off in a calendar on the wall


@dataclass
class Diary:
    """What one player has done, by date, and what the rules allow."""

    mode: str
    length: int
    first: date
    last: date
    price: int | None
    done: dict[date, int] = field(default_factory=dict)

    def visit(self, today: date, wanted: int | None = None) -> tuple[str, int | None]:
        said, number, its_date = self.says(today, wanted)
        if said == "done":
            assert number
            self.done[its_date] = number
        return said, number

    def says(self, today: date, wanted: int | None) -> tuple[str, int | None, date]:
        """The result of a visit, without making it."""
        if self.mode == "calendar" and wanted is not None:
            return self.calendar_says(today, wanted)
        if today in self.done:
            return "already", self.done[today], today
        if today < self.first:
            return "not_open", None, today
        if today > self.last:
            return "closed", None, today
        number = getattr(self, self.mode)(today)
        if number is None:
            return "all_days_done", None, today
        if wanted not in (None, number):
            return "previous_day_missing", None, today
        return "done", number, today

    def sequence(self, today: date) -> int | None:
        return len(self.done) + 1 if len(self.done) < self.length else None

    def streak(self, today: date) -> int | None:
        if self.length in self.done.values():
            return None
        number = 1
        while today - number * DAY in self.done:
            number += 1
        return number

    def calendar(self, today: date) -> int | None:
        return (today - self.first).days + 1

    def calendar_says(self, today: date, wanted: int) -> tuple[str, int | None, date]:
        its_date = self.first + (wanted - 1) * DAY
        before = [self.first + n * DAY for n in range(wanted - 1)]
        if its_date in self.done:
            return "already", wanted, its_date
        if today < self.first:
            return "not_open", None, its_date
        if wanted > self.length:
            return "invalid", None, its_date
        if its_date > today:
            return "not_open", None, its_date
        if its_date < today and self.price is None:
            return "closed", None, its_date
        if its_date < today and any(day not in self.done for day in before):
            return "previous_day_missing", None, its_date
        return "done", wanted, its_date


@dataclass
class Story:
    """A game of some days, and one player's visits to it in their order."""

    rules: CheckinSettings
    visits: list[tuple[datetime, int | None]]

    @property
    def watched(self) -> Watched:
        rules = self.rules
        days = rules.first_day - 3 * DAY, rules.last_day + 4 * DAY
        return watch(rules.time_zone, rules.day_starts, *days)

    def model(self) -> Diary:
        rules = self.rules
        mode, length, price = rules.mode, len(rules.days), rules.makeup_price
        return Diary(mode, length, rules.first_day, rules.last_day, price)


@st.composite
def stories(draw: st.DrawFn, dear: bool = True) -> Story:
    zone, starts, first = draw(clocks())
    mode = draw(st.sampled_from(["sequence", "calendar", "streak"]))
    length = draw(st.integers(1, 6))
    more = 0 if mode == "calendar" else draw(st.integers(0, 5))
    price = draw(st.sampled_from([None, 1])) if mode == "calendar" else None
    rules = rules_in(
        zone,
        starts,
        mode=mode,
        makeup_price=price if dear else None,
        first_day=first,
        last_day=first + (length - 1 + more) * DAY,
        days=[{"coins": 1}] * length,
    )
    begin = datetime.combine(first - 2 * DAY, time(), UTC)
    wanted = st.none() if mode != "calendar" else st.none() | st.integers(1, length + 1)
    # Once or twice on most days, so that whole runs come about, and gaps.
    minutes = st.lists(st.integers(0, 24 * 60 - 1), max_size=2)
    visits = [
        (begin + day * DAY + timedelta(minutes=minute), draw(wanted))
        for day in range(length + more + 5)
        for minute in sorted(draw(minutes))
    ]
    return Story(rules, visits)


def come(
    rules: CheckinSettings, rows: list[CheckIn], at: datetime, wanted: int | None
) -> tuple[str, int | None]:
    """What `check_in` decides, without a database. A new day is added to `rows`."""
    visit = CheckInRequest(1, 1, uuid4(), at, wanted)
    if repeated := repeat_of(visit, rules, rows):
        return "already", repeated.day
    try:
        found = available_day(rules, done_in(rows), at, wanted)
    except Refused as refused:
        return refused.code, None
    rows.append(row_of(visit, found, rules, Game(pk=1)))
    return "done", found.number


def may(story: Story, rows: list[CheckIn], at: datetime, wanted: int | None) -> Any:
    """The day that a visit now would complete, if any."""
    said, number = come(story.rules, [*rows], at, wanted)
    return number if said == "done" else None


@given(stories())
@settings(max_examples=200, deadline=None)
def test_every_mode_does_what_its_rules_say_in_words(story: Story) -> None:
    model, rows = story.model(), list[CheckIn]()
    for at, wanted in story.visits:
        expected = model.visit(story.watched.date_at(at), wanted)
        assert come(story.rules, rows, at, wanted) == expected
        assert {row.date: row.day for row in rows} == model.done
    assert len({row.date for row in rows}) == len(rows)
    assert len({(row.run, row.day) for row in rows}) == len(rows)


@given(stories())
@settings(max_examples=100, deadline=None)
def test_calendar_offers_what_a_visit_may_do_and_nothing_else(story: Story) -> None:
    rows: list[CheckIn] = []
    for at, wanted in story.visits:
        assert offered(story, rows, at) == doable(story, rows, at)
        come(story.rules, rows, at, wanted)
        assert offered(story, rows, at) == doable(story, rows, at)


@given(stories())
@settings(max_examples=200, deadline=None)
def test_days_that_a_check_in_changes_are_all_that_changes(story: Story) -> None:
    rows: list[CheckIn] = []
    for at, wanted in story.visits:
        before = calendar(story.rules, done_in(rows), at)["days"]
        result, number = come(story.rules, rows, at, wanted)
        if result not in ("done", "already"):
            continue
        assert number
        done = done_in(rows)
        changes = calendar(story.rules, done, at, changed_by(story.rules, done, number))
        after = calendar(story.rules, done, at)
        changed = {day["day"]: day for day in changes["days"]}
        days = [changed.get(day["day"], day) for day in before]
        assert {**changes, "days": days} == after


def offered(story: Story, rows: list[CheckIn], at: datetime) -> set[int]:
    days = calendar(story.rules, done_in(rows), at)["days"]
    return {day["day"] for day in days if day["state"] in ("open", "makeup")}


def doable(story: Story, rows: list[CheckIn], at: datetime) -> set[int]:
    """The days that a visit now can complete, chosen by the clock or by number."""
    numbers = [None, *range(1, len(story.rules.days) + 1)]
    found = {may(story, rows, at, number) for number in numbers}
    return found - {None}


@given(stories())
@settings(max_examples=100, deadline=None)
def test_day_that_opens_later_opens_then_and_not_a_second_before(story: Story) -> None:
    rows: list[CheckIn] = []
    for at, wanted in story.visits:
        come(story.rules, rows, at, wanted)
        for day in calendar(story.rules, done_in(rows), at)["days"]:
            if day["state"] == "later":
                opens_at = datetime.fromtimestamp(day["opens_at"] / 1000, UTC)
                assert opens_at > at
                assert may(story, rows, opens_at, None) == day["day"]
                assert may(story, rows, opens_at - SECOND, None) != day["day"]


@given(stories())
@settings(max_examples=100, deadline=None)
def test_next_opening_is_when_another_day_can_be_done(story: Story) -> None:
    rows: list[CheckIn] = []
    for at, wanted in story.visits:
        come(story.rules, rows, at, wanted)
        ms = next_opening(story.rules, at, done_in(rows))
        told = ms and datetime.fromtimestamp(ms / 1000, UTC)
        coming = (begun for begun in story.watched.begun if begun > at)
        opens = (one for one in coming if may(story, rows, one, None))
        assert told == next(opens, None)


@given(stories())
@settings(max_examples=100, deadline=None)
def test_all_days_are_complete_once(story: Story) -> None:
    rows: list[CheckIn] = []
    completed = 0
    for at, wanted in story.visits:
        before = len(rows)
        come(story.rules, rows, at, wanted)
        complete = is_complete(story.rules, done_in(rows))
        completed += complete and len(rows) > before
        numbers = {row.day for row in rows if row.run == rows[-1].run}
        assert complete == (len(numbers) == len(story.rules.days))
    assert completed <= 1


# In the database


@pytest.mark.django_db
@given(stories(dear=False))
@settings(max_examples=15, deadline=None)
def test_each_date_is_rewarded_once_in_the_ledger(story: Story) -> None:
    with transaction.atomic():
        game = Game.objects.create(
            slug=uuid4().hex,
            title="-",
            kind="checkin",
            state="OPEN",
            settings=story.rules.model_dump(mode="json"),
        )
        player = Player.objects.create_user(uuid4().hex)
        model = story.model()
        for at, wanted in story.visits:
            model.visit(story.watched.date_at(at), wanted)
            try_to_come(CheckInRequest(player.pk, game.pk, uuid4(), at, wanted))
        player.refresh_from_db()
        assert player.coins == len(model.done) == player.checkins.count()
        assert [rule.says for rule in RULES if rule.check().broken] == []
        transaction.set_rollback(True)


def try_to_come(visit: CheckInRequest) -> None:
    with suppress(Refused):
        check_in(visit)


@pytest.mark.django_db
@pytest.mark.parametrize("minutes", [0, 1, 419, 420, 421, 1439])
@override_settings(TIME_ZONE="UTC")
def test_server_in_utc_keeps_bangkoks_date(alice: Player, minutes: int) -> None:
    """Between 00:00 and 07:00 in Bangkok it is yesterday in UTC."""
    midnight = datetime(2028, 2, 29, tzinfo=ZoneInfo("Asia/Bangkok"))
    game = leap_year()
    at = (midnight + timedelta(minutes=minutes)).astimezone(UTC)
    said = check_in(CheckInRequest(alice.pk, game.pk, uuid4(), at))
    assert (said["day"], said["date"]) == (2, "2028-02-29")
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(date AS text) FROM checkins_checkin")
        assert cursor.fetchall() == [("2028-02-29",)]


@pytest.mark.django_db
def test_leap_day_is_a_day_of_the_calendar(alice: Player) -> None:
    game = leap_year()
    noon = datetime(2028, 2, 28, 5, tzinfo=UTC)
    said = [
        check_in(CheckInRequest(alice.pk, game.pk, uuid4(), noon + n * DAY))
        for n in range(3)
    ]
    assert [(one["day"], one["date"]) for one in said] == [
        (1, "2028-02-28"),
        (2, "2028-02-29"),
        (3, "2028-03-01"),
    ]


def leap_year() -> Game:
    return Game.objects.create(
        slug="leap",
        title="-",
        kind="checkin",
        state="OPEN",
        settings={
            "mode": "calendar",
            "first_day": "2028-02-28",
            "last_day": "2028-03-01",
            "days": [{"coins": 1}] * 3,
        },
    )


@pytest.mark.django_db
def test_id_used_in_another_game_is_refused(alice: Player) -> None:
    game, key = leap_year(), uuid4()
    other = Game.objects.get(pk=game.duplicate("other").pk)
    Game.objects.filter(pk=other.pk).update(state="OPEN")
    noon = datetime(2028, 2, 28, 5, tzinfo=UTC)
    check_in(CheckInRequest(alice.pk, game.pk, key, noon))
    with pytest.raises(Refused) as caught, transaction.atomic():
        check_in(CheckInRequest(alice.pk, other.pk, key, noon))
    assert (caught.value.code, caught.value.field) == ("invalid", "id")


def test_clock_of_another_process_may_lag() -> None:
    """Yesterday's visit that is carried out after today's gives nothing more."""
    rules = rules_in("Asia/Bangkok", first_day=date(2026, 3, 1), days=[{}, {}])
    rows: list[CheckIn] = []
    midnight = datetime(2026, 3, 1, 17, tzinfo=UTC)
    assert come(rules, rows, midnight, None) == ("done", 1)
    assert come(rules, rows, midnight - SECOND, None) == ("already", 1)


def test_late_visit_of_a_day_made_up_meanwhile_gives_nothing_more() -> None:
    calendar = {"mode": "calendar", "makeup_price": 1, "days": [{}, {}]}
    dates = {"first_day": date(2026, 3, 1), "last_day": date(2026, 3, 2)}
    rules = rules_in("Asia/Bangkok", **calendar, **dates)
    rows: list[CheckIn] = []
    midnight = datetime(2026, 3, 1, 17, tzinfo=UTC)
    assert come(rules, rows, midnight, 1) == ("done", 1)
    assert come(rules, rows, midnight - SECOND, None) == ("already", 1)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_dates_that_no_time_zone_can_show_are_refused(day: date) -> None:
    with pytest.raises(ValidationError):
        rules_in("Asia/Bangkok", first_day=day, last_day=day)
