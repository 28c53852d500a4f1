"""Changing the right answer asks first, and names the players whose grade changes."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from answers.models import Answer
from answers.submission import Submission, submit
from games.models import Code, Game
from games.states import State
from tests.admin_pages import save, values_in
from tests.games.test_admin_games import page_of, picture
from users.models import Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def game(make_game: MakeGame, alice: Player, bob: Player) -> Game:
    """A puzzle with one code, which alice won; bob was wrong."""
    game = make_game(codes=2)
    for player, value in ((alice, "elephant"), (bob, "mammoth")):
        submit(Submission(player.pk, game.pk, uuid4(), "", value, timezone.now()))
    return game


def verdicts() -> dict[str, str]:
    return dict(Answer.objects.values_list("player__name", "verdict"))


def confirm(client: Client, game: Game, asked: HttpResponse) -> HttpResponse:
    """Press “Save and grade again”: send what the page holds in hidden inputs."""
    sent = values_in(asked, "ask_form")
    return client.post(page_of(game), sent, follow=True)


def test_changed_grades_are_shown_before_anything_is_saved(
    as_carol: Client, game: Game
) -> None:
    asked = save(
        as_carol, page_of(game), settings_accepted="mammoth", title="Another title"
    )
    page = asked.content.decode()
    assert "2 grades would change" in page
    assert "Players keep the codes they have" in page
    rows = [
        (str(row.player), row.answer, row.before, row.after)
        for row in asked.context["changes"]
    ]
    assert rows == [
        ("Alice", "elephant", "right, 1 point", "wrong, 0 points"),
        ("Bob", "mammoth", "wrong, 0 points", "right, 1 point"),
    ]
    kept = Game.objects.get(pk=game.pk)
    assert (kept.title, kept.settings, kept.seq) == (
        game.title,
        game.settings,
        game.seq,
    )
    assert verdicts() == {"Alice": "right", "Bob": "wrong"}


def test_confirmed_change_grades_again_and_saves_the_rest(
    as_carol: Client, game: Game, alice: Player, bob: Player
) -> None:
    asked = save(
        as_carol,
        page_of(game),
        settings_accepted="mammoth",
        title="Another title",
        picture=picture(),
    )
    response = confirm(as_carol, game, asked)
    assert "2 grades have changed." in response.content.decode()
    assert verdicts() == {"Alice": "wrong", "Bob": "right"}
    game.refresh_from_db()
    assert (game.title, game.settings["accepted"]) == ("Another title", ["mammoth"])
    assert game.picture.storage.exists(game.picture.name)


def test_codes_given_stay_given(
    as_carol: Client, game: Game, alice: Player, bob: Player
) -> None:
    asked = save(as_carol, page_of(game), settings_accepted="mammoth")
    confirm(as_carol, game, asked)
    owners = Code.objects.values_list("player__name", flat=True)
    assert sorted(owners) == ["Alice", "Bob"]


def test_change_of_no_grade_is_saved_at_once(as_carol: Client, game: Game) -> None:
    response = save(as_carol, page_of(game), settings_accepted="elephant\nolifant")
    assert response.status_code == 302
    game.refresh_from_db()
    assert game.settings["accepted"] == ["elephant", "olifant"]


def test_result_entered_before_revealing_asks_nothing(
    as_carol: Client, make_game: MakeGame, alice: Player
) -> None:
    game = make_game("score")
    value = {"home": 1, "away": 0}
    submit(Submission(alice.pk, game.pk, uuid4(), "", value, timezone.now()))
    final = {"settings_final_home": "1", "settings_final_away": "0"}
    assert save(as_carol, page_of(game), **final).status_code == 302
    assert verdicts() == {"Alice": "pending"}


def test_revealed_answer_follows_a_correction(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game(
        state=State.REVEALED,
        revealed={"answer": "elephant"},
        revealed_at=timezone.now(),
    )
    save(as_carol, page_of(game), settings_accepted="mammoth")
    game.refresh_from_db()
    assert game.revealed == {"answer": "mammoth"}


def test_forged_picture_name_is_no_picture(as_carol: Client, game: Game) -> None:
    save(as_carol, page_of(game), **{"picture-kept": "../../etc/passwd"})
    game.refresh_from_db()
    assert not game.picture
