"""The buttons on a game's page: what they do, ask, refuse and log."""

import re
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
from tests.admin_pages import errors_of, values_in
from tests.conftest import client_of
from users.models import Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
GAMES = "/admin/games/game/"


def press(client: Client, game: Game, verb: str, **values: Any) -> HttpResponse:
    """Press the button, confirm if asked, and follow to the next page."""
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
    assert entry.get_change_message() == str(VERBS[verb].success)


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
        "This can’t be done while the game is closed."
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


@pytest.mark.parametrize(
    "verb", ["pause", "close", "extend", "notify", "take-back", "duplicate"]
)
def test_address_of_a_button_leads_to_its_page_and_does_nothing(
    as_carol: Client, make_game: MakeGame, verb: str
) -> None:
    game = make_game(closes_at=timezone.now() + timedelta(hours=1))
    response = as_carol.get(f"{GAMES}{game.pk}/do/{verb}/", follow=True)
    assert response.redirect_chain[-1][0] == f"{GAMES}{game.pk}/change/"
    assert told(response) == ["Nothing was done: press the button on this page."]
    game.refresh_from_db()
    assert (game.state, game.seq, Game.objects.count()) == (State.OPEN, 0, 1)


def test_address_of_signing_out_leads_to_the_staff_side(as_carol: Client) -> None:
    assert as_carol.get("/admin/logout/", follow=True).status_code == 200
    assert "_auth_user_id" in as_carol.session


# Edits that aren't saved yet


def press_with_form(
    client: Client, game: Game, verb: str, **changes: Any
) -> HttpResponse:
    """Change these values on the game's page and press the button, without a script."""
    sent = values_in(client.get(f"{GAMES}{game.pk}/change/"), "game_form") | changes
    return client.post(f"{GAMES}{game.pk}/do/{verb}/", sent, follow=True)


@pytest.mark.parametrize(
    ("before", "verb", "after"),
    [
        (State.DRAFT, "schedule", State.OPEN),
        (State.OPEN, "pause", State.PAUSED),
        (State.SCHEDULED, "withdraw", State.DRAFT),
    ],
)
def test_button_saves_what_stands_in_the_form(
    as_carol: Client, make_game: MakeGame, before: State, verb: str, after: State
) -> None:
    game = make_game(state=before)
    edits = {"settings_accepted": "mammoth", "title": "Corrected"}
    response = press_with_form(as_carol, game, verb, **edits)
    assert told(response) == ["Your changes are saved.", str(VERBS[verb].success)]
    game.refresh_from_db()
    assert (game.state, game.title) == (after, "Corrected")
    assert game.settings["accepted"] == ["mammoth"]


def test_button_that_asks_has_saved_before_it_asks(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game()
    page = press_with_form(as_carol, game, "close", title="Corrected")
    assert str(VERBS["close"].warning)[:40] in page.content.decode()
    assert "Your changes are saved." in page.content.decode()
    game.refresh_from_db()
    assert (game.state, game.title) == (State.OPEN, "Corrected")


def test_button_with_an_unchanged_form_is_the_button_alone(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game(codes=1)
    game.invite(["Alice"])
    response = press_with_form(as_carol, game, "pause")
    assert told(response) == [str(VERBS["pause"].success)]
    assert LogEntry.objects.get().get_change_message() == str(VERBS["pause"].success)


def test_button_with_a_form_that_is_wrong_does_nothing_and_says_so(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game()
    page = press_with_form(as_carol, game, "pause", title="")
    assert "title" in errors_of(page)
    assert told(page) == ["“Pause” was not done, and nothing is saved yet."]
    assert f'action="{GAMES}{game.pk}/change/"' in page.content.decode()
    assert state_of(game) == State.OPEN


def test_button_with_a_change_that_is_asked_about_goes_on_after_the_yes(
    as_carol: Client, make_game: MakeGame, alice: Player
) -> None:
    game = make_game()
    submit(Submission(alice.pk, game.pk, uuid4(), "", "mammoth", timezone.now()))
    asked = press_with_form(as_carol, game, "pause", settings_accepted="mammoth")
    assert state_of(game) == State.OPEN
    sent = values_in(asked, "ask_form")
    as_carol.post(f"{GAMES}{game.pk}/do/pause/", sent)
    game.refresh_from_db()
    assert (game.state, game.settings["accepted"]) == (State.PAUSED, ["mammoth"])


def test_extending_and_telling_save_the_form_too(
    as_carol: Client, make_game: MakeGame
) -> None:
    closes = timezone.now() + timedelta(minutes=5)
    game = make_game(closes_at=closes)
    press_with_form(as_carol, game, "extend", title="One", extend_minutes="10")
    said = {"notice_text": "Hurry!", "notice_minutes": "10"}
    press_with_form(as_carol, game, "notify", text="A text", **said)
    game.refresh_from_db()
    assert (game.title, game.text, game.notice) == ("One", "A text", "Hurry!")
    assert game.closes_at == closes + timedelta(minutes=10)


def test_copy_is_of_the_form_as_it_stands(
    as_carol: Client, make_game: MakeGame
) -> None:
    press_with_form(as_carol, make_game(), "duplicate", title="Corrected")
    assert list(Game.objects.values_list("title", flat=True)) == ["Corrected"] * 2


def test_message_that_was_not_sent_is_told(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game()
    response = press_with_form(as_carol, game, "pause", notice_text="Hurry!")
    assert "Your message was not shown to players: Hurry!" in told(response)


def test_button_belongs_to_the_form_and_enter_saves(
    as_carol: Client, make_game: MakeGame
) -> None:
    """Without a script: a form's first button is what Enter presses in it."""
    page = as_carol.get(f"{GAMES}{make_game().pk}/change/").content.decode()
    buttons = re.findall(r"<button[^>]*form=\"game_form\"[^>]*>", page)
    assert 'name="_continue"' in buttons[0]
    assert all("formaction=" in button for button in buttons[1:])
    assert len(buttons) > 3


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
