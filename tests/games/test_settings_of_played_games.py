"""Settings that staff change after players have played: answers keep their meaning."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from answers.meanings import Touched, touched_by
from answers.results import reveal, votes_in
from answers.submission import Submission, submit
from checkins.checkin import CheckInRequest, check_in
from games.models import Game
from tests.admin_pages import errors_of, save, values_in
from tests.games.test_admin_games import page_of
from users.models import Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
MENU = {"text": "Which?", "type": "vote", "options": ["Tea", "Coffee"]}


def answer(game: Game, player: Player, value: Any, question: str = "") -> None:
    now = timezone.now()
    submit(Submission(player.pk, game.pk, uuid4(), question, value, now))


def with_settings(game: Game, **changes: Any) -> dict[str, Any]:
    """The game's settings with these changes, as the form would store them."""
    rules = game.of_kind.Settings.model_validate(game.settings | changes)
    return game.carry(rules).model_dump(mode="json")


# Answers


@pytest.fixture
def quiz(make_game: MakeGame, alice: Player, bob: Player) -> Game:
    """Alice is right and Bob wrong in all questions; they learn it on reveal."""
    questions = [
        {"text": "Sky?", "options": ["*blue", "green"]},
        {"text": "Grass?", "options": ["blue", "*green"]},
    ]
    settings = {"questions": questions, "tell": "on_reveal"}
    game = make_game("choice", settings=settings, codes=1)
    for player, values in ((alice, (0, 1)), (bob, (1, 0))):
        for question, value in zip("12", values):
            answer(game, player, value, question)
    return game


def test_winner_stays_the_winner_where_a_question_is_moved(
    as_carol: Client, quiz: Game, alice: Player
) -> None:
    page = as_carol.get(page_of(quiz)).content.decode()
    assert 'name="settings_questions-0-key" value="1"' in page
    save(as_carol, page_of(quiz), **{"settings_questions-row": ["1", "0"]})
    quiz.refresh_from_db()
    assert [q["text"] for q in quiz.settings["questions"]] == ["Grass?", "Sky?"]
    quiz.close(timezone.now())
    reveal(quiz, timezone.now())
    assert quiz.pools.get().codes.get(player__isnull=False).player == alice


def test_votes_stay_where_they_were_given(
    as_carol: Client, make_game: MakeGame, alice: Player
) -> None:
    game = make_game("choice", settings={"questions": [MENU]})
    answer(game, alice, 0, "1")
    options = {"settings_questions-0-options": "Juice\nTea\nCoffee"}
    save(as_carol, page_of(game), **options)
    game.refresh_from_db()
    assert game.settings["questions"][0]["numbers"] == [2, 0, 1]
    shown = game.of_kind.reveal(game.rules, votes_in(game))
    assert shown["questions"][0]["votes"] == [0, 1, 0]


def test_staff_are_asked_before_an_answer_says_something_else(
    as_carol: Client, make_game: MakeGame, alice: Player
) -> None:
    game = make_game("choice", settings={"questions": [MENU]})
    answer(game, alice, 0, "1")
    without = {"settings_questions-0-options": "Coffee\nJuice\nWater"}
    asked = save(as_carol, page_of(game), **without)
    page = asked.content.decode()
    assert "One answer would get another meaning." in page
    assert "Which? – Tea" in page
    assert "can't be chosen any more" in page
    game.refresh_from_db()
    assert game.settings == {"questions": [MENU]}
    as_carol.post(page_of(game), values_in(asked, "ask_form"))
    game.refresh_from_db()
    assert game.settings["questions"][0]["options"] == ["Coffee", "Juice", "Water"]


def test_what_a_change_would_make_of_answers_is_told(
    quiz: Game, alice: Player, bob: Player
) -> None:
    sky, grass = quiz.settings["questions"]
    assert touched_by(quiz, with_settings(quiz, questions=[grass, sky])) == []
    new = with_settings(
        quiz,
        questions=[{**sky, "options": ["*azure", "green"]}, {**grass, "text": "?"}],
    )
    assert set(touched_by(quiz, new)) == {
        Touched("Sky? – blue", "Sky? – azure", 1),
        Touched("Grass? – green", None, 1),
        Touched("Grass? – blue", None, 1),
    }


def test_changes_that_touch_no_answer_are_not_told(quiz: Game) -> None:
    more = [*quiz.settings["questions"], MENU]
    assert touched_by(quiz, with_settings(quiz, questions=more)) == []


def test_other_digits_and_other_teams_are_told(
    make_game: MakeGame, alice: Player, bob: Player
) -> None:
    number = make_game("number", settings={"digits": 3})
    for player in (alice, bob):
        answer(number, player, "042")
    assert touched_by(number, with_settings(number, digits=4)) == [
        Touched("042", "0042", 2)
    ]
    score = make_game("score", settings={"home": "Ayutthaya", "away": "Bangkok"})
    answer(score, alice, {"home": 2, "away": 1})
    swapped = with_settings(score, home="Bangkok", away="Ayutthaya")
    assert touched_by(score, swapped) == [
        Touched("Ayutthaya 2 : 1 Bangkok", "Bangkok 2 : 1 Ayutthaya", 1)
    ]
    assert touched_by(score, with_settings(score, final_home=1, final_away=0)) == []


# Check-ins


@pytest.fixture
def calendar(make_game: MakeGame, alice: Player) -> Game:
    """Three days by date; alice has done the second, which is today's."""
    today = timezone.localdate()
    settings = {
        "mode": "calendar",
        "first_day": str(today - timedelta(days=1)),
        "last_day": str(today + timedelta(days=1)),
        "days": [{"coins": 1}, {"coins": 2}, {"coins": 3}],
    }
    game = make_game("checkin", settings=settings)
    check_in(CheckInRequest(alice.pk, game.pk, uuid4(), timezone.now()))
    return game


def day(game: Game, name: str, days: int) -> dict[str, str]:
    moved = date.fromisoformat(game.settings[name]) + timedelta(days=days)
    return {f"settings_{name}": str(moved)}


def test_first_day_of_a_calendar_stays_once_somebody_checked_in(
    as_carol: Client, calendar: Game
) -> None:
    later = day(calendar, "first_day", 1) | day(calendar, "last_day", 1)
    said = save(as_carol, page_of(calendar), **later)
    assert list(errors_of(said)) == ["settings_first_day"]
    longer = day(calendar, "last_day", 0) | {"settings_completed_coins": "5"}
    assert save(as_carol, page_of(calendar), **longer).status_code == 302


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"settings_mode": "streak"}, "settings_mode"),
        ({"settings_mode": "sequence"}, "settings_mode"),
    ],
)
def test_what_days_follow_stays_once_somebody_checked_in(
    as_carol: Client, calendar: Game, changes: dict[str, str], field: str
) -> None:
    assert list(errors_of(save(as_carol, page_of(calendar), **changes))) == [field]


def test_days_that_were_done_stay(as_carol: Client, calendar: Game) -> None:
    shorter = day(calendar, "last_day", -2) | {"settings_days-row": ["0"]}
    said = save(as_carol, page_of(calendar), **shorter)
    assert list(errors_of(said)) == ["settings_days"]


def test_calendar_that_nobody_began_may_be_moved(
    as_carol: Client, make_game: MakeGame, calendar: Game
) -> None:
    other = make_game("checkin", settings=calendar.settings)
    later = day(other, "first_day", 1) | day(other, "last_day", 1)
    assert save(as_carol, page_of(other), **later).status_code == 302
