"""Check-ins and owed codes in the admin."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from checkins.checkin import CheckInRequest, check_in
from checkins.models import CheckIn
from games.models import Backorder, Game
from tests.conftest import SETTINGS, client_of
from tests.tables import look_at, say, upload
from users.models import Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
CHECKINS = "/admin/checkins/checkin/"
OWED = "/admin/games/backorder/"
DAY = timedelta(days=1)


def visit(player: Player, game: Game, days_ago: int = 0) -> CheckIn:
    at = timezone.now() - days_ago * DAY
    check_in(CheckInRequest(player.pk, game.pk, uuid4(), at))
    return CheckIn.objects.latest("pk")


def found(client: Client, url: str = CHECKINS, **query: Any) -> list[Any]:
    return list(client.get(url, query).context["cl"].result_list)


@pytest.fixture
def daily(make_game: MakeGame) -> Game:
    """Two days, a mug for each and a cap for both; no codes yet."""
    settings = SETTINGS["checkin"] | {
        "days": [{"pool": "Mug", "coins": 5}, {"pool": "Mug"}],
        "completed_pool": "Cap",
    }
    opened = timezone.now() - 30 * DAY
    return make_game("checkin", settings=settings, opens_at=opened)


# Check-ins


def test_code_is_owed_until_there_is_one(
    as_carol: Client, alice: Player, daily: Game
) -> None:
    row = visit(alice, daily)
    page_of = f"{CHECKINS}{row.pk}/change/"
    for url in (CHECKINS, page_of):
        assert ">owed<" in as_carol.get(url).content.decode()
    daily.pools.get(name="Mug").add(["MUG-1"])
    for url in (CHECKINS, page_of):
        page = as_carol.get(url).content.decode()
        assert "MUG-1" in page
        assert ">owed<" not in page


def test_code_for_all_days_stands_with_the_last(
    as_carol: Client, alice: Player, daily: Game
) -> None:
    for name in ("Mug", "Cap"):
        daily.pools.create(name=name).add([f"{name}-1", f"{name}-2"])
    for days_ago in (1, 0):
        visit(alice, daily, days_ago)
    last, first = found(as_carol)
    assert (first.day_code, first.all_days_code) == ("Mug-1", "")
    assert (last.day_code, last.all_days_code) == ("Mug-2", "Cap-1")


def test_check_ins_are_found_by_player_game_and_date(
    as_carol: Client, alice: Player, bob: Player, daily: Game, make_game: MakeGame
) -> None:
    other = make_game("checkin")
    mine, old = visit(alice, daily), visit(bob, daily, days_ago=9)
    elsewhere = visit(bob, other)
    assert found(as_carol, q="ＡＬＩＣＥ") == [mine]
    assert found(as_carol, game__id__exact=other.pk) == [elsewhere]
    assert found(as_carol, game__id__exact=make_game("checkin").pk) == []
    assert found(as_carol, date__lt=str(mine.date)) == [old]
    on = {"date__year": old.date.year, "date__month": old.date.month}
    assert old in found(as_carol, **on, date__day=old.date.day)


def test_list_takes_as_many_queries_for_many_rows(
    as_carol: Client, daily: Game, django_assert_num_queries: Any
) -> None:
    def more(count: int) -> None:
        for _ in range(count):
            player = Player.objects.create_user(f"Player {Player.objects.count()}")
            for days_ago in (1, 0):
                visit(player, daily, days_ago)

    more(1)
    as_carol.get(CHECKINS)
    with django_assert_num_queries(9):
        as_carol.get(CHECKINS)
    more(8)
    with django_assert_num_queries(9):
        assert as_carol.get(CHECKINS).status_code == 200


def test_check_ins_are_only_read(as_carol: Client, alice: Player, daily: Game) -> None:
    page = f"{CHECKINS}{visit(alice, daily).pk}/"
    assert as_carol.post(page + "change/", {"coins": "9"}).status_code == 403
    assert as_carol.post(page + "delete/", {"post": "yes"}).status_code == 403
    assert as_carol.get(CHECKINS + "add/").status_code == 403


def test_players_and_staff_without_the_permission_see_none(
    as_alice: Client, bob: Player
) -> None:
    bob.is_staff = True
    bob.save()
    for url in (CHECKINS, OWED):
        assert as_alice.get(url).status_code == 302
        assert client_of(bob).get(url).status_code == 403


# Codes that are owed


def test_owed_codes_are_listed_until_they_are_paid(
    as_carol: Client, alice: Player, bob: Player, daily: Game
) -> None:
    for player in (alice, bob):
        visit(player, daily)
    assert [owed.player for owed in found(as_carol, OWED)] == [alice, bob]
    assert [owed.player for owed in found(as_carol, OWED, q="BOB")] == [bob]
    mug = daily.pools.get(name="Mug")
    assert f"/pools/{mug.pk}/import/" in as_carol.get(OWED).content.decode()
    mug.add(["MUG-1"])
    assert [owed.player for owed in found(as_carol, OWED)] == [bob]


def test_import_says_how_many_codes_went_to_who_waited(
    as_carol: Client, alice: Player, bob: Player, daily: Game
) -> None:
    for player in (alice, bob):
        visit(player, daily)
    look = look_at(as_carol, daily.pools.get(name="Mug"), upload("c.txt", "M1\nM2\nM3"))
    report = say(as_carol, look, **{"import": "yes"}).context["report"]
    assert (report.added, report.to_waiting) == (3, 2)


def test_owed_codes_are_only_read(
    as_carol: Client, alice: Player, daily: Game, django_assert_max_num_queries: Any
) -> None:
    visit(alice, daily)
    page = f"{OWED}{Backorder.objects.get().pk}/"
    assert as_carol.post(page + "delete/", {"post": "yes"}).status_code == 403
    assert as_carol.get(OWED + "add/").status_code == 403
    with django_assert_max_num_queries(9):
        as_carol.get(OWED)
