"""Signing in, up and out, and joining as a guest."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from games.models import Game, Guest
from games.states import Access, State
from tests.conftest import PASSWORD
from users.models import Player

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("runs_servers")]
MakeGame = Callable[..., Game]


def sign_in(client: Client, name: str, password: str = PASSWORD, **other: Any) -> Any:
    return client.post("/login/", {"username": name, "password": password}, **other)


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize(
    "name", ["Alice", "alice", "  ALICE ", "a l i c e", "Ａｌｉｃｅ"]
)
def test_name_is_known_however_it_is_typed(
    client: Client, alice: Player, name: str
) -> None:
    assert sign_in(client, name).status_code == 302
    assert signed_in(client)


def test_two_accounts_can_not_differ_by_case_and_spaces(
    client: Client, alice: Player
) -> None:
    said = client.post("/signup/", {"name": "aLi ce", "password": "another horse"})
    assert "taken" in said.content.decode()
    assert Player.objects.count() == 1


def test_unknown_name_and_wrong_password_look_the_same(
    client: Client, alice: Player, mallory: Player
) -> None:
    pages = [
        sign_in(client, name, password).content.decode().replace(name, "")
        for name, password in [
            ("Alice", "wrong"),
            ("Nobody", "wrong"),
            ("Mallory", PASSWORD),
        ]
    ]
    without_token = {page.partition("csrfmiddlewaretoken")[0] for page in pages}
    assert len(without_token) == 1
    assert not signed_in(client)


def test_failures_on_an_account_are_limited(client: Client, alice: Player) -> None:
    for _attempt in range(10):
        sign_in(client, "Alice", "wrong")
    said = sign_in(client, "a lice")
    assert "Too many attempts" in said.content.decode()
    assert not signed_in(client)


def test_many_may_sign_in_from_one_address(
    client: Client, alice: Player, settings: LazySettings
) -> None:
    settings.SIGN_IN_FAILURES = {"account": "3/5m", "address": "3/5m"}
    for _time in range(6):
        assert sign_in(client, "Alice").status_code == 302
        client.logout()


def test_forwarded_address_counts_only_from_a_trusted_proxy(
    client: Client, alice: Player, settings: LazySettings
) -> None:
    settings.SIGN_IN_FAILURES = {"account": "1/5m", "address": "99/5m"}
    sign_in(client, "Alice", "wrong", HTTP_X_REAL_IP="10.1.1.1")
    limited = sign_in(client, "Alice", HTTP_X_REAL_IP="10.2.2.2")
    assert "Too many attempts" in limited.content.decode()
    settings.TRUST_PROXY = True
    assert sign_in(client, "Alice", HTTP_X_REAL_IP="10.2.2.2").status_code == 302


def test_staff_sign_in_is_limited_as_well(client: Client, carol: Player) -> None:
    for _attempt in range(10):
        client.post("/admin/login/", {"username": "Carol", "password": "wrong"})
    client.post("/admin/login/", {"username": "Carol", "password": PASSWORD})
    assert not signed_in(client)


def test_banned_player_is_signed_out_at_once(as_alice: Client, alice: Player) -> None:
    assert as_alice.get("/me/").status_code == 200
    alice.ban()
    assert as_alice.get("/me/").status_code == 302
    alice.restore()
    assert as_alice.get("/me/").status_code == 200


def test_session_outlives_the_browser(client: Client, alice: Player) -> None:
    sign_in(client, "Alice")
    assert int(client.cookies["sessionid"]["max-age"]) >= 30 * 24 * 3600


def test_sign_up_makes_an_account_and_signs_in(client: Client) -> None:
    said = client.post(
        "/signup/", {"name": " Dave  Lee ", "password": "a long one", "next": "/me/"}
    )
    assert (said.status_code, said["Location"]) == (302, "/me/")
    assert Player.objects.get().name == "Dave Lee"
    assert signed_in(client)


def test_sign_up_can_be_off(client: Client, settings: LazySettings) -> None:
    settings.SIGN_UP = False
    assert client.get("/signup/").status_code == 404


@pytest.mark.parametrize("next_", ["https://evil.example/", "//evil.example"])
def test_sign_up_leads_only_to_pages_of_ours(client: Client, next_: str) -> None:
    said = client.post(
        "/signup/", {"name": "Dave", "password": "a long one", "next": next_}
    )
    assert said["Location"] == "/"


def test_signing_out_takes_a_post(as_alice: Client) -> None:
    assert as_alice.get("/logout/").status_code == 405
    assert as_alice.post("/logout/").status_code == 302
    assert not signed_in(as_alice)


# Guests

OURS = {"HTTP_ORIGIN": "http://testserver"}


def join(client: Client, game: Game, nickname: str, **headers: str) -> Any:
    return client.post(f"/games/{game.slug}/join/", {"nickname": nickname}, **headers)


def test_guest_joins_with_a_nickname(make_game: MakeGame) -> None:
    client, game = Client(enforce_csrf_checks=True), make_game()
    said = join(client, game, " Zoë ", **OURS)
    assert (said.status_code, said["Location"]) == (302, f"/games/{game.slug}/")
    guest = Guest.objects.get()
    assert (guest.nickname, guest.player.is_guest) == ("Zoë", True)
    assert client.session["_auth_user_id"] == str(guest.player_id)


@pytest.mark.parametrize("headers", [{}, {"HTTP_ORIGIN": "https://evil.example"}])
def test_guest_can_not_be_made_from_another_site(
    client: Client, make_game: MakeGame, headers: dict[str, str]
) -> None:
    assert join(client, make_game(), "Zoe", **headers).status_code == 403
    assert not Player.objects.exists()


def test_nickname_is_unique_in_the_game_only(make_game: MakeGame) -> None:
    one, other = make_game(), make_game()
    assert join(Client(), one, "Zoe", **OURS).status_code == 302
    taken = join(Client(), one, "z O e", **OURS)
    assert (taken.status_code, Guest.objects.count()) == (400, 1)
    assert "taken" in taken.content.decode()
    assert join(Client(), other, "Zoe", **OURS).status_code == 302


@pytest.mark.parametrize(
    "nickname", ["", "x", " x ", "x" * 21, "Admin 1", "AD MIN", "\u200b\u200b"]
)
def test_bad_nickname_is_refused(
    client: Client, make_game: MakeGame, nickname: str
) -> None:
    assert join(client, make_game(), nickname, **OURS).status_code == 400
    assert not Player.objects.exists()


def test_guest_of_one_game_is_the_same_guest_in_another(
    client: Client, make_game: MakeGame
) -> None:
    one, other = make_game(), make_game()
    join(client, one, "Zoe", **OURS)
    join(client, other, "Zed", **OURS)
    join(client, other, "Zac", **OURS)
    assert Player.objects.count() == 1
    assert sorted(Guest.objects.values_list("nickname", flat=True)) == ["Zed", "Zoe"]


def test_account_needs_no_nickname(as_alice: Client, make_game: MakeGame) -> None:
    assert join(as_alice, make_game(), "Zoe", **OURS).status_code == 302
    assert not Guest.objects.exists()


@pytest.mark.parametrize("access", [Access.SIGNED_IN, Access.LISTED])
def test_guests_stay_out_where_they_may_not_play(
    client: Client, make_game: MakeGame, access: Access
) -> None:
    assert join(client, make_game(access=access), "Zoe", **OURS).status_code == 404
    draft = make_game(state=State.DRAFT)
    assert join(client, draft, "Zoe", **OURS).status_code == 404


JOIN_ID = "0b9f4f0e-4a64-4b8f-9b52-0d5b0c9a3c11"


def join_again(game: Game, nickname: str, join_id: str = JOIN_ID) -> Any:
    fields = {"nickname": nickname, "join_id": join_id}
    return Client().post(f"/games/{game.slug}/join/", fields, **OURS)


def test_form_sent_again_is_the_same_guest(make_game: MakeGame) -> None:
    game = make_game()
    assert [join_again(game, "Zoe").status_code for _time in range(2)] == [302, 302]
    assert Player.objects.count() == 1


def test_form_sent_again_by_a_banned_guest_lets_nobody_in(make_game: MakeGame) -> None:
    game = make_game()
    join_again(game, "Zoe")
    Player.objects.get().ban()
    assert join_again(game, "Zoe").status_code == 400


def test_form_sent_again_much_later_lets_nobody_in(make_game: MakeGame) -> None:
    game = make_game()
    join_again(game, "Zoe")
    Player.objects.update(joined_at=timezone.now() - timedelta(minutes=11))
    assert join_again(game, "Zoe").status_code == 400


def test_form_sent_again_under_another_nickname_lets_nobody_in(
    make_game: MakeGame,
) -> None:
    game = make_game()
    join_again(game, "Zoe")
    assert join_again(game, "Yan").status_code == 400
    assert Player.objects.count() == 1


def test_id_of_a_form_counts_in_its_game_only(make_game: MakeGame) -> None:
    assert join_again(make_game(), "Zoe").status_code == 302
    assert join_again(make_game(), "Zoe").status_code == 302
    assert Player.objects.count() == 2


@pytest.mark.parametrize("join_id", ["x", "1" * 5000, "\0"])
def test_bad_id_of_a_form_is_refused(make_game: MakeGame, join_id: str) -> None:
    assert join_again(make_game(), "Zoe", join_id).status_code == 400
    assert not Player.objects.exists()


def test_joins_from_one_address_are_limited(
    make_game: MakeGame, settings: LazySettings
) -> None:
    settings.ADDRESS_LIMITS = {**settings.ADDRESS_LIMITS, "joins": "2/1h"}
    game, clients = make_game(), [Client() for _place in range(7)]
    pages = [join(one, game, f"Zoe {n}", **OURS) for n, one in enumerate(clients)]
    assert [page.status_code for page in pages] == [302] * 6 + [429]
    assert 0 < int(pages[-1]["Retry-After"]) <= 1800
    assert "your network" in pages[-1].content.decode()
    assert 'value="Zoe 6"' in pages[-1].content.decode()
    assert Guest.objects.count() == 6
    elsewhere = join(clients[6], game, "Zoe 6", REMOTE_ADDR="10.0.0.9", **OURS)
    assert elsewhere.status_code == 302


def test_guest_who_comes_back_needs_no_room_at_the_address(
    make_game: MakeGame, settings: LazySettings
) -> None:
    settings.ADDRESS_LIMITS = {**settings.ADDRESS_LIMITS, "joins": "1/1h"}
    one, other = make_game(), make_game()
    guests = [Client() for _place in range(3)]
    for place, client in enumerate(guests):
        join(client, one, f"Zoe {place}", **OURS)
    assert join(Client(), one, "Yan", **OURS).status_code == 429
    for place, client in enumerate(guests):
        assert join(client, other, f"Zoe {place}", **OURS).status_code == 302


def test_bad_nickname_costs_no_room_at_the_address(
    client: Client, make_game: MakeGame, settings: LazySettings
) -> None:
    settings.ADDRESS_LIMITS = {**settings.ADDRESS_LIMITS, "joins": "1/1h"}
    game = make_game()
    for _time in range(5):
        assert join(client, game, "x", **OURS).status_code == 400
    assert join(client, game, "Zoe", **OURS).status_code == 302


def sign_up(name: str, **headers: str) -> Any:
    return Client().post(
        "/signup/", {"name": name, "password": "a long one"}, **headers
    )


def test_sign_ups_from_one_address_are_limited(
    db: None, settings: LazySettings
) -> None:
    settings.ADDRESS_LIMITS = {**settings.ADDRESS_LIMITS, "sign-ups": "1/1h"}
    pages = [sign_up(f"Dave {place}") for place in range(4)]
    assert [page.status_code for page in pages] == [302] * 3 + [429]
    assert 0 < int(pages[-1]["Retry-After"]) <= 3600
    assert "your network" in pages[-1].content.decode()
    assert sign_up("Dave 0").status_code == 200, "a taken name is no account"
    assert sign_up("Dave 3", REMOTE_ADDR="10.0.0.9").status_code == 302
