"""Two members of staff edit one object: neither undoes the other's change unasked."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from checkins.models import Item
from games.models import Game
from games.states import State
from tests.admin_pages import save, values_in
from tests.conftest import SETTINGS, client_of
from users.models import Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]


@pytest.fixture
def as_dave(db: None) -> Client:
    """A client of dave, who is staff like carol."""
    return client_of(Player.objects.create_superuser("Dave", "correct horse"))


class Opened:
    """A form that is open in somebody's browser."""

    def __init__(self, client: Client, url: str, form_id: str) -> None:
        self.client, self.url = client, url
        self.values = values_in(client.get(url), form_id)

    def save(self, **changes: Any) -> HttpResponse:
        return self.client.post(self.url, self.values | changes | {"_save": "Save"})

    def press(self, asked: HttpResponse, **button: str) -> HttpResponse:
        """Send the form of the confirmation page."""
        values = values_in(asked, "ask_form") | button
        return self.client.post(self.url, values)


def overtaken(response: HttpResponse) -> list[tuple[str, list[str], list[str]]]:
    """The fields on the confirmation page: label, their lines, my lines."""
    assert response.status_code == 200
    return [(f.label, f.now, f.mine) for f in response.context["overtaken"]]


def page_of(game: Game) -> str:
    return f"/admin/games/game/{game.pk}/change/"


def open_game(client: Client, game: Game) -> Opened:
    return Opened(client, page_of(game), "game_form")


# Only the other changed it


def test_corrected_title_leaves_a_new_closing_time(
    as_carol: Client, make_game: MakeGame
) -> None:
    closes = timezone.now() + timedelta(hours=1)
    game = make_game(closes_at=closes)
    mine = open_game(as_carol, game)
    game.extend(60, timezone.now())
    assert mine.save(title="Corrected").status_code == 302
    game.refresh_from_db()
    assert (game.title, game.closes_at) == ("Corrected", closes + timedelta(hours=1))


