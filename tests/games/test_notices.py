"""Notices: messages from staff to everybody in a game, until they end."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from core.refusals import Refused
from games.models import Game
from games.states import PUBLISHED, State
from tests.conftest import client_of
from tests.stack import Stack
from users.models import Player

MakeGame = Callable[..., Game]
MINUTE = timedelta(minutes=1)
HURRY = "Two minutes left!"

# The rule


def test_notice_is_in_force_until_its_moment(make_game: MakeGame) -> None:
    game, now = make_game(), timezone.now()
    game.notify(HURRY, now + MINUTE)
    until = int((now + MINUTE).timestamp() * 1000)
    assert game.notice_at(now) == {"text": HURRY, "until": until}
    assert game.notice_at(now + MINUTE) is None


def test_new_notice_takes_the_place_of_the_last(make_game: MakeGame) -> None:
    game, now = make_game(), timezone.now()
    game.notify("One", now + MINUTE)
    game.notify("Two", now + 2 * MINUTE)
    notice = Game.objects.get(pk=game.pk).notice_at(now + MINUTE)
    assert notice
    assert notice["text"] == "Two"


def test_notice_taken_back_is_over_at_once(make_game: MakeGame) -> None:
    game, now = make_game(), timezone.now()
    game.notify(HURRY, now + MINUTE)
    game.take_back_notice()
    assert Game.objects.get(pk=game.pk).notice_at(now) is None


@pytest.mark.parametrize("text", ["", " \n ", "x" * 301, "a\x00b", "a\x1bb"])
def test_strange_text_is_refused_by_name(make_game: MakeGame, text: str) -> None:
    game = make_game()
    with pytest.raises(Refused) as refused:
        game.notify(text, timezone.now() + MINUTE)
    assert (refused.value.code, refused.value.field) == ("invalid", "text")
    assert Game.objects.get(pk=game.pk).seq == 0


@pytest.mark.parametrize("text", ["x" * 300, "อีก 2 นาที 👩‍🚀", "a\r\nb", "<b>5 < 7</b>"])
def test_any_plain_text_is_kept_as_typed(make_game: MakeGame, text: str) -> None:
    game = make_game()
    game.notify(f" {text} ", timezone.now() + MINUTE)
    assert Game.objects.get(pk=game.pk).notice == text.replace("\r", "")


@pytest.mark.parametrize("fields", [{"notice": "x"}, {"notice_until": timezone.now()}])
def test_text_and_end_come_together(make_game: MakeGame, fields: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_game(**fields)


# Over HTTP


@pytest.mark.usefixtures("runs_servers")
def test_game_says_its_notice_over_http_and_in_a_batch(
    client: Client, make_game: MakeGame, django_capture_on_commit_callbacks: Any
) -> None:
    game = make_game(slug="one")
    assert client.get("/api/games/one").json()["notice"] is None
    with django_capture_on_commit_callbacks(execute=True):
        game.notify(HURRY, timezone.now() + MINUTE)
    single = client.get("/api/games/one").json()
    asked = {"requests": [{"type": "game", "id": "one"}]}
    batch = client.post("/api/batch", asked, content_type="application/json").json()
    assert single["notice"]["text"] == HURRY
    assert batch["results"][0]["data"] == single


def test_shared_page_is_the_same_with_and_without(
    client: Client, make_game: MakeGame, django_capture_on_commit_callbacks: Any
) -> None:
    game = make_game()
    before = client.get(f"/games/{game.slug}/").content
    with django_capture_on_commit_callbacks(execute=True):
        game.notify(HURRY, timezone.now() + MINUTE)
    assert client.get(f"/games/{game.slug}/").content == before


# Staff


def page_of(game: Game) -> str:
    return f"/admin/games/game/{game.pk}/change/"


def notify(client: Client, game: Game, **values: Any) -> HttpResponse:
    """Send the form on the game's page, and follow to the next page."""
    sent = {"text": HURRY, "minutes": "10", **values}
    return client.post(f"/admin/games/game/{game.pk}/do/notify/", sent, follow=True)


def told(response: HttpResponse) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_staff_write_a_notice_for_some_minutes(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game()
    response = notify(as_carol, game)
    assert told(response) == ["Players see the message."]
    assert HURRY in response.content.decode()
    game.refresh_from_db()
    assert game.notice_until
    left = game.notice_until - timezone.now()
    assert 9 * MINUTE < left <= 10 * MINUTE


def test_staff_take_a_notice_back(as_carol: Client, make_game: MakeGame) -> None:
    game = make_game()
    assert "Take it back" in notify(as_carol, game).content.decode()
    url = f"/admin/games/game/{game.pk}/do/take-back/"
    response = as_carol.post(url, follow=True)
    assert told(response) == ["The message is taken back."]
    assert "Take it back" not in response.content.decode()


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"text": ""}, "Message: 1 to 300 characters."),
        ({"text": "x" * 301}, "Message: 1 to 300 characters."),
        ({"minutes": "0"}, "Minutes: a whole number from 1 to 10080."),
        ({"minutes": "soon"}, "Minutes: a whole number from 1 to 10080."),
    ],
)
def test_form_says_what_is_wrong(
    as_carol: Client, make_game: MakeGame, values: dict[str, str], complaint: str
) -> None:
    game = make_game()
    assert told(notify(as_carol, game, **values)) == [complaint]
    assert not Game.objects.get(pk=game.pk).notice


