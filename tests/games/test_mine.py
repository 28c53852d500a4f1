"""The page “My prizes”, and codes that staff have voided."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from answers.submission import Submission, submit
from checkins.checkin import CheckInRequest, check_in
from checkins.models import Item, Redemption
from checkins.shop import Purchase, redeem, void
from core.refusals import Refused
from games.models import Game, Winner
from games.states import State
from live.welcome import states_in
from tests.conftest import SETTINGS
from users.models import Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]


def mine(client: Client) -> str:
    page = client.get("/me/")
    assert page.status_code == 200
    return page.content.decode()


# A winners' list


@pytest.fixture
def winners(make_game: MakeGame, alice: Player, bob: Player) -> Game:
    game = make_game("announce", slug="winners")
    Winner.objects.make_for(game)
    return game


def test_prize_of_a_winners_list_is_among_my_prizes(
    as_alice: Client, winners: Game
) -> None:
    shown = mine(as_alice)
    assert "a bicycle" in shown
    assert "No prizes yet" not in shown
    assert "a balloon" not in shown
    assert 'href="/games/winners/"' in shown


@pytest.mark.parametrize("state", [State.DRAFT, State.SCHEDULED])
def test_prize_is_told_once_the_list_is_out(
    as_alice: Client, winners: Game, state: State
) -> None:
    Game.objects.update(state=state, opens_at=None)
    assert "a bicycle" not in mine(as_alice)


# The archive


@pytest.mark.parametrize("state", State)
def test_only_a_game_that_has_a_page_is_linked(
    as_alice: Client, alice: Player, make_game: MakeGame, state: State
) -> None:
    game = make_game(slug="shadow", title="The shadow", codes=1)
    now = timezone.now()
    code = submit(Submission(alice.pk, game.pk, uuid4(), "", "elephant", now))["code"]
    opens = {"opens_at": None} if state is State.SCHEDULED else {}
    Game.objects.update(state=state, **opens)
    shown = mine(as_alice)
    assert code in shown
    assert shown.count("The shadow") == 2  # the code's and the answer's
    linked = shown.count('href="/games/shadow/"')
    exists = as_alice.get("/games/shadow/").status_code == 200
    assert linked == (2 if exists else 0)


def test_what_was_won_stays_though_the_game_is_archived(
    as_alice: Client, winners: Game
) -> None:
    winners.close(timezone.now())
    winners.archive(timezone.now())
    shown = mine(as_alice)
    assert "a bicycle" in shown
    assert "/games/winners/" not in shown


# Answers, in the kind's words


@pytest.mark.parametrize(
    ("kind", "question", "value", "words"),
    [
        ("puzzle", "", "a mouse", "<b>a mouse</b>"),
        ("number", "", "007", "<b>007</b>"),
        ("score", "", {"home": 2, "away": 1}, "<b>Lions 2 : 1 Tigers</b>"),
        ("choice", "1", [1], "<b>Sky? – green</b>"),
    ],
)
def test_answer_is_shown_in_words(
    as_alice: Client,
    alice: Player,
    make_game: MakeGame,
    kind: str,
    question: str,
    value: Any,
    words: str,
) -> None:
    game = make_game(kind, settings=SETTINGS[kind])
    submit(Submission(alice.pk, game.pk, uuid4(), question, value, timezone.now()))
    assert words in mine(as_alice)


def test_true_or_false_is_shown_in_the_players_language(
    as_alice: Client, alice: Player, make_game: MakeGame
) -> None:
    question = {"text": "Sky?", "type": "truefalse", "options": ["*true"]}
    game = make_game("choice", settings={"questions": [question]})
    submit(Submission(alice.pk, game.pk, uuid4(), "1", [0], timezone.now()))
    page = as_alice.get("/me/", headers={"accept-language": "th"})
    assert "Sky? – จริง" in page.content.decode()


def test_answer_to_a_removed_question_is_still_listed(
    as_alice: Client, alice: Player, make_game: MakeGame
) -> None:
    game = make_game("choice", settings=SETTINGS["choice"])
    submit(Submission(alice.pk, game.pk, uuid4(), "2", [1], timezone.now()))
    game.settings = {"questions": game.settings["questions"][:1]}
    game.save()
    assert "An earlier question" in mine(as_alice)


# What staff took back


@pytest.fixture
def item(make_game: MakeGame, alice: Player) -> Item:
    game = make_game("checkin", codes=3, settings=SETTINGS["checkin"])
    check_in(CheckInRequest(alice.pk, game.pk, uuid4(), timezone.now()))
    pool = game.pools.get()
    return Item.objects.create(pool=pool, title="Mug", price=10, limit=1)


def buy(player: Player, item: Item) -> dict[str, Any]:
    now = timezone.now()
    return redeem(Purchase(player.pk, item.pool.game_id, item.pk, uuid4(), now))


def test_limit_counts_no_purchase_that_was_taken_back(
    alice: Player, carol: Player, item: Item
) -> None:
    buy(alice, item)
    with pytest.raises(Refused, match="limit_reached"):
        buy(alice, item)
    void(Redemption.objects.get(), carol, timezone.now())
    assert buy(alice, item)["status"] == "done"
    with pytest.raises(Refused, match="limit_reached"):
        buy(alice, item)
    numbers = Redemption.objects.order_by("pk").values_list("number", flat=True)
    assert list(numbers) == [1, 2]


def test_player_sees_what_was_taken_back(
    as_alice: Client, alice: Player, carol: Player, item: Item
) -> None:
    code = buy(alice, item)["code"]
    assert "data-void" not in mine(as_alice)
    void(Redemption.objects.get(), carol, timezone.now())
    [bought] = states_in(item.pool.game, [alice])[alice.pk].mine["purchases"]
    assert (bought["code"], bought["pool"], bought["void"]) == (code, "Voucher", True)
    shown = mine(as_alice)
    assert "This code is void" in shown
    assert code in shown
    assert "Copy the code" not in shown
