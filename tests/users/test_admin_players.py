"""Staff and players: finding, adding, banning, passwords, and who may do which."""

import pytest
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tests.admin_pages import errors_of, save
from tests.conftest import PASSWORD, client_of
from users.models import CoinEntry, Player

pytestmark = pytest.mark.django_db
PLAYERS = "/admin/users/player/"
NEW = "a long new password"


def page_of(player: Player) -> str:
    return f"{PLAYERS}{player.pk}/change/"


def add(client: Client, name: str) -> HttpResponse:
    said = {"name": name, "password1": NEW, "password2": NEW}
    return save(client, PLAYERS + "add/", "player_form", **said)


def act(client: Client, action: str, *players: Player) -> HttpResponse:
    chosen = [player.pk for player in players]
    said = {"action": action, "_selected_action": chosen}
    return client.post(PLAYERS, said, follow=True)


def set_password(client: Client, player: Player) -> HttpResponse:
    said = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    return client.post(f"{PLAYERS}{player.pk}/password/", said)


@pytest.fixture
def as_helper(db: None) -> Client:
    """Signed in as staff who may change players, and is no superuser."""
    helper = Player.objects.create_user("Dave", PASSWORD, is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(content_type__model="player"))
    return client_of(helper)


@pytest.mark.parametrize("typed", ["alice", "ALICE", "ａｌｉｃｅ", "al ice", "lic"])
def test_players_are_found_however_they_are_typed(
    as_carol: Client, alice: Player, bob: Player, typed: str
) -> None:
    found = as_carol.get(PLAYERS, {"q": typed}).context["cl"].result_list
    assert list(found) == [alice]


def test_guests_are_found_by_their_nickname(as_carol: Client) -> None:
    guest = Player.objects.create_guest("Zoe")
    found = as_carol.get(PLAYERS, {"q": "zoe"}).context["cl"].result_list
    assert list(found) == [guest]


def test_added_account_can_sign_in(as_carol: Client) -> None:
    assert add(as_carol, "Zoe").status_code == 302
    assert Player.objects.get(name_key="zoe").check_password(NEW)


@pytest.mark.parametrize("name", ["alice", "A lice", "ＡＬＩＣＥ", "x", "!" * 41])
def test_name_that_is_taken_or_none_is_a_form_error(
    as_carol: Client, alice: Player, name: str
) -> None:
    assert "name" in errors_of(add(as_carol, name))


def test_renaming_onto_another_is_a_form_error(
    as_carol: Client, alice: Player, bob: Player
) -> None:
    response = save(as_carol, page_of(bob), "player_form", name=" aLICE")
    assert errors_of(response) == {"name": ["That name is taken."]}


def test_renaming_changes_the_key_and_nothing_else(
    as_carol: Client, carol: Player, alice: Player
) -> None:
    CoinEntry.objects.adjust(alice.pk, 5, "a gift", carol, timezone.now())
    save(as_carol, page_of(alice), "player_form", name="Alicia")
    alice.refresh_from_db()
    assert (alice.name_key, alice.coins) == ("alicia", 5)
    assert alice.check_password(PASSWORD)


def test_no_password_hash_is_on_the_page(as_carol: Client, alice: Player) -> None:
    assert alice.password not in as_carol.get(page_of(alice)).content.decode()


def test_password_can_be_set(as_carol: Client, alice: Player) -> None:
    assert set_password(as_carol, alice).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_guests_are_given_no_password(as_carol: Client) -> None:
    guest = Player.objects.create_guest("Zoe")
    assert as_carol.get(page_of(guest)).status_code == 200
    assert set_password(as_carol, guest).status_code == 403
    guest.refresh_from_db()
    assert not guest.has_usable_password()


def test_guest_stays_what_they_are(as_carol: Client) -> None:
    guest = Player.objects.create_guest("Zoe")
    said = {"name": "Zed", "is_staff": "on", "is_superuser": "on"}
    save(as_carol, page_of(guest), "player_form", **said)
    guest.refresh_from_db()
    assert (guest.name, guest.is_staff, guest.is_superuser) == ("Zoe", False, False)


