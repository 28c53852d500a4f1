"""Opening and closing times: staff are asked before they have a surprising effect."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from checkins.models import Item
from games.models import Game
from games.states import State
from games.times import Change
from tests.admin_pages import save, values_in
from tests.games.test_admin_games import ADD, page_of

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def typed(name: str, at: datetime) -> dict[str, str]:
    local = timezone.localtime(at)
    return {f"{name}_0": f"{local:%Y-%m-%d}", f"{name}_1": f"{local:%H:%M:%S}"}


def asked(response: HttpResponse) -> list[str]:
    """The questions to staff before saving."""
    assert response.status_code == 200
    return [question.text for question in response.context["questions"]]


def say_yes(client: Client, url: str, page: HttpResponse) -> HttpResponse:
    return client.post(url, values_in(page, "ask_form"))


# What is asked


@pytest.mark.parametrize(
    ("state", "name", "hours", "words"),
    [
        (State.OPEN, "closes_at", -1, ["closes as soon as you save"]),
        (State.PAUSED, "closes_at", -1, ["closes as soon as you save"]),
        (State.OPEN, "closes_at", 1, []),
        (State.OPEN, "opens_at", 1, ["stays open"]),
        (State.OPEN, "opens_at", -1, []),
        (State.SCHEDULED, "opens_at", -1, ["opens as soon as you save"]),
        (State.SCHEDULED, "opens_at", None, ["never opens by itself"]),
        (State.SCHEDULED, "closes_at", -1, ["without having opened"]),
        (State.SCHEDULED, "opens_at", 1, []),
        (State.CLOSED, "closes_at", 1, ["stays closed"]),
        (State.CLOSED, "opens_at", 1, ["doesn't open again"]),
        (State.REVEALED, "closes_at", 1, ["stays closed"]),
        (State.CLOSED, "closes_at", -1, []),
        (State.DRAFT, "closes_at", -1, []),
        (State.DRAFT, "opens_at", 1, []),
        (State.DRAFT, "opens_at", -9000, ["more than a year ago"]),
        (State.ARCHIVED, "closes_at", 1, []),
    ],
)
def test_times_that_would_surprise_are_told(
    state: State, name: str, hours: int | None, words: list[str]
) -> None:
    at = None if hours is None else NOW + hours * HOUR
    times = {"opens_at": None, "closes_at": None, name: at}
    found = list(Change(state, **times, moved=frozenset({name})).surprises(NOW))
    assert len(found) == len(words)
    assert all(word in text for word, text in zip(words, found))


def test_time_that_was_not_touched_is_not_asked_about() -> None:
    change = Change(State.OPEN, None, NOW - HOUR, moved=frozenset())
    assert not list(change.surprises(NOW))


def test_closing_time_in_the_past_closes_an_open_game_only_after_a_yes(
    as_carol: Client, make_game: MakeGame
) -> None:
    game, past = make_game(), timezone.now() - timedelta(seconds=30)
    page = save(as_carol, page_of(game), **typed("closes_at", past))
    assert "closes as soon as you save" in asked(page)[0]
    assert Game.objects.get(pk=game.pk).closes_at is None
    assert say_yes(as_carol, page_of(game), page).status_code == 302
    game.refresh_from_db()
    assert game.state_at(timezone.now()) == State.CLOSED


def test_opening_time_in_the_future_of_an_open_game_is_asked_about(
    as_carol: Client, make_game: MakeGame
) -> None:
    game, later = make_game(), timezone.now() + HOUR
    page = save(as_carol, page_of(game), **typed("opens_at", later))
    assert "stays open" in asked(page)[0]
    game.refresh_from_db()
    assert game.opens_at < timezone.now()


def test_far_date_is_asked_about_on_every_form_with_dates(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game("checkin", codes=1)
    item = Item.objects.create(pool=game.pools.get(), title="Mug", price=10)
    far = {"closes_at_0": "2099-11-27", "closes_at_1": "10:00"}
    shop = f"/admin/checkins/item/{item.pk}/change/"
    for page, url in (
        (save(as_carol, page_of(game), **far), page_of(game)),
        (save(as_carol, page_of(game), settings_last_day="2099-11-27"), page_of(game)),
        (save(as_carol, shop, "item_form", **far), shop),
    ):
        [text] = asked(page)
        assert "27 Nov 2099" in text
        assert "is more than a year away" in text
        assert say_yes(as_carol, url, page).status_code == 302


def test_end_of_a_sale_in_the_past_is_asked_about(
    as_carol: Client, make_game: MakeGame
) -> None:
    pool = make_game("checkin", codes=1).pools.get()
    item = Item.objects.create(pool=pool, title="Mug", price=10)
    url, past = f"/admin/checkins/item/{item.pk}/change/", timezone.now() - HOUR
    page = save(as_carol, url, "item_form", **typed("closes_at", past))
    assert asked(page) == ["The sale is over as soon as you save."]
    assert say_yes(as_carol, url, page).status_code == 302


def test_far_last_day_of_a_new_game_is_asked_about(as_carol: Client) -> None:
    new = {"title": "A game", "slug": "a-game", "settings_days-0-coins": "5"}
    days = {"settings_first_day": "2026-11-01", "settings_last_day": "2099-11-27"}
    page = save(as_carol, f"{ADD}?kind=checkin", **new, **days)
    assert asked(page) == ["Last day: 27 Nov 2099 is more than a year away."]


def test_far_date_of_a_new_game_is_asked_about(as_carol: Client) -> None:
    new = {"title": "A game", "slug": "a-game", "settings_accepted": "x"}
    far = {"closes_at_0": "2099-11-27", "closes_at_1": "10:00"}
    url = f"{ADD}?kind=puzzle"
    page = save(as_carol, url, **new, **far)
    assert "Closes: 27 Nov 2099 10:00 is more than a year away." in asked(page)
    assert not Game.objects.exists()
    say_yes(as_carol, url, page)
    assert Game.objects.get().closes_at.year == 2099
