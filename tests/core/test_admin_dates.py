"""Buddhist years: all staff may type them, and Thai staff see them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django import forms
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from core.admin.dates import DayField, MomentField
from core.calendars import written
from games.models import Game
from tests.admin_pages import errors_of, save, values_in
from tests.games.test_admin_games import page_of

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]


@pytest.mark.parametrize(
    ("language", "text", "read"),
    [
        ("th", "27/11/2569", date(2026, 11, 27)),
        ("th", "27/11/2026", date(2026, 11, 27)),
        ("th", "๒๗/๑๑/๒๕๖๙", date(2026, 11, 27)),
        ("th", "2569-11-27", date(2026, 11, 27)),
        ("th", "29/02/2571", date(2028, 2, 29)),  # 2571 itself has no such day
        ("en", "2569-11-27", date(2026, 11, 27)),
        ("en", "2026-11-27", date(2026, 11, 27)),
        ("en", "2543-01-01", date(2000, 1, 1)),
        (
            "en",
            "2542-12-31",
            date(2542, 12, 31),
        ),  # far from today: needs a confirmation
        ("en", "2642-12-31", date(2099, 12, 31)),
    ],
)
def test_buddhist_year_is_understood(language: str, text: str, read: date) -> None:
    with override(language):
        assert DayField().clean(text) == read
        moment = MomentField().clean([text, "10:00"])
        assert moment.date() == read


@pytest.mark.parametrize("text", ["27/13/2569", "27/11/25690", "31/02/2569", "soon"])
def test_what_is_no_date_is_none_in_any_era(text: str) -> None:
    with override("th"), pytest.raises(forms.ValidationError):
        DayField().clean(text)


def test_thai_staff_read_and_type_buddhist_years(
    as_carol: Client, make_game: MakeGame
) -> None:
    as_carol.defaults["HTTP_ACCEPT_LANGUAGE"] = "th"
    game, later = make_game(), timezone.localtime() + timedelta(days=2)
    buddhist = later.replace(year=later.year + 543)
    said = {"closes_at_0": f"{buddhist:%d/%m/%Y}", "closes_at_1": "10:00"}
    assert save(as_carol, page_of(game), **said).status_code == 302
    game.refresh_from_db()
    assert timezone.localtime(game.closes_at).date() == later.date()
    page = as_carol.get(page_of(game))
    assert values_in(page, "game_form")["closes_at_0"] == [f"{buddhist:%d/%m/%Y}"]
    for shown in (page, as_carol.get("/admin/games/game/")):
        assert str(buddhist.year) in shown.content.decode()


def test_opening_and_saving_in_thai_changes_no_time(
    as_carol: Client, make_game: MakeGame
) -> None:
    as_carol.defaults["HTTP_ACCEPT_LANGUAGE"] = "th"
    game = make_game("checkin", closes_at=timezone.now() + timedelta(days=2))
    assert save(as_carol, page_of(game)).status_code == 302
    game.refresh_from_db()
    assert game.seq == 0


def test_error_at_a_date_keeps_what_was_typed(
    as_carol: Client, make_game: MakeGame
) -> None:
    as_carol.defaults["HTTP_ACCEPT_LANGUAGE"] = "th"
    said = {"closes_at_0": "31/02/2569", "closes_at_1": "10:00"}
    page = save(as_carol, page_of(make_game()), **said)
    assert "closes_at" in errors_of(page)
    assert values_in(page, "game_form")["closes_at_0"] == ["31/02/2569"]


def test_moment_is_written_in_the_readers_calendar() -> None:
    moment = datetime(2026, 11, 27, 11, tzinfo=UTC)  # 18:00 in Bangkok
    with override("en"):
        assert written(moment) == "27 Nov 2026 18:00"
    with override("th"):
        assert written(moment) == "27 พ.ย. 2569 18:00"
        assert written(date(2026, 11, 27)) == "27 พ.ย. 2569"