def test_corrected_title_leaves_a_closed_game_closed(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game(closes_at=timezone.now() + timedelta(hours=1))
    mine = open_game(as_carol, game)
    game.close(timezone.now())
    closed = Game.objects.get(pk=game.pk).closes_at
    mine.save(title="Corrected")
    game.refresh_from_db()
    assert (game.state, game.closes_at) == (State.CLOSED, closed)


@pytest.mark.parametrize(
    ("kind", "sent", "settings"),
    [
        ("puzzle", {"settings_accepted": "mammoth"}, {"accepted": ["mammoth"]}),
        ("number", {"settings_number": "777"}, {"number": "777"}),
        ("score", {"settings_home": "Bears"}, {"home": "Bears"}),
        ("announce", {"settings_winners": "carol, a car"}, None),
        ("checkin", {"settings_days-1-coins": "99"}, None),
        ("choice", {"settings_questions-0-text": "Sea?"}, None),
    ],
)
def test_settings_that_another_saved_stay(
    as_carol: Client,
    as_dave: Client,
    make_game: MakeGame,
    kind: str,
    sent: dict[str, str],
    settings: dict[str, Any] | None,
) -> None:
    game = make_game(kind, State.DRAFT)
    mine = open_game(as_carol, game)
    save(as_dave, page_of(game), **sent)
    theirs = Game.objects.get(pk=game.pk).settings
    assert theirs != game.of_kind.Settings(**SETTINGS[kind]).model_dump(mode="json")
    assert mine.save(title="Corrected").status_code == 302
    game.refresh_from_db()
    assert (game.title, game.settings) == ("Corrected", theirs)
    assert settings is None or settings.items() <= theirs.items()


def test_list_and_access_that_another_saved_stay(
    as_carol: Client, as_dave: Client, make_game: MakeGame
) -> None:
    game = make_game()
    game.invite(["Alice", "Bob"])
    mine = open_game(as_carol, game)
    save(as_dave, page_of(game), access="listed", names="Alice\nSomchai")
    mine.save(title="Corrected")
    game.refresh_from_db()
    names = game.invitations.order_by("pk").values_list("name", flat=True)
    assert (game.access, list(names)) == ("listed", ["Alice", "Somchai"])


def test_different_settings_changed_by_two_are_both_saved(
    as_carol: Client, as_dave: Client, make_game: MakeGame
) -> None:
    game = make_game("score")
    mine = open_game(as_carol, game)
    save(as_dave, page_of(game), settings_home="Bears")
    assert mine.save(settings_away="Wolves").status_code == 302
    game.refresh_from_db()
    assert (game.settings["home"], game.settings["away"]) == ("Bears", "Wolves")


def test_changes_that_contradict_each_other_are_refused_by_field(
    as_carol: Client, as_dave: Client, make_game: MakeGame
) -> None:
    now = timezone.localtime()
    game = make_game(state=State.DRAFT, closes_at=now + timedelta(days=9))
    mine = open_game(as_carol, game)
    sooner = now + timedelta(days=2)
    save(as_dave, page_of(game), closes_at_0=f"{sooner:%Y-%m-%d}")
    later = now + timedelta(days=5)
    response = mine.save(opens_at_0=f"{later:%Y-%m-%d}", opens_at_1="10:00")
    assert "closes_at" in response.context["adminform"].form.errors


def test_price_of_an_item_that_another_saved_stays(
    as_carol: Client, as_dave: Client, make_game: MakeGame
) -> None:
    pool = make_game("checkin", codes=1).pools.get()
    item = Item.objects.create(pool=pool, title="Mug", price=10)
    url = f"/admin/checkins/item/{item.pk}/change/"
    mine = Opened(as_carol, url, "item_form")
    save(as_dave, url, "item_form", price="25", hidden="on")
    assert mine.save(title="Big mug").status_code == 302
    item.refresh_from_db()
    assert (item.title, item.price, item.hidden) == ("Big mug", 25, True)


def test_pool_that_another_renamed_keeps_its_name(
    as_carol: Client, as_dave: Client, make_game: MakeGame
) -> None:
    game = make_game(codes=1)
    mine = open_game(as_carol, game)
    save(as_dave, page_of(game), **{"pools-0-name": "Coffee"})
    mine.save(title="Corrected")
    assert game.pools.get().name == "Coffee"


def test_rights_that_another_gave_stay(
    as_carol: Client, as_dave: Client, alice: Player
) -> None:
    url = f"/admin/users/player/{alice.pk}/change/"
    mine = Opened(as_carol, url, "player_form")
    right = Permission.objects.get(codename="view_game")
    group = Group.objects.create(name="Helpers")
    given = {"groups": [group.pk], "user_permissions": [right.pk], "is_staff": "on"}
    save(as_dave, url, "player_form", **given)
    mine.save(name="Alice B")
    alice.refresh_from_db()
    assert (alice.name, alice.is_staff) == ("Alice B", True)
    assert list(alice.groups.all()) == [group]
    assert list(alice.user_permissions.all()) == [right]


def test_permissions_of_a_group_that_another_saved_stay(
    as_carol: Client, as_dave: Client
) -> None:
    group = Group.objects.create(name="Helpers")
    url = f"/admin/auth/group/{group.pk}/change/"
    mine = Opened(as_carol, url, "group_form")
    right = Permission.objects.get(codename="view_game")
    save(as_dave, url, "group_form", permissions=[right.pk])
    mine.save(name="Support")
    group.refresh_from_db()
    assert (group.name, list(group.permissions.all())) == ("Support", [right])


# Both changed it


def test_field_that_both_changed_is_named_and_nothing_is_saved(
    as_carol: Client, as_dave: Client, make_game: MakeGame
) -> None:
    game = make_game(title="Riddle")
    mine = open_game(as_carol, game)
    save(as_dave, page_of(game), title="Theirs")
    asked = mine.save(title="Mine", text="A text")
    assert overtaken(asked) == [("Title", ["Theirs"], ["Mine"])]
    game.refresh_from_db()
    assert (game.title, game.text) == ("Theirs", "")


@pytest.mark.parametrize(
    ("button", "title"), [({}, "Mine"), ({"keep_theirs": "yes"}, "Theirs")]
)
def test_staff_choose_whose_value_stays_and_the_rest_is_saved(
    as_carol: Client,
    as_dave: Client,
    make_game: MakeGame,
    button: dict[str, str],
    title: str,
) -> None:
    game = make_game()
    mine = open_game(as_carol, game)
    save(as_dave, page_of(game), title="Theirs")
    asked = mine.save(title="Mine", text="A text")
    assert mine.press(asked, **button).status_code == 302
    game.refresh_from_db()
    assert (game.title, game.text) == (title, "A text")


def test_confirmation_does_not_cover_what_was_saved_after_the_question(
    as_carol: Client, as_dave: Client, make_game: MakeGame
) -> None:
    game = make_game()
    mine = open_game(as_carol, game)
    save(as_dave, page_of(game), title="Theirs")
    asked = mine.save(title="Mine")
    save(as_dave, page_of(game), title="Theirs again")
    assert overtaken(mine.press(asked)) == [("Title", ["Theirs again"], ["Mine"])]
    game.refresh_from_db()
    assert game.title == "Theirs again"


def test_only_names_that_differ_are_shown_of_a_list(
    as_carol: Client, as_dave: Client, make_game: MakeGame
) -> None:
    game = make_game()
    game.invite(["Alice", "Bob"])
    mine = open_game(as_carol, game)
    save(as_dave, page_of(game), names="Alice\nBob\nSomchai")
    asked = mine.save(names="Alice\nBob\nMalee")
    assert overtaken(asked) == [("List of players", ["Somchai"], ["Malee"])]


def test_questions_that_both_changed_are_named(
    as_carol: Client, as_dave: Client, make_game: MakeGame
) -> None:
    game = make_game("choice", State.DRAFT)
    mine = open_game(as_carol, game)
    save(as_dave, page_of(game), **{"settings_questions-0-text": "Sea?"})
    asked = mine.save(**{"settings_questions-0-text": "Sun?"})
    [(label, theirs, own)] = overtaken(asked)
    assert label == "Questions"
    assert ("Sea?" in theirs[0], "Sun?" in own[0]) == (True, True)


@pytest.mark.parametrize("name", ["price", "title"])
def test_item_that_both_changed_is_asked_about(
    as_carol: Client, as_dave: Client, make_game: MakeGame, name: str
) -> None:
    pool = make_game("checkin", codes=1).pools.get()
    item = Item.objects.create(pool=pool, title="Mug", price=10)
    url = f"/admin/checkins/item/{item.pk}/change/"
    mine = Opened(as_carol, url, "item_form")
    save(as_dave, url, "item_form", **{name: "25"})
    asked = mine.save(**{name: "30"})
    assert [row[1:] for row in overtaken(asked)] == [(["25"], ["30"])]
    mine.press(asked)
    item.refresh_from_db()
    assert str(getattr(item, name)) == "30"


def test_pool_that_both_renamed_is_asked_about(
    as_carol: Client, as_dave: Client, make_game: MakeGame
) -> None:
    game = make_game(codes=1)
    mine = open_game(as_carol, game)
    save(as_dave, page_of(game), **{"pools-0-name": "Coffee"})
    asked = mine.save(**{"pools-0-name": "Tea"})
    assert overtaken(asked) == [("Name", ["Coffee"], ["Tea"])]
    assert game.pools.get().name == "Coffee"
    mine.press(asked)
    assert game.pools.get().name == "Tea"


def test_same_change_by_both_needs_no_confirmation(
    as_carol: Client, as_dave: Client, make_game: MakeGame
) -> None:
    game = make_game()
    mine = open_game(as_carol, game)
    save(as_dave, page_of(game), title="Corrected")
    assert mine.save(title="Corrected").status_code == 302


def test_invalid_form_remembers_what_it_showed_first(
    as_carol: Client, as_dave: Client, make_game: MakeGame
) -> None:
    game = make_game()
    mine = open_game(as_carol, game)
    save(as_dave, page_of(game), text="Theirs")
    mine.values = values_in(mine.save(title=""), "game_form")
    mine.save(title="Corrected")
    game.refresh_from_db()
    assert (game.title, game.text) == ("Corrected", "Theirs")


@pytest.mark.parametrize("opened", ["", "{", "[]", "7", '{"title": 7}', "[" * 9000])
def test_broken_opened_field_is_no_error(
    as_carol: Client, make_game: MakeGame, opened: str
) -> None:
    game = make_game()
    response = open_game(as_carol, game).save(opened=opened, title="Corrected")
    assert response.status_code in (200, 302)


def test_text_with_line_breaks_is_unchanged_by_opening_and_saving(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game(text="One\nTwo  ")
    open_game(as_carol, game).save(title="Corrected")
    game.refresh_from_db()
    assert game.text == "One\nTwo  "


def test_game_deleted_meanwhile_is_no_error(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game(state=State.DRAFT)
    mine = open_game(as_carol, game)
    game.delete()
    assert mine.save(title="Corrected").status_code == 302


# At the same moment


def wait_until_another_waits_for_us() -> None:
    """Wait until another connection waits for a lock of this transaction."""
    waiting = (
        "SELECT 1 FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )
    while connection.vendor == "postgresql":  # on SQLite the other begins after us
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone():
                return


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("mine", "asks"), [({"text": "A text"}, False), ({"title": "Mine"}, True)]
)
def test_save_that_is_overtaken_while_it_waits_checks_again(
    as_carol: Client, make_game: MakeGame, mine: dict[str, str], asks: bool
) -> None:
    game = make_game()
    opened = open_game(as_carol, game)

    def save_mine() -> HttpResponse:
        try:
            return opened.save(**mine)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            Game.objects.filter(pk=game.pk).update(title="Theirs")
            saving = threads.submit(save_mine)
            wait_until_another_waits_for_us()
        response = saving.result()
    game.refresh_from_db()
    assert game.title == "Theirs"
    assert (response.status_code == 200) is asks
    assert asks or game.text == "A text"
