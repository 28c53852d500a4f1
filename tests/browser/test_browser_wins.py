"""A browser wins once in a game: no second code there as somebody else."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from answers.models import Answer
from answers.results import reveal
from answers.submission import Submission, submit, submit_many
from checkins.models import Item
from games.models import Backorder, Code, Game
from games.sources import Source
from tests.conftest import PASSWORD, client_of
from users.devices import browser_id
from users.models import CoinEntry, Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
OURS: Any = {"headers": {"Origin": "http://testserver"}}
MUGS = [{"coins": 10, "pool": "Voucher"}]


def join(client: Client, game: Game, nickname: str) -> None:
    url = f"/games/{game.slug}/join/"
    assert client.post(url, {"nickname": nickname}, **OURS).status_code == 302


def send(client: Client, path: str, game: Game, **fields: Any) -> dict[str, Any]:
    body = {"game": game.slug, "id": str(uuid4()), **fields}
    said = client.post(f"/api/{path}", body, "application/json", **OURS)
    return dict(said.json())


def answer(client: Client, game: Game, value: Any = "elephant") -> dict[str, Any]:
    return send(client, "answers", game, value=value)


def as_another(client: Client, game: Game, nickname: str) -> None:
    """Sign out, and choose another nickname."""
    client.post("/logout/")
    assert "_auth_user_id" not in client.session
    join(client, game, nickname)


def test_another_nickname_wins_no_second_code(
    client: Client, make_game: MakeGame
) -> None:
    game, other = make_game(codes=9), make_game(codes=9)
    join(client, game, "Lucky")
    first = answer(client, game)
    assert "code" in first
    as_another(client, game, "Lucy")
    again = answer(client, game)
    assert (again["verdict"], again["won_here"]) == ("right", True)
    assert not {"code", "sold_out"} & again.keys()
    assert Code.objects.exclude(player=None).count() == 1
    join(client, other, "Lucy")
    assert "code" in answer(client, other)  # the next game is another one
    another = Client()
    join(another, game, "Zoe")
    assert "code" in answer(another, game)  # and so is the next browser


def test_what_another_won_here_is_said_again_on_the_next_visit(
    client: Client, make_game: MakeGame
) -> None:
    game = make_game(codes=9)
    for nickname in ("Lucky", "Lucy"):
        as_another(client, game, nickname)
        answer(client, game)
    [mine] = client.get("/api/answers").json()["answers"]
    assert mine["won_here"] is True


def test_accounts_of_one_browser_win_once_too(
    client: Client, make_game: MakeGame, alice: Player, bob: Player
) -> None:
    game = make_game(codes=9)
    replies = []
    for player in (alice, bob, alice):
        client.post("/login/", {"username": player.name, "password": PASSWORD})
        replies.append(answer(client, game))
        client.post("/logout/")
    assert ["code" in one for one in replies] == [True, False, True]
    assert replies[0]["code"] == replies[2]["code"]


def test_one_player_wins_in_any_browser_and_game(
    make_game: MakeGame, alice: Player
) -> None:
    for codes in (1, 1):
        assert "code" in answer(client_of(alice), make_game(codes=codes))
    assert Answer.objects.filter(browser="").count() == 2  # without a mark


def test_all_who_win_together_are_looked_at(
    make_game: MakeGame, alice: Player, bob: Player, carol: Player
) -> None:
    game, here = make_game(codes=9), Source(uuid4().hex, "192.0.2.1")
    replies: list[Any] = submit_many(
        [
            Submission(
                *(one.pk, game.pk, uuid4(), "", "elephant", timezone.now()),
                source=here if one != carol else Source("", "192.0.2.1"),
            )
            for one in (alice, bob, carol)
        ]
    )
    assert ["code" in one for one in replies] == [True, False, True]


def test_where_nothing_is_to_be_won_nothing_is_said_of_it(
    client: Client, make_game: MakeGame
) -> None:
    game = make_game()
    for nickname in ("Lucky", "Lucy"):
        as_another(client, game, nickname)
        reply = answer(client, game)
        assert not {"code", "sold_out", "won_here"} & reply.keys()


def test_reveal_gives_a_browser_one_code(client: Client, make_game: MakeGame) -> None:
    game = make_game("number", codes=9)
    for nickname in ("Lucky", "Lucy"):
        as_another(client, game, nickname)
        answer(client, game, "042")
    game.refresh_from_db()
    game.close(timezone.now())
    reveal(game, timezone.now())
    [code] = Code.objects.exclude(player=None)
    assert code.player is not None
    assert code.player.name == "Lucky"
    told = [one.outcome.get("won_here") for one in Answer.objects.order_by("pk")]
    assert told == [None, True]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_win_in_one_moment_one_is_told_so(
    make_game: MakeGame, alice: Player, bob: Player
) -> None:
    game, here = make_game(codes=9), Source(uuid4().hex, "")

    def play(player: Player) -> dict[str, Any]:
        said = (player.pk, game.pk, uuid4(), "", "elephant", timezone.now())
        try:
            return submit(Submission(*said, source=here))
        finally:
            if player == bob:
                connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            first = play(alice)
            second = other.submit(play, bob)
            with pytest.raises(TimeoutError):
                second.result(0.5)  # it waits for what alice has won
        told = second.result(30)
    assert "code" in first
    assert told["won_here"] is True


# Check-ins and the shop


def test_check_in_gives_another_nickname_coins_but_no_code(
    client: Client, make_game: MakeGame
) -> None:
    settings = {"first_day": "2026-01-01", "last_day": "2030-12-31", "days": MUGS}
    game = make_game("checkin", codes=9, settings=settings)
    rewards = []
    for nickname in ("Lucky", "Lucy"):
        as_another(client, game, nickname)
        rewards.append(send(client, "checkins", game)["reward"])
    assert "code" in rewards[0]
    assert rewards[1] == {"coins": 10, "won_here": True, "completed": {"coins": 0}}
    assert Code.objects.exclude(player=None).count() == 1


def test_what_is_owed_is_owed_once_to_a_browser(
    client: Client, make_game: MakeGame
) -> None:
    settings = {"first_day": "2026-01-01", "last_day": "2030-12-31", "days": MUGS}
    game = make_game("checkin", settings=settings)
    for nickname in ("Lucky", "Lucy"):
        as_another(client, game, nickname)
        send(client, "checkins", game)
    assert [one.player.name for one in Backorder.objects.all()] == ["Lucky"]
    game.pools.get().add(["A", "B"])
    as_another(client, game, "Zoe")
    assert send(client, "checkins", game)["reward"]["won_here"]
    assert not Backorder.objects.exists()


def test_shop_sells_nothing_to_another_nickname_and_takes_no_coins(
    client: Client, make_game: MakeGame, carol: Player
) -> None:
    game = make_game("checkin", codes=9)
    mug = Item.objects.create(pool=game.pools.get(), title="Mug", price=10)
    replies = []
    for nickname in ("Lucky", "Lucy"):
        as_another(client, game, nickname)
        player = Player.objects.get(pk=client.session["_auth_user_id"])
        CoinEntry.objects.adjust(player.pk, 50, "a gift", carol, timezone.now())
        replies += [send(client, "redemptions", game, item=mug.pk) for _ in range(2)]
    assert ["code" in one for one in replies] == [True, True, False, False]
    assert replies[3]["error"]["code"] == "won_here"
    assert Player.objects.get(pk=client.session["_auth_user_id"]).coins == 50


# What staff see


def test_staff_see_how_many_won_behind_one_address(
    as_carol: Client, make_game: MakeGame, alice: Player, bob: Player
) -> None:
    game, other = make_game(codes=9), make_game(codes=9)
    home = Source("", "192.0.2.1")
    for player, where in ((alice, game), (bob, game), (alice, other)):
        said = (player.pk, where.pk, uuid4(), "", "elephant", timezone.now())
        submit(Submission(*said, source=home))
    page = as_carol.get("/admin/games/code/?given=yes")
    shown = {
        (code.player, code.pool.game): code.neighbours
        for code in page.context["cl"].result_list
    }
    assert shown == {(alice, game): 2, (bob, game): 2, (alice, other): 1}
    code = Code.objects.get(player=bob)
    assert "192" not in code.address
    there = as_carol.get("/admin/games/code/", {"address__exact": code.address})
    assert {one.player for one in there.context["cl"].result_list} == {alice, bob}


# The cookie


def test_no_shared_page_marks_a_browser(
    client: Client, alice: Player, make_game: MakeGame
) -> None:
    game = make_game()
    for path in ("/", f"/games/{game.slug}/", "/login/", "/signup/", "/api/games"):
        assert "device" not in client.get(path).cookies
    join(client, game, "Lucky")
    mark = client.cookies["device"]
    assert mark["httponly"]
    before = mark.value
    as_another(client, game, "Lucy")
    client.post("/login/", {"username": "Alice", "password": PASSWORD})
    after = client.cookies["device"].value
    marks = {browser_id({"device": value}) for value in (before, after)}
    assert len(marks) == 1
    assert browser_id({"device": before + "x"}) == browser_id({}) == ""
