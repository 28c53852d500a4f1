"""Staff add and change games of every kind in one form."""

import io
import struct
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zlib import crc32

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from PIL import Image

from games.kinds import kinds
from games.models import Game
from games.states import Access, State
from tests.admin_pages import errors_of, save
from tests.conftest import client_of
from users.models import Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
GAMES = "/admin/games/game/"
ADD = GAMES + "add/"
QUESTION = "settings_questions-"


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def page_of(game: Game) -> str:
    return f"{GAMES}{game.pk}/change/"


def add(client: Client, kind: str, **values: Any) -> HttpResponse:
    said = {"title": "A game", "slug": "a-game"} | values
    return save(client, f"{ADD}?kind={kind}", **said)


def question(number: int, **values: Any) -> dict[str, Any]:
    said = {"type": "single", "points": "1"} | values
    return {f"{QUESTION}{number}-{name}": value for name, value in said.items()}


def picture(size: tuple[int, int] = (30, 20)) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", size, "green").save(out, "PNG")
    return SimpleUploadedFile("shop.png", out.getvalue(), "image/png")


def chunk(name: bytes, data: bytes) -> bytes:
    """A part of a PNG file."""
    check = struct.pack(">I", crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + check


# Adding


def test_adding_begins_with_the_kind(as_carol: Client) -> None:
    page = as_carol.get(ADD).content.decode()
    for kind in kinds().values():
        assert str(kind.label) in page.replace("&#x27;", "'")
        assert f"?kind={kind.name}" in page


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_has_its_form(as_carol: Client, kind: str) -> None:
    page = as_carol.get(f"{ADD}?kind={kind}")
    assert page.status_code == 200
    assert list(page.context["adminform"].form.kind.Settings.model_fields)


def test_unknown_kind_is_asked_again(as_carol: Client) -> None:
    assert "kinds" in as_carol.get(ADD + "?kind=roulette").context


def test_added_game_is_a_draft_with_its_settings(as_carol: Client) -> None:
    response = add(as_carol, "puzzle", settings_accepted="elephant\n ช้าง \n\n")
    game = Game.objects.get()
    assert response.url == page_of(game)
    assert (game.kind, game.state) == ("puzzle", State.DRAFT)
    assert game.settings == {
        "accepted": ["elephant", "ช้าง"],
        "ignore_marks": False,
        "attempts": None,
        "attempts_per": "game",
    }


def test_questions_are_kept_in_the_order_of_the_page(as_carol: Client) -> None:
    rows = question(0, text="Sky?", options="*blue\ngreen") | question(
        7, text="Fun?", type="vote", options="yes\nno"
    )
    add(as_carol, "choice", **{QUESTION + "row": ["7", "0"]}, **rows)
    texts = [one["text"] for one in Game.objects.get().settings["questions"]]
    assert texts == ["Fun?", "Sky?"]


def test_removed_question_is_gone(as_carol: Client, make_game: MakeGame) -> None:
    game = make_game("choice", State.DRAFT)
    save(as_carol, page_of(game), **{QUESTION + "row": ["1"]})
    game.refresh_from_db()
    assert [one["text"] for one in game.settings["questions"]] == ["Is it fun?"]


def test_day_without_a_reward_is_a_day(as_carol: Client) -> None:
    days = {f"settings_days-{row}-{name}": "" for row in "01" for name in ["pool"]}
    days |= {"settings_days-0-coins": "0", "settings_days-1-coins": "5"}
    days |= {"settings_days-row": ["0", "1"], "settings_first_day": "2026-11-01"}
    add(as_carol, "checkin", settings_last_day="2026-11-30", **days)
    assert [day["coins"] for day in Game.objects.get().settings["days"]] == [0, 5]


def test_list_of_names_becomes_the_list_of_players(as_carol: Client) -> None:
    names = {"access": Access.LISTED, "names": "Alice\n bob\nALICE"}
    add(as_carol, "puzzle", settings_accepted="x1", **names)
    assert sorted(
        Game.objects.get().invitations.values_list("name_key", flat=True)
    ) == [
        "alice",
        "bob",
    ]


def test_list_of_a_game_that_is_on_keeps_somebody(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game(access=Access.LISTED)
    game.invite(["Alice"])
    emptied = save(as_carol, page_of(game), names="\u200b")
    assert "Nobody is on the list" in errors_of(emptied)["names"][0]
    everybodys = make_game()
    closed = save(as_carol, page_of(everybodys), access=Access.LISTED)
    assert "Nobody is on the list" in errors_of(closed)["names"][0]
    game.close(timezone.now())
    assert save(as_carol, page_of(game), names="").status_code == 302
    assert not game.invitations.exists()


# What is refused, and where it is said


@pytest.mark.parametrize(
    ("kind", "values", "field", "text"),
    [
        ("puzzle", {}, "settings_accepted", "required"),
        (
            "puzzle",
            {"settings_accepted": "x\n\u200b"},
            "settings_accepted",
            "is empty or",
        ),
        (
            "puzzle",
            {"settings_accepted": "x" * 201},
            "settings_accepted",
            "more than 200",
        ),
        (
            "puzzle",
            {"settings_accepted": "x", "settings_attempts": "0"},
            "settings_attempts",
            "greater than or equal to 1",
        ),
        (
            "number",
            {"settings_digits": "3", "settings_number": "12"},
            "settings_number",
            "must have 3 digits",
        ),
        ("number", {"settings_digits": "11"}, "settings_digits", "less than"),
        (
            "score",
            {"settings_home": "A", "settings_away": "B", "settings_final_home": "1"},
            "settings_final_away",
            "both teams",
        ),
        ("announce", {"settings_winners": "alice"}, "settings_winners", "a comma"),
        ("puzzle", {"slug": "Not A Slug"}, "slug", "Small letters"),
        ("puzzle", {"names": "x" * 41}, "names", "longer than any"),
    ],
)
def test_error_stands_at_its_field(
    as_carol: Client, kind: str, values: Any, field: str, text: str
) -> None:
    response = add(as_carol, kind, **values)
    said = " ".join(errors_of(response)[field])
    assert text in said
    assert "Value error" not in said
    assert not Game.objects.exists()


def test_error_in_a_question_stands_in_its_row(as_carol: Client) -> None:
    rows = question(0, text="Sky?", options="*blue\ngreen") | question(
        1, text="Sea?", options="wet\ndry"
    )
    response = add(as_carol, "choice", **{QUESTION + "row": ["0", "1"]}, **rows)
    assert "settings_questions" in errors_of(response)
    form = response.context["adminform"].form
    first, second = form.fields["settings_questions"].widget.sent.forms
    assert not first.errors
    assert second.errors == {"options": ["Mark exactly one right option with *."]}
    assert "Mark exactly one right option" in response.content.decode()


def test_points_that_nobody_can_reach_are_refused(as_carol: Client) -> None:
    row = question(0, text="Sky?", options="*blue\ngreen")
    many = {"settings_pass_points": "5", QUESTION + "row": ["0"]}
    errors = errors_of(add(as_carol, "choice", **row, **many))
    assert "only 1 points" in errors["settings_pass_points"][0]


def test_game_must_close_after_it_opens(as_carol: Client) -> None:
    times = {"opens_at_0": "2026-12-02", "opens_at_1": "10:00"}
    times |= {"closes_at_0": "2026-12-01", "closes_at_1": "10:00"}
    response = add(as_carol, "puzzle", settings_accepted="x", **times)
    assert errors_of(response) == {"closes_at": ["The game must close after it opens."]}


# Pictures


def test_picture_is_made_small_and_shown(as_carol: Client) -> None:
    upload = picture((2000, 1000))
    add(as_carol, "puzzle", settings_accepted="x", picture=upload)
    game = Game.objects.get()
    with Image.open(game.picture.path) as kept:
        assert (kept.format, kept.size) == ("WEBP", (1600, 800))
    assert game.picture.url in as_carol.get(page_of(game)).content.decode()


def test_what_is_no_picture_is_refused_by_name(as_carol: Client) -> None:
    fake = SimpleUploadedFile("shop.png", b"<svg onload='x'/>", "image/png")
    response = add(as_carol, "puzzle", settings_accepted="x", picture=fake)
    assert errors_of(response)["picture"] == ["shop.png: This is not a picture."]


def test_picture_that_would_fill_the_memory_is_refused(as_carol: Client) -> None:
    size = struct.pack(">II", 60_000, 60_000) + bytes([8, 2, 0, 0, 0])
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"")
    bomb = SimpleUploadedFile("shop.png", content)
    response = add(as_carol, "puzzle", settings_accepted="x", picture=bomb)
    assert "too many pixels" in errors_of(response)["picture"][0]


# Changing


def test_saving_writes_only_what_staff_changed(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game(state=State.OPEN)
    page = as_carol.get(page_of(game))
    assert page.status_code == 200
    Game.objects.get(pk=game.pk).pause(timezone.now())
    save_again = save(as_carol, page_of(game), title="Another title")
    assert save_again.status_code == 302
    game.refresh_from_db()
    assert (game.title, game.state) == ("Another title", State.PAUSED)
    assert game.seq == 2


def test_saving_nothing_broadcasts_nothing(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game()
    assert save(as_carol, page_of(game)).status_code == 302
    game.refresh_from_db()
    assert game.seq == 0


def test_address_of_a_known_game_stays(as_carol: Client, make_game: MakeGame) -> None:
    game = make_game(slug="known")
    save(as_carol, page_of(game), slug="other")
    game.refresh_from_db()
    assert game.slug == "known"


def test_only_untouched_drafts_can_be_deleted(
    as_carol: Client, alice: Player, make_game: MakeGame
) -> None:
    draft, used, live = (
        make_game(state=State.DRAFT),
        make_game(state=State.DRAFT, codes=1),
        make_game(state=State.OPEN),
    )
    code = used.pools.get().codes.get()
    code.player, code.claim, code.given_at = alice, "win", timezone.now()
    code.save()
    for game, status in ((draft, 302), (used, 403), (live, 403)):
        url = f"{GAMES}{game.pk}/delete/"
        assert as_carol.post(url, {"post": "yes"}).status_code == status
    assert set(Game.objects.all()) == {used, live}


def test_of_many_games_those_that_were_played_stay_and_say_why(
    as_carol: Client, alice: Player, make_game: MakeGame
) -> None:
    draft = make_game(state=State.DRAFT, title="Free")
    known = make_game(title="Known")
    played = make_game(state=State.DRAFT, title="Played")
    played.guests.create(player=alice, nickname="Al", nickname_key="al")
    chosen = {"action": "delete_selected", "_selected_action": [draft.pk, known.pk]}
    asked = as_carol.post(GAMES, chosen)
    text = asked.content.decode()
    assert "“Known”: It has been published: archive it instead." in text
    assert [str(one) for one in asked.context["queryset"]] == ["Free"]
    everything = chosen | {"_selected_action": [played.pk, known.pk]}
    told = as_carol.post(GAMES, everything, follow=True).context["messages"]
    assert [str(message) for message in told] == [
        "“Played”: It has been played: archive it instead.",
        "“Known”: It has been published: archive it instead.",
    ]
    sure = chosen | {"_selected_action": [draft.pk], "post": "yes"}
    as_carol.post(GAMES, sure)
    assert set(Game.objects.all()) == {known, played}


def test_page_that_deletes_says_why_a_game_stays(
    as_carol: Client, make_game: MakeGame
) -> None:
    page = as_carol.get(f"{GAMES}{make_game().pk}/delete/")
    assert page.status_code == 403
    assert "It has been published: archive it instead." in page.content.decode()


def test_more_rows_than_a_page_can_name_are_not_deleted_at_once(
    as_carol: Client, make_game: MakeGame
) -> None:
    pool = make_game(codes=1001).pools.get()
    every = {"action": "delete_selected", "select_across": "1"}
    every |= {"_selected_action": [pool.codes.first().pk], "index": "0"}
    page = as_carol.post("/admin/games/code/", every, follow=True)
    assert "choose at most 1000 at a time" in page.content.decode()
    assert pool.codes.count() == 1001


# The list


def test_list_takes_as_many_queries_for_many_games(
    as_carol: Client, make_game: MakeGame, django_assert_num_queries: Any
) -> None:
    make_game(codes=2)
    with django_assert_num_queries(6) as counted:
        as_carol.get(GAMES)
    for _ in range(5):
        make_game("choice", codes=1)
    with django_assert_num_queries(len(counted)):
        page = as_carol.get(GAMES).content.decode()
    assert "2 / 2" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=choice", {"quiz"}),
        ("state__exact=PAUSED", {"riddle"}),
        ("q=QUIZ", {"quiz"}),
        ("access__exact=listed", set()),
    ],
)
def test_list_can_be_narrowed(
    as_carol: Client, make_game: MakeGame, query: str, found: set[str]
) -> None:
    make_game("choice", slug="quiz")
    make_game("puzzle", State.PAUSED, slug="riddle")
    listed = as_carol.get(f"{GAMES}?{query}").context["cl"].result_list
    assert {game.slug for game in listed} == found


# Who may


def test_players_see_nothing_of_the_staff_side(
    as_alice: Client, make_game: MakeGame
) -> None:
    game = make_game(codes=1)
    for path in (GAMES, ADD, page_of(game), f"{GAMES}{game.pk}/preview/"):
        assert as_alice.get(path).status_code == 302


def test_staff_without_the_permission_may_not(bob: Player, make_game: MakeGame) -> None:
    bob.is_staff = True
    bob.save()
    client, game = client_of(bob), make_game(codes=1)
    pool = game.pools.get()
    for path in (GAMES, ADD, page_of(game), f"{GAMES}{game.pk}/preview/"):
        assert client.get(path).status_code == 403
    assert client.get(f"{GAMES}pools/{pool.pk}/import/").status_code == 403
    assert client.post(f"{GAMES}{game.pk}/do/pause/").status_code == 403


def test_draft_can_be_seen_as_a_player_would(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game(state=State.DRAFT, opens_at=timezone.now() + timedelta(days=1))
    page = as_carol.get(f"{GAMES}{game.pk}/preview/")
    assert page.status_code == 200
    assert game.title in page.content.decode()
