"""A guest who signs in or up keeps what they have, once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from answers import receipts
from answers.models import Answer
from answers.results import reveal
from answers.submission import Submission, submit
from checkins.checkin import CheckInRequest, check_in
from checkins.models import CheckIn, Item, Redemption
from checkins.shop import Purchase, redeem, void
from core.refusals import Refused
from gameproject.management.commands.audit import RULES
from games.models import Game, Guest, Winner
from live.welcome import states_in
from tests.conftest import PASSWORD
from users.guests import join
from users.models import CoinEntry, Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
DAYS = {
    "first_day": "2026-01-01",
    "last_day": "2030-12-31",
    "days": [{"coins": 10, "pool": "Mug"}, {"coins": 20}],
}


@pytest.fixture
def puzzle(make_game: MakeGame) -> Game:
    return make_game(codes=9)


@pytest.fixture
def daily(make_game: MakeGame) -> Game:
    game = make_game("checkin", settings=DAYS)
    game.pools.create(name="Mug").add(["M-1"])
    game.pools.create(name="Cap").add(["C-1", "C-2", "C-3"])
    return game


@pytest.fixture
def cap(daily: Game) -> Item:
    pool = daily.pools.get(name="Cap")
    return Item.objects.create(pool=pool, title="Cap", price=4, limit=2)


def joined(client: Client, *games: Game, nickname: str = "Lucky") -> Player:
    """The guest of this browser."""
    for game in games:
        said = client.post(f"/games/{game.slug}/join/", {"nickname": nickname}, **OURS)
        assert said.status_code == 302, said.content
    return Player.objects.get(pk=client.session["_auth_user_id"])


OURS: Any = {"headers": {"Origin": "http://testserver"}}


def sign_up(client: Client, name: str = "Zoe") -> Player:
    data = {"name": name, "password": PASSWORD}
    assert client.post(reverse("sign-up"), data).status_code == 302
    return Player.objects.get(name=name)


def sign_in(client: Client, player: Player) -> Player:
    data = {"username": player.name, "password": PASSWORD}
    assert client.post(reverse("login"), data).status_code == 302
    assert client.session["_auth_user_id"] == str(player.pk)
    player.refresh_from_db()
    return player


def answer(player: Player, game: Game, value: Any = "elephant") -> dict[str, Any]:
    now = timezone.now()
    return submit(Submission(player.pk, game.pk, uuid4(), "", value, now))


def visit(player: Player, game: Game) -> dict[str, Any]:
    return check_in(CheckInRequest(player.pk, game.pk, uuid4(), timezone.now()))


def buy(player: Player, game: Game, item: Item) -> dict[str, Any]:
    return redeem(Purchase(player.pk, game.pk, item.pk, uuid4(), timezone.now()))


def mine(game: Game, player: Player) -> dict[str, Any]:
    return states_in(game, [player])[player.pk].mine


def codes(game: Game, player: Player) -> list[str]:
    return [one["code"] for one in mine(game, player)["codes"]]


def assert_audit_is_clean() -> None:
    found = [rule.check() for rule in RULES]
    assert [one.says for one in found if one.fails] == []


def play_all(guest: Player, puzzle: Game, daily: Game, cap: Item) -> str:
    """Win a code, do a day with a code, and buy something; the code won."""
    code: str = answer(guest, puzzle)["code"]
    visit(guest, daily)
    buy(guest, daily, cap)
    return code


def assert_has_all(player: Player, code: str, puzzle: Game, daily: Game) -> None:
    player.refresh_from_db()
    assert player.coins == 6
    assert codes(puzzle, player) == [code]
    assert set(codes(daily, player)) == {"M-1", "C-1"}
    assert mine(puzzle, player)["answers"][0]["verdict"] == "right"
    assert mine(daily, player)["checkins"]["done"] == 1
    assert [one["title"] for one in mine(daily, player)["purchases"]] == ["Cap"]


@pytest.mark.parametrize("how", ["up", "in", "in, having played elsewhere"])
def test_all_a_guest_has_goes_along(
    client: Client,
    make_game: MakeGame,
    alice: Player,
    carol: Player,
    puzzle: Game,
    daily: Game,
    cap: Item,
    how: str,
) -> None:
    guest = joined(client, puzzle, daily)
    code = play_all(guest, puzzle, daily, cap)
    receipt = receipts.make(Answer.objects.get())["hmac"]
    if "elsewhere" in how:
        answer(alice, make_game())
    player = sign_up(client) if how == "up" else sign_in(client, alice)
    assert_has_all(player, code, puzzle, daily)
    assert code in client.get("/me/").content.decode()
    assert receipts.is_genuine(Answer.objects.get(game=puzzle), receipt)
    # What the guest has won can't be won again.
    assert answer(player, puzzle)["status"] == "duplicate"
    assert visit(player, daily)["status"] == "already"
    assert_has_all(player, code, puzzle, daily)
    buy(player, daily, cap)
    CoinEntry.objects.adjust(player.pk, 50, "a gift", carol, timezone.now())
    with pytest.raises(Refused, match="limit_reached"):
        buy(player, daily, cap)
    assert_audit_is_clean()


def test_guest_who_signed_in_is_nobodys_and_joins_once(
    client: Client, alice: Player, bob: Player, puzzle: Game
) -> None:
    guest = joined(client, puzzle)
    code = answer(guest, puzzle)["code"]
    sign_in(client, alice)
    with pytest.raises(Refused, match="not_signed_in"):
        answer(guest, puzzle)
    join(guest, bob, timezone.now())
    guest.refresh_from_db()
    assert (guest.account, codes(puzzle, bob)) == (alice, [])
    assert codes(puzzle, alice) == [code]


def test_sign_up_under_a_taken_name_leaves_the_guest_as_it_was(
    client: Client, alice: Player, puzzle: Game
) -> None:
    guest = joined(client, puzzle)
    said = client.post(reverse("sign-up"), {"name": "Alice", "password": PASSWORD})
    assert "taken" in said.content.decode()
    assert Player.objects.get(pk=guest.pk).is_guest
    assert client.session["_auth_user_id"] == str(guest.pk)


def test_days_that_are_owed_a_code_go_along(
    client: Client, alice: Player, daily: Game
) -> None:
    daily.pools.get(name="Mug").codes.all().delete()
    guest = joined(client, daily)
    assert visit(guest, daily)["reward"]["pending"]
    sign_in(client, alice)
    daily.pools.get(name="Mug").add(["M-9"])
    assert codes(daily, alice) == ["M-9"]
    assert_audit_is_clean()


def test_names_on_lists_go_along(
    client: Client, make_game: MakeGame, alice: Player, puzzle: Game
) -> None:
    guest = joined(client, puzzle)
    game = make_game("announce", settings={"winners": ["Lucky, a mug"]})
    Winner.objects.make_for(game)
    game.winners.get().bind(guest.pk)
    sign_in(client, alice)
    game.winners.get().bind(guest.pk)  # as a page said that was opened before
    assert mine(game, alice)["lines"] == [{"name": "Lucky", "prize": "a mug"}]
    assert "a mug" in client.get("/me/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_guest_who_signs_in_twice_at_once_joins_once(
    alice: Player, bob: Player, puzzle: Game
) -> None:
    guest = Guest.objects.admit(puzzle.pk, None, "Lucky").player
    code = answer(guest, puzzle)["code"]

    def sign_in_as(account: Player) -> None:
        join(guest, account, timezone.now())
        connection.close()

    with ThreadPoolExecutor(2) as both:
        list(both.map(sign_in_as, (alice, bob)))
    assert sorted([*codes(puzzle, alice), *codes(puzzle, bob)]) == [code]
    assert_audit_is_clean()


# Both have played


def test_code_won_where_both_have_played_is_the_accounts_and_the_only_one(
    client: Client, alice: Player, puzzle: Game
) -> None:
    answer(alice, puzzle, "mouse")
    guest = joined(client, puzzle)
    code = answer(guest, puzzle)["code"]
    sign_in(client, alice)
    assert codes(puzzle, alice) == [code]
    assert answer(alice, puzzle)["code"] == code
    shown = client.get("/me/").content.decode()
    assert "as the guest Lucky" in shown
    assert_audit_is_clean()


def test_where_both_have_won_each_code_stays_and_is_shown(
    client: Client, as_carol: Client, alice: Player, puzzle: Game
) -> None:
    own = answer(alice, puzzle)["code"]
    guest = joined(client, puzzle)
    other = answer(guest, puzzle)["code"]
    sign_in(client, alice)
    assert codes(puzzle, alice) == [own]
    shown = client.get("/me/").content.decode()
    assert own in shown
    assert other in shown
    assert "as a guest and with this account" in shown
    page = reverse("admin:users_player_change", args=[alice.pk])
    assert "Lucky</a> (guest)" in as_carol.get(page).content.decode()
    assert_audit_is_clean()


def test_day_that_the_guest_did_is_done_for_the_account_too(
    client: Client, alice: Player, daily: Game, cap: Item
) -> None:
    visit(alice, daily)
    CheckIn.objects.update(date="2026-01-01")
    guest = joined(client, daily)
    visit(guest, daily)
    buy(guest, daily, cap)
    sign_in(client, alice)
    assert (alice.coins, visit(alice, daily)["status"]) == (16, "already")
    assert Redemption.objects.get().player == alice
    buy(alice, daily, cap)
    numbers = Redemption.objects.order_by("pk").values_list("number", flat=True)
    assert list(numbers) == [1, 2]


def test_one_of_two_answers_wins_on_reveal(
    client: Client, make_game: MakeGame, alice: Player
) -> None:
    game = make_game("number", codes=3)
    answer(alice, game, "042")
    guest = joined(client, game)
    answer(guest, game, "042")
    sign_in(client, alice)
    game.refresh_from_db()
    game.close(timezone.now())
    reveal(game, timezone.now())
    assert game.pools.get().codes.exclude(player=None).count() == 1
    assert len(codes(game, alice)) == 1
    assert_audit_is_clean()


def test_purchase_is_taken_back_after_the_guest_signed_in(
    client: Client, alice: Player, carol: Player, daily: Game, cap: Item
) -> None:
    guest = joined(client, daily)
    visit(guest, daily)
    buy(guest, daily, cap)
    sign_in(client, alice)
    assert void(Redemption.objects.get(), carol, timezone.now())
    alice.refresh_from_db()
    assert alice.coins == 10
    assert_audit_is_clean()


def test_pages_say_that_a_guests_things_go_along(client: Client, puzzle: Game) -> None:
    joined(client, puzzle)
    for page in ("login", "sign-up"):
        assert "to your account" in client.get(reverse(page)).content.decode()
