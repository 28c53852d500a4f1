"""Powers over oneself and over other staff: only superusers have them."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from checkins.shop import void
from core.refusals import Refused
from games.models import Game
from tests.admin_pages import errors_of
from tests.attacks.house import House, everything, furnish, permissions, staff
from tests.conftest import PASSWORD, client_of
from users.models import ApiToken, CoinEntry, Player

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(make_game: Callable[..., Game], carol: Player, alice: Player) -> House:
    return furnish(make_game, carol, alice)


def give(client: Client, player: Player, amount: int = 5) -> HttpResponse:
    said = {"player": player.pk, "amount": amount, "refers_to": "a gift"}
    return client.post("/admin/users/coinentry/add/", said)


def make_token(client: Client, player: Player) -> HttpResponse:
    said = {"player": player.pk, "name": "a script", "scope": "write"}
    return client.post("/admin/users/apitoken/add/", said)


@pytest.fixture
def erin(db: None) -> Player:
    """Staff, and no superuser."""
    return Player.objects.create_user("Erin", PASSWORD, is_staff=True)


def test_nobody_gives_coins_to_themselves(carol: Player, erin: Player) -> None:
    erin.user_permissions.set(permissions(["users.add_coinentry"]))
    for player in (carol, erin):
        assert "player" in errors_of(give(client_of(player), player))
        with pytest.raises(Refused) as caught:
            CoinEntry.objects.adjust(player.pk, 5, "mine", player, timezone.now())
        assert (caught.value.code, caught.value.field) == ("forbidden", "player")
    assert not CoinEntry.objects.exists()


def test_only_superusers_give_coins_to_staff(carol: Player, erin: Player) -> None:
    for player in (carol, erin):
        assert "player" in errors_of(give(staff("users.add_coinentry"), player))
    assert not CoinEntry.objects.exists()
    assert give(client_of(carol), erin).status_code == 302
    assert CoinEntry.objects.get().player == erin


def test_nobody_refunds_themselves(house: House) -> None:
    bought = house.rows["checkins.redemption"]
    Player.objects.filter(pk=house.alice.pk).update(is_staff=True)
    house.alice.user_permissions.set(
        permissions(["checkins.view_redemption", "checkins.change_redemption"])
    )
    alice, page = client_of(house.alice), house.page("checkins.redemption", "void")
    shown = alice.get(house.page("checkins.redemption", "change")).content.decode()
    assert page not in shown
    assert alice.post(page).status_code == 403
    assert staff("checkins.change_redemption").post(page).status_code == 403
    with pytest.raises(Refused):
        void(bought, Player.objects.get(pk=house.alice.pk), timezone.now())
    bought.refresh_from_db()
    assert bought.refund is None


def test_only_superusers_make_tokens_of_other_staff(
    carol: Player, erin: Player, alice: Player
) -> None:
    helper = staff("users.add_apitoken")
    for player in (carol, erin):
        assert "player" in errors_of(make_token(helper, player))
    assert not ApiToken.objects.exists()
    for player in (alice, Player.objects.get(name="Dave")):
        assert make_token(helper, player).status_code == 302
    assert make_token(client_of(carol), erin).status_code == 302
    assert ApiToken.objects.count() == 3


def test_only_superusers_end_tokens_of_other_staff(carol: Player) -> None:
    token, _text = ApiToken.objects.issue(carol, "hers", "write")
    said = {"action": "revoke", "_selected_action": [token.pk]}
    page = staff("users.change_apitoken").post(
        "/admin/users/apitoken/", said, follow=True
    )
    assert "Only superusers" in page.content.decode()
    token.refresh_from_db()
    assert token.revoked_at is None


def test_rights_are_given_by_superusers_alone(erin: Player, alice: Player) -> None:
    group = Group.objects.create(name="Helpers")
    everything_else = sorted(everything())
    helper = staff(*everything_else)
    dave = Player.objects.get(name="Dave")
    for player in (dave, erin, alice):
        said = {"name": player.name, "is_superuser": "on", "is_staff": "on"}
        said["groups"] = str(group.pk)
        helper.post(f"/admin/users/player/{player.pk}/change/", said)
    assert not Player.objects.filter(is_superuser=True).exists()
    assert not Player.objects.filter(groups=group).exists()
    assert {p.name for p in Player.objects.filter(is_staff=True)} == {"Dave", "Erin"}


def test_saving_a_token_again_makes_no_other(carol: Player) -> None:
    token, _text = ApiToken.objects.issue(carol, "hers", "write")
    page = f"/admin/users/apitoken/{token.pk}/change/"
    for client in (staff("users.change_apitoken"), client_of(carol)):
        assert client.post(page, {"_save": "Save"}).status_code == 403
    assert ApiToken.objects.count() == 1


def test_groups_are_changed_by_superusers_alone(carol: Player) -> None:
    helper = staff(*everything())
    dave, group = Player.objects.get(name="Dave"), Group.objects.create(name="Helpers")
    dave.groups.add(group)
    power = permissions(["games.delete_game"])[0]
    dave.user_permissions.remove(power)
    said = {"name": "Helpers", "permissions": [power.pk]}
    page = f"/admin/auth/group/{group.pk}/"
    for rest in ("change/", "delete/"):
        assert helper.post(page + rest, said).status_code == 403
    assert not group.permissions.exists()
    assert client_of(carol).post(page + "change/", said).status_code == 302
    assert list(group.permissions.all()) == [power]