def test_banned_players_can_be_restored(as_carol: Client, alice: Player) -> None:
    act(as_carol, "ban", alice)
    alice.refresh_from_db()
    assert not alice.is_active
    act(as_carol, "restore", alice)
    alice.refresh_from_db()
    assert alice.is_active


def test_nobody_bans_themselves(as_carol: Client, carol: Player) -> None:
    response = act(as_carol, "ban", carol)
    assert "you may not change this player" in response.content.decode()
    carol.refresh_from_db()
    assert carol.is_active


def test_players_are_not_deleted(as_carol: Client, alice: Player) -> None:
    url = f"{PLAYERS}{alice.pk}/delete/"
    assert as_carol.post(url, {"post": "yes"}).status_code == 403


# Coins


def give(client: Client, player: Player, amount: str, why: str) -> HttpResponse:
    said = {"player": str(player.pk), "amount": amount, "refers_to": why}
    return save(client, "/admin/users/coinentry/add/", "coinentry_form", **said)


def test_coins_given_by_hand_name_who_and_why(
    as_carol: Client, carol: Player, alice: Player
) -> None:
    give(as_carol, alice, "7", "for the broken prize")
    alice.refresh_from_db()
    entry = CoinEntry.objects.get()
    assert (alice.coins, entry.by, entry.refers_to) == (
        7,
        carol,
        "for the broken prize",
    )


@pytest.mark.parametrize(
    ("amount", "why", "field"),
    [("-1", "x", "amount"), ("0", "x", "amount"), ("5", "", "refers_to")],
)
def test_coins_nobody_has_or_explains_are_refused(
    as_carol: Client, alice: Player, amount: str, why: str, field: str
) -> None:
    assert field in errors_of(give(as_carol, alice, amount, why))
    assert not CoinEntry.objects.exists()


def test_ledger_can_only_be_read(
    as_carol: Client, carol: Player, alice: Player
) -> None:
    CoinEntry.objects.adjust(alice.pk, 5, "a gift", carol, timezone.now())
    url = f"/admin/users/coinentry/{CoinEntry.objects.get().pk}/"
    assert as_carol.get(url + "change/").status_code == 200
    assert as_carol.post(url + "change/", {"amount": "9"}).status_code == 403
    assert as_carol.post(url + "delete/", {"post": "yes"}).status_code == 403


# Staff who are no superusers


def test_helper_changes_players_but_gives_no_powers(
    as_helper: Client, alice: Player
) -> None:
    said = {"name": "Alicia", "is_staff": "on", "is_superuser": "on"}
    assert save(as_helper, page_of(alice), "player_form", **said).status_code == 302
    alice.refresh_from_db()
    assert (alice.name, alice.is_staff, alice.is_superuser) == ("Alicia", False, False)


def test_helper_can_not_touch_staff(as_helper: Client, carol: Player) -> None:
    assert set_password(as_helper, carol).status_code == 403
    assert as_helper.post(page_of(carol), {"name": "Mine"}).status_code == 403
    act(as_helper, "ban", carol)
    carol.refresh_from_db()
    assert (carol.name, carol.is_active) == ("Carol", True)
    assert carol.check_password(PASSWORD)


# Signing in


def sign_in(client: Client, name: str, password: str) -> HttpResponse:
    return client.post("/admin/login/", {"username": name, "password": password})


def test_staff_sign_in_however_they_type_their_name(carol: Player) -> None:
    assert sign_in(Client(), " CAROL ", PASSWORD).status_code == 302


def test_players_can_not_sign_in_to_the_staff_side(
    alice: Player, mallory: Player
) -> None:
    for player in (alice, mallory):
        assert sign_in(Client(), player.name, PASSWORD).status_code == 200


def test_guessing_passwords_is_limited_here_too(carol: Player) -> None:
    client = Client()
    for _attempt in range(10):
        sign_in(client, "carol", "wrong")
    response = sign_in(client, "carol", PASSWORD)
    assert "Too many attempts" in response.content.decode()
