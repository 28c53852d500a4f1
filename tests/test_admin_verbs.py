"""The buttons on a game's page: what they do, ask, refuse and note."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from answers.submission import Submission, submit
from games.admin.verbs import VERBS
from games.models import Code, Game
from games.states import ALLOWED, State
from tests.conftest import client_of
from users.models import Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
GAMES = "/admin/games/game/"


def press(client: Client, game: Game, verb: str, **values: Any) -> HttpResponse:
    """Press the button, say yes if asked, and follow to the next page."""
    url = f"{GAMES}{game.pk}/do/{verb}/"
    return client.post(url, {"confirmed": "yes", **values}, follow=True)


def told(response: HttpResponse) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def state_of(game: Game) -> str:
    return Game.objects.get(pk=game.pk).state


@pytest.mark.parametrize(
    ("before", "verb", "after"),
    [
        (State.DRAFT, "schedule", State.OPEN),
        (State.DRAFT, "open", State.OPEN),
        (State.SCHEDULED, "withdraw", State.DRAFT),
        (State.OPEN, "pause", State.PAUSED),
        (State.PAUSED, "resume", State.OPEN),
        (State.OPEN, "close", State.CLOSED),
        (State.CLOSED, "reveal", State.REVEALED),
        (State.REVEALED, "archive", State.ARCHIVED),
        (State.ARCHIVED, "restore", State.CLOSED),
    ],
)
def test_button_changes_the_state_and_is_noted(
    as_carol: Client, make_game: MakeGame, before: State, verb: str, after: State
) -> None:
    game = make_game("puzzle", before)
    if before == State.ARCHIVED:
        Game.objects.filter(pk=game.pk).update(archived_as=after)
    press(as_carol, game, verb)
    assert state_of(game) == after
    entry = LogEntry.objects.get()
    assert entry.get_change_message() == str(VERBS[verb].done)


def test_every_verb_of_the_states_has_its_button() -> None:
    of_their_own = {"extend", "notify", "take_back_notice"}  # each has a form
    assert set(VERBS) == set(ALLOWED) - of_their_own


@pytest.mark.parametrize("state", State)
def test_page_shows_only_buttons_that_work(
    as_carol: Client, make_game: MakeGame, state: State
) -> None:
    game = make_game(state=state)
    page = as_carol.get(f"{GAMES}{game.pk}/change/").content.decode()
    for verb in VERBS:
        assert (f"/do/{verb}/" in page) == game.allows(verb)
    assert "/do/duplicate/" in page


@pytest.mark.parametrize("verb", ["close", "reveal", "archive"])
def test_heavy_buttons_ask_first(
    as_carol: Client, make_game: MakeGame, verb: str
) -> None:
    game = make_game(state=State.OPEN if verb == "close" else State.CLOSED)
    before = state_of(game)
    page = as_carol.post(f"{GAMES}{game.pk}/do/{verb}/")
    assert str(VERBS[verb].warning)[:40] in page.content.decode()
    assert state_of(game) == before


def test_late_button_is_an_error_message(as_carol: Client, make_game: MakeGame) -> None:
    game = make_game(state=State.CLOSED)
    assert told(press(as_carol, game, "pause")) == [
        "A game that is closed can't do that now."
    ]
    assert not LogEntry.objects.exists()


def test_game_whose_time_is_over_can_not_be_opened(
    as_carol: Client, make_game: MakeGame
) -> None:
    over = timezone.now() - timedelta(minutes=1)
    game = make_game(state=State.DRAFT, closes_at=over)
    response = press(as_carol, game, "open")
    assert told(response) == ["Set a closing time in the future first."]


def test_revealing_gives_winners_their_codes(
    as_carol: Client, alice: Player, make_game: MakeGame
) -> None:
    game = make_game("number", codes=1)
    submit(Submission(alice.pk, game.pk, uuid4(), "", "041", timezone.now()))
    press(as_carol, game, "close")
    press(as_carol, game, "reveal")
    assert Code.objects.get().player == alice


def test_game_without_a_result_can_not_be_revealed(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game("score", State.CLOSED)
    response = press(as_carol, game, "reveal")
    assert told(response)[0].startswith("Close the game and enter the result")
    assert state_of(game) == State.CLOSED


def test_extending_moves_the_closing_time(
    as_carol: Client, make_game: MakeGame
) -> None:
    closes = timezone.now() + timedelta(minutes=5)
    game = make_game(closes_at=closes)
    press(as_carol, game, "extend", minutes="10")
    game.refresh_from_db()
    assert game.closes_at == closes + timedelta(minutes=10)


@pytest.mark.parametrize("minutes", ["", "0", "-5", "10081", "soon", "1e3"])
def test_strange_minutes_are_refused(
    as_carol: Client, make_game: MakeGame, minutes: str
) -> None:
    game = make_game(closes_at=timezone.now() + timedelta(minutes=5))
    response = press(as_carol, game, "extend", minutes=minutes)
    assert told(response) == ["Minutes: a whole number from 1 to 10080."]


def test_copy_is_a_draft_under_a_free_address(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game("choice", State.REVEALED, slug="quiz", codes=3)
    press(as_carol, game, "duplicate")
    response = press(as_carol, game, "duplicate")
    copy = Game.objects.get(slug="quiz-copy-2")
    assert response.redirect_chain[-1][0] == f"{GAMES}{copy.pk}/change/"
    assert (copy.state, copy.rules) == (State.DRAFT, game.rules)
    assert not copy.pools.exists()
    assert Game.objects.filter(slug="quiz-copy").exists()


def test_copy_of_the_longest_address_has_one_too(
    as_carol: Client, make_game: MakeGame
) -> None:
    press(as_carol, make_game(slug="a" * 60), "duplicate")
    assert Game.objects.filter(slug="a" * 55 + "-copy").exists()


def test_unknown_button_and_unknown_game_are_not_found(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game()
    assert as_carol.post(f"{GAMES}{game.pk}/do/explode/").status_code == 404
    assert as_carol.post(f"{GAMES}999/do/pause/").status_code == 404


def test_looking_changes_nothing(as_carol: Client, make_game: MakeGame) -> None:
    game = make_game()
    assert as_carol.get(f"{GAMES}{game.pk}/do/pause/").status_code == 405
    assert state_of(game) == State.OPEN


def test_button_needs_the_token(carol: Player, make_game: MakeGame) -> None:
    client, game = Client(enforce_csrf_checks=True), make_game()
    client.force_login(carol)
    assert client.post(f"{GAMES}{game.pk}/do/pause/").status_code == 403
    assert state_of(game) == State.OPEN


def test_players_have_no_buttons(
    as_alice: Client, mallory: Player, make_game: MakeGame
) -> None:
    game = make_game()
    for client in (as_alice, client_of(mallory), Client()):
        press(client, game, "pause")
    assert state_of(game) == State.OPEN