@pytest.mark.parametrize("state", State)
def test_form_is_there_while_players_see_the_game(
    as_carol: Client, make_game: MakeGame, state: State
) -> None:
    page = as_carol.get(page_of(make_game(state=state))).content.decode()
    assert ("/do/notify/" in page) == (state in PUBLISHED)


def test_markup_is_text_on_the_staff_side(
    as_carol: Client, make_game: MakeGame
) -> None:
    page = notify(as_carol, make_game(), text="<script>x</script>").content.decode()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


def test_only_staff_write_notices(
    as_alice: Client, mallory: Player, make_game: MakeGame
) -> None:
    game = make_game()
    for client in (as_alice, client_of(mallory), Client()):
        notify(client, game)
    assert not Game.objects.get(pk=game.pk).notice


# On the socket

NOTIFY = (
    "game = Game.objects.get(slug=given['slug'])\n"
    "game.notify(given['text'], now + timedelta(seconds=given['seconds']))"
)


def say(stack: Stack, slug: str, text: str = HURRY, seconds: float = 60) -> None:
    stack.run(NOTIFY, slug=slug, text=text, seconds=seconds)


async def test_notice_is_heard_in_every_process_and_by_who_comes_later(
    on_postgres: Stack,
) -> None:
    slug = on_postgres.make_game("puzzle", {"accepted": ["x"]})
    async with (
        on_postgres.socket(slug, process=0) as one,
        on_postgres.socket(slug, process=1) as other,
    ):
        for player in (one, other):
            assert (await player.hear("welcome"))["notice"] is None
        say(on_postgres, slug)
        heard = [await player.hear("notice", within=2) for player in (one, other)]
        assert heard[0] == heard[1]
        assert set(heard[0]) == {"type", "seq", "text", "until"}
        async with on_postgres.socket(slug, process=1) as late:
            said = (await late.hear("welcome"))["notice"]
            assert said == {"text": HURRY, "until": heard[0]["until"]}
        assert (await one.ask("resync"))["notice"] == said


async def test_notice_taken_back_is_said_without_a_text(on_postgres: Stack) -> None:
    slug = on_postgres.make_game("puzzle", {"accepted": ["x"]})
    take_back = "Game.objects.get(slug=given['slug']).take_back_notice()"
    async with on_postgres.socket(slug) as player:
        await player.hear("tally", here=1)
        say(on_postgres, slug)
        await player.hear("notice", text=HURRY)
        on_postgres.run(take_back, slug=slug)
        gone = await player.hear("notice")
        assert (gone["text"], gone["until"]) == ("", None)
        assert (await player.ask("resync"))["notice"] is None


async def test_notice_that_is_over_is_in_no_welcome_and_costs_no_frame(
    on_postgres: Stack,
) -> None:
    slug, elsewhere = (
        on_postgres.make_game("puzzle", {"accepted": ["x"]}) for _game in range(2)
    )
    async with on_postgres.socket(slug) as player:
        await player.hear("tally", here=1)
        say(on_postgres, slug, seconds=1)
        notice = await player.hear("notice")
        while True:  # until it is over by the server's clock
            welcome = await player.ask("resync")
            if welcome["now"] > notice["until"]:
                break
            async with on_postgres.socket(elsewhere) as other:
                await other.hear("tally", here=1)  # within a second
        assert welcome["notice"] is None
        assert welcome["seq"] == notice["seq"]
    assert not [frame for frame in player.frames if frame["type"] == "game"]


async def test_notice_that_redis_lost_is_made_up_for(on_postgres: Stack) -> None:
    slug = on_postgres.make_game("puzzle", {"accepted": ["x"]})
    async with on_postgres.socket(slug) as player:
        await player.hear("tally", here=1)
        # As if the message had been lost: the change alone, without its broadcast.
        on_postgres.run(
            "from django.db.models import F\n"
            "Game.objects.filter(slug=given['slug']).update(notice='Hurry', "
            "notice_until=now + timedelta(minutes=1), seq=F('seq') + 1)",
            slug=slug,
        )
        frame = await player.hear("game", within=6)
    assert frame["notice"]["text"] == "Hurry"
