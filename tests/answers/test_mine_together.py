"""“My prizes” for many players at once is the same as for each alone."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from answers.models import Answer
from answers.pages import contexts_of, winners_of, with_games
from checkins.models import Item, Redemption
from checkins.shop import Purchase, redeem, void
from core.paging import Page
from games.models import Game, Winner
from users.models import CoinEntry, Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
FIRST = Page()


def crowd(name: str, count: int) -> list[Player]:
    return [Player.objects.create_user(f"{name} {place}") for place in range(count)]


def was_guest(account: Player) -> Player:
    return Player.objects.create(name="A guest", is_guest=True, account=account)


def answer(player: Player, game: Game, question: str = "") -> Answer:
    what = {"value": "elephant", "verdict": "right", "submitted_at": timezone.now()}
    return Answer.objects.create(
        player=player, game=game, question=question, key=uuid4(), **what
    )


def give_code(player: Player, game: Game) -> None:
    code = game.pools.get().codes.unclaimed()[0]
    code.player, code.claim, code.given_at = player, uuid4().hex, timezone.now()
    code.save()


def win(player: Player, game: Game) -> None:
    Winner.objects.filter(game=game, player=None).first().bind(player.pk)  # type: ignore[union-attr]


def winners_list(make_game: MakeGame, count: int) -> Game:
    lines = [f"winner {place}, prize {place}" for place in range(count)]
    game = make_game("announce", settings={"winners": lines})
    Winner.objects.make_for(game)
    return game


@pytest.fixture
def rich(make_game: MakeGame) -> Callable[[int], list[Player]]:
    """So many players, each with a code, a line, and answers in three games, one of
    which they played as a guest."""

    def make(count: int) -> list[Player]:
        players = crowd(f"{count} of", count)
        codes, lines = make_game(codes=count), winners_list(make_game, count)
        games = [codes, make_game()]
        for player in players:
            guest = was_guest(player)
            for game in games:
                answer(player, game)
            answer(guest, codes)
            give_code(guest, codes)
            win(player, lines)
        return players

    return make


def test_statements_are_the_same_for_one_and_for_a_hundred(
    rich: Callable[[int], list[Player]],
) -> None:
    counts = []
    for count in (1, 100):
        players = rich(count)
        with CaptureQueriesContext(connection) as statements:
            contexts = contexts_of(players, [FIRST] * count)
            shown = [seen_in(context) for context in contexts]
        counts.append(len(statements))
        assert all(len(one["answers"]) == 3 for one in shown)
        assert all(len(one["codes"]) == len(one["lines"]) == 1 for one in shown)
        assert all(one["was_guest"] for one in shown)
    assert counts[0] == counts[1] <= 7


def test_those_who_have_nothing_cost_no_more(alice: Player) -> None:
    for players in ([alice], crowd("poor", 100)):
        with CaptureQueriesContext(connection) as statements:
            contexts = contexts_of(players, [FIRST] * len(players))
        assert len(statements) == 5  # one for the games they are on the list of
        assert all(seen_in(one)["answers"] == [] for one in contexts)


def seen_in(context: dict[str, Any]) -> dict[str, Any]:
    """What the template asks of it, in values that can be compared."""
    return {
        "codes": [
            (code.text, code.pool.name, code.pool.game.title, code.player.name)
            for code in context["codes"]
        ],
        "void": context["void"],
        "lines": [(line["prize"], line["game"].title) for line in context["lines"]],
        "answers": [
            (one.pk, one.game.title, one.player.name) for one in context["answers"]
        ],
        "next": context["next"],
        "was_guest": context["was_guest"],
    }


def test_together_each_sees_what_they_see_alone(
    rich: Callable[[int], list[Player]], make_game: MakeGame, alice: Player, bob: Player
) -> None:
    players = [*rich(3), alice, bob]
    players.insert(2, Player.objects.get(account=players[0]))
    game = make_game()
    for _time in range(2):
        answer(alice, make_game())
    answer(bob, game)
    together = contexts_of(players, [FIRST] * len(players))
    for player, context in zip(players, together):
        [alone] = contexts_of([player], [FIRST])
        assert seen_in(context) == seen_in(alone)
    assert len({str(seen_in(context)) for context in together}) == len(players)


def test_nobody_asks_for_nothing() -> None:
    assert contexts_of([], []) == []


def test_each_page_begins_after_its_cursor(
    make_game: MakeGame, alice: Player, bob: Player
) -> None:
    games = [make_game() for _place in range(5)]
    hers = [answer(alice, game).pk for game in games]
    his = [answer(bob, game).pk for game in games]
    pages = [Page(limit=2), Page(limit=3), Page(limit=2, cursor=str(hers[3]))]
    contexts = contexts_of([alice, bob, alice], pages)
    shown = [[one.pk for one in context["answers"]] for context in contexts]
    assert shown == [hers[:2:-1], his[:1:-1], hers[2:0:-1]]
    assert [context["next"] for context in contexts] == [
        *(str(hers[3]), str(his[2]), str(hers[1]))
    ]


def test_a_guests_answers_stand_in_order_among_the_accounts(
    make_game: MakeGame, alice: Player
) -> None:
    guest = was_guest(alice)
    pks = [answer((alice, guest)[place % 2], make_game()).pk for place in range(4)]
    [context] = contexts_of([alice], [Page(limit=3)])
    assert [one.pk for one in context["answers"]] == pks[:0:-1]
    assert context["next"] == str(pks[1])


def test_line_of_a_game_deleted_meanwhile_is_left_out(
    make_game: MakeGame, alice: Player
) -> None:
    lists = [winners_list(make_game, 1) for _place in range(2)]
    for game in lists:
        win(alice, game)
    winners = winners_of({alice.pk: [alice]})
    lists[0].delete()
    assert [one.game for one in with_games(winners)] == [lists[1]]


def test_newest_winners_list_comes_first(make_game: MakeGame, alice: Player) -> None:
    old, new = winners_list(make_game, 1), winners_list(make_game, 1)
    for game in (old, new):
        win(alice, game)
    [context] = contexts_of([alice], [FIRST])
    assert [line["game"] for line in context["lines"]] == [new, old]


def test_code_taken_back_is_void_for_its_player_alone(
    make_game: MakeGame, alice: Player, bob: Player, carol: Player
) -> None:
    game, now = make_game("checkin", codes=2), timezone.now()
    item = Item.objects.create(pool=game.pools.get(), title="Mug", price=1, limit=1)
    for player in (alice, bob):
        reason = CoinEntry.Reason.ADJUSTED
        CoinEntry.objects.record(
            player, 5, reason, key=str(player.pk), at=now, by=carol
        )
        redeem(Purchase(player.pk, game.pk, item.pk, uuid4(), now))
    void(Redemption.objects.get(player=bob), carol, now)
    hers, his = contexts_of([alice, bob], [FIRST] * 2)
    assert hers["void"] == set()
    assert his["void"] == {code.pk for code in his["codes"]}


def test_page_shows_no_other_players_prizes(
    rich: Callable[[int], list[Player]], as_alice: Client
) -> None:
    rich(1)
    assert "No prizes yet" in as_alice.get("/me/").content.decode()
