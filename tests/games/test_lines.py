"""Names on lists: a line stays bound to its player, whoever takes the name later."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from games.models import Game, Guest, Invitation, Winner
from games.states import Access, State
from live.welcome import states_in
from tests.admin_pages import save
from tests.attacks.house import staff
from tests.conftest import PASSWORD
from users.models import Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
WINNERS = {"winners": ["Alice, a bicycle", "Malee, a mug"]}


@pytest.fixture
def listed(make_game: MakeGame, alice: Player) -> Game:
    game = make_game(slug="ours", access=Access.LISTED)
    game.invite(["ALICE", "Malee"])
    return game


@pytest.fixture
def winners(make_game: MakeGame, alice: Player) -> Game:
    game = make_game("announce", slug="winners", settings=WINNERS)
    Winner.objects.make_for(game)
    return game


def sign_up(name: str) -> Player:
    data = {"name": name, "password": PASSWORD}
    assert Client().post(reverse("sign-up"), data).status_code == 302
    return Player.objects.get(name=name)


def lines_of(game: Game, player: Player) -> list[dict[str, Any]]:
    mine = states_in(game, [player])[player.pk].mine
    return list(mine["lines"])


def may_play(game: Game, player: Player) -> bool:
    me = states_in(game, [player])[player.pk].me
    assert me is not None
    seen = Game.objects.visible_to(player).contains(game)
    assert seen == Game.objects.filter(pk=game.pk).only_if_on_any_list(player).exists()
    assert seen == me["eligible"]
    return seen


def page_of(line: Any) -> str:
    return reverse(f"admin:games_{line._meta.model_name}_change", args=[line.pk])


# Binding


def test_line_is_its_accounts_and_not_who_signs_up_later(
    listed: Game, winners: Game, alice: Player
) -> None:
    assert may_play(listed, alice)
    assert lines_of(winners, alice) == [{"name": "Alice", "prize": "a bicycle"}]
    late = sign_up("malee")
    assert not may_play(listed, late)
    assert lines_of(winners, late) == []


def test_line_is_not_who_is_renamed_so(
    as_carol: Client, listed: Game, winners: Game, alice: Player, bob: Player
) -> None:
    url = reverse("admin:users_player_change", args=[bob.pk])
    assert save(as_carol, url, "player_form", name="Malee").status_code == 302
    bob.refresh_from_db()
    assert bob.name == "Malee"
    assert (may_play(listed, bob), lines_of(winners, bob)) == (False, [])
    alice.name = "Somebody else"
    alice.save()
    assert (may_play(listed, alice), len(lines_of(winners, alice))) == (True, 1)


@pytest.mark.parametrize("written", ["O'Neil", "O’Neil", "o‘ neil", "O´NEIL"])
def test_names_are_compared_as_people_see_them(
    make_game: MakeGame, written: str
) -> None:
    player = Player.objects.create_user("O’Neil")
    game = make_game(access=Access.LISTED)
    game.invite([written])
    assert may_play(game, player)


def test_list_saved_again_binds_only_what_is_new(
    listed: Game, alice: Player, bob: Player
) -> None:
    late = sign_up("Malee")
    listed.invite(["Malee", "Bob", "Alice"])
    assert (may_play(listed, late), may_play(listed, bob)) == (False, True)
    names = listed.invitations.order_by("pk").values_list("name", flat=True)
    assert list(names) == ["Malee", "Bob", "Alice"]
    listed.invite(["Malee"])
    assert not may_play(listed, alice)


def test_what_staff_chose_outlives_another_save(
    listed: Game, winners: Game, bob: Player
) -> None:
    for line in (listed.invitations.nobodys().get(), winners.winners.nobodys().get()):
        line.bind(bob.pk)
    listed.invite(["Malee", "Zoe"])
    winners.settings = {"winners": ["Malee, two mugs", "Zoe, a mug"]}
    winners.edit(["settings"])
    Winner.objects.make_for(winners)
    assert may_play(listed, bob)
    assert lines_of(winners, bob) == [{"name": "Malee", "prize": "two mugs"}]


def test_duplicate_has_the_lists_with_their_players(
    listed: Game, winners: Game, alice: Player, bob: Player
) -> None:
    listed.invitations.nobodys().get().bind(bob.pk)
    copies = [game.duplicate(f"{game.slug}-2") for game in (listed, winners)]
    Game.objects.filter(slug__endswith="-2").update(state=State.OPEN)
    again, winners_again = [Game.objects.get(pk=copy.pk) for copy in copies]
    assert (may_play(again, alice), may_play(again, bob)) == (True, True)
    assert len(lines_of(winners_again, alice)) == 1


def test_name_longer_than_any_players_is_nobodys(make_game: MakeGame) -> None:
    long = {"winners": ["ß" * 250 + ", a mug", "Zoe, a cup"]}
    game = make_game("announce", settings=long)
    Winner.objects.make_for(game)
    zoe = Player.objects.create_user("Late")
    line = game.winners.earliest("pk")
    line.bind(zoe.pk)
    assert [one["prize"] for one in lines_of(game, zoe)] == ["a mug"]


# Guests


def test_guest_is_chosen_and_sees_the_prize(
    as_carol: Client, make_game: MakeGame, listed: Game, winners: Game
) -> None:
    puzzle = make_game()
    guest = Guest.objects.admit(puzzle.pk, None, "Malee").player
    assert (may_play(listed, guest), lines_of(winners, guest)) == (False, [])
    for line in (listed.invitations.nobodys().get(), winners.winners.nobodys().get()):
        shown = as_carol.get(page_of(line)).content.decode()
        assert f"№ <b>{guest.pk}</b> · Malee · guest in" in shown
        done = save(
            as_carol, page_of(line), f"{line._meta.model_name}_form", player=guest.pk
        )
        assert done.status_code == 302
    assert may_play(listed, guest)
    assert lines_of(winners, guest) == [{"name": "Malee", "prize": "a mug"}]


# Staff


def test_staff_see_whose_names_are_nobodys(as_carol: Client, listed: Game) -> None:
    page = reverse("admin:games_game_change", args=[listed.pk])
    shown = as_carol.get(page).content.decode()
    assert "1 name has no player yet." in shown
    url = reverse("admin:games_invitation_changelist")
    found = as_carol.get(url, {"game__id__exact": listed.pk, "nobodys": "yes"})
    assert [one.name for one in found.context["cl"].result_list] == ["Malee"]


def test_saving_a_winners_list_binds_its_names(
    as_carol: Client, make_game: MakeGame, alice: Player, bob: Player
) -> None:
    game = make_game("announce", State.DRAFT, settings={"winners": ["Zoe, a cup"]})
    page = reverse("admin:games_game_change", args=[game.pk])
    assert save(as_carol, page, settings_winners="Bob, a cup").status_code == 302
    assert list(game.winners.values_list("name", "player")) == [("Bob", bob.pk)]


def test_staff_give_names_to_the_accounts_that_have_them_by_now(
    as_carol: Client, listed: Game
) -> None:
    late = sign_up("Malee")
    listed.invite(["Alice", "Malee", "Nobody"])
    url = reverse("admin:games_invitation_changelist")
    chosen = list(listed.invitations.values_list("pk", flat=True))
    data = {"action": "bind_by_name", "_selected_action": chosen}
    assert as_carol.post(url, data).status_code == 302
    assert may_play(listed, late)
    assert [one.name for one in listed.invitations.nobodys()] == ["Nobody"]


def test_lists_are_for_who_changes_games(listed: Game) -> None:
    line = listed.invitations.nobodys().get()
    viewer = staff("games.view_game", "games.view_invitation")
    assert viewer.get(page_of(line)).status_code == 403
    changer = staff("games.change_game", name="Erin")
    assert changer.get(page_of(line)).status_code == 200


# Old rows


def test_old_lines_are_bound_to_who_has_their_names_today(
    listed: Game, winners: Game, alice: Player
) -> None:
    Invitation.objects.update(player=None)
    Winner.objects.all().delete()
    zoe = Player.objects.create_user("Zoe")
    for name in ("ZO'E", "Zo’e"):  # as two names could be kept before
        Invitation.objects.create(game=listed, name=name, name_key=name.lower())
    Player.objects.filter(pk=zoe.pk).update(name="Zo’e", name_key="zo’e")
    twin = Player.objects.create_user("Zo'e")
    import_module("users.migrations.0005_names_alike").refold(apps, None)
    import_module("games.migrations.0006_lines_bound").bind(apps, None)
    zoe.refresh_from_db()
    assert (zoe.name, zoe.name_key) == ("Zo’e 2", "zo'e2")
    assert list(listed.invitations.order_by("pk").values_list("name", "player")) == [
        *(("ALICE", alice.pk), ("Malee", None), ("ZO'E", twin.pk)),
    ]
    assert set(winners.winners.values_list("name", "player")) == {
        ("Alice", alice.pk),
        ("Malee", None),
    }
