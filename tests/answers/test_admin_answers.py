"""The admin lists answers and codes, read-only, and verifies receipts."""

import html
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from answers.models import Answer
from answers.submission import Submission, submit
from games.models import Code, Game
from users.models import Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
ANSWERS = "/admin/answers/answer/"
CODES = "/admin/games/code/"
VERIFY = ANSWERS + "verify/"


def send(player: Player, game: Game, value: Any, question: str = "") -> dict[str, Any]:
    return submit(
        Submission(player.pk, game.pk, uuid4(), question, value, timezone.now())
    )


def verdict_on(client: Client, text: str) -> str:
    page = client.post(VERIFY, {"receipt": text})
    if page.context["form"].errors:
        return "unreadable"
    return "genuine" if page.context["answer"] else "not genuine"


# One answer


def test_page_of_an_answer_shows_its_receipt(
    as_carol: Client, alice: Player, make_game: MakeGame
) -> None:
    receipt = send(alice, make_game(), "elephant")["receipt"]
    page = as_carol.get(f"{ANSWERS}{Answer.objects.get().pk}/change/")
    shown = html.unescape(page.content.decode())
    assert json.dumps(receipt) in shown
    assert verdict_on(as_carol, json.dumps(receipt)) == "genuine"


# The list


def test_answers_are_shown_in_words(
    as_carol: Client, alice: Player, make_game: MakeGame
) -> None:
    send(alice, make_game("choice"), [0], "1")
    send(alice, make_game("score"), {"home": 2, "away": 1})
    page = as_carol.get(ANSWERS).content.decode()
    assert "blue" in page
    assert "2 : 1" in page


def test_answer_to_a_question_taken_out_is_shown_too(
    as_carol: Client, alice: Player, make_game: MakeGame
) -> None:
    game = make_game("choice")
    send(alice, game, [1], "2")
    game.settings = {"questions": game.settings["questions"][:1]}
    game.save()
    assert "#2" in as_carol.get(ANSWERS).content.decode()


@pytest.mark.parametrize("url", [ANSWERS, CODES])
def test_list_takes_as_many_queries_for_many_rows(
    as_carol: Client,
    alice: Player,
    bob: Player,
    make_game: MakeGame,
    django_assert_max_num_queries: Any,
    url: str,
) -> None:
    for _ in range(4):
        game = make_game(codes=2)
        for player in (alice, bob):
            send(player, game, "elephant")
    with django_assert_max_num_queries(10):
        assert as_carol.get(url).status_code == 200


@pytest.mark.parametrize("typed", ["ＡＬＩＣＥ", "alice", "Al ice"])
def test_answers_and_codes_are_found_by_player(
    as_carol: Client, alice: Player, bob: Player, make_game: MakeGame, typed: str
) -> None:
    game = make_game(codes=3)
    for player in (alice, bob):
        send(player, game, "elephant")
    for url in (ANSWERS, CODES):
        (found,) = as_carol.get(url, {"q": typed}).context["cl"].result_list
        assert found.player == alice


def test_codes_are_found_by_their_text_and_filtered(
    as_carol: Client, alice: Player, make_game: MakeGame
) -> None:
    game = make_game(codes=3)
    send(alice, game, "elephant")

    def found(**query: Any) -> int:
        return len(as_carol.get(CODES, query).context["cl"].result_list)

    assert found(q=f"code-{game.pk}-0001") == 1
    assert (found(given="yes"), found(given="no")) == (1, 2)


def test_nothing_here_can_be_changed(
    as_carol: Client, alice: Player, make_game: MakeGame
) -> None:
    send(alice, make_game(codes=1), "elephant")
    answer, code = Answer.objects.get(), Code.objects.get()
    for url in (f"{ANSWERS}{answer.pk}/", f"{CODES}{code.pk}/"):
        assert as_carol.get(url + "change/").status_code == 200
        assert as_carol.post(url + "change/", {"text": "x"}).status_code == 403
        assert as_carol.post(url + "delete/", {"post": "yes"}).status_code == 403
    assert as_carol.get(ANSWERS + "add/").status_code == 403


def test_only_codes_that_are_left_can_be_deleted(
    as_carol: Client, alice: Player, make_game: MakeGame
) -> None:
    send(alice, make_game(codes=3), "elephant")
    given, left, other = Code.objects.order_by("pk")
    assert (
        as_carol.post(f"{CODES}{left.pk}/delete/", {"post": "yes"}).status_code == 302
    )
    chosen = {"_selected_action": [given.pk, other.pk], "post": "yes"}
    page = as_carol.post(CODES, {"action": "delete_selected", **chosen}, follow=True)
    assert set(Code.objects.all()) == {given, other}
    assert "It was given to a player, so it can’t be deleted." in page.content.decode()


def test_players_hear_that_the_last_codes_are_gone(
    as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game(codes=2)
    chosen = [code.pk for code in Code.objects.all()]
    sent = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    as_carol.post(CODES, sent)
    assert not Code.objects.exists()
    assert Game.objects.get().seq > game.seq


# Receipts


def test_genuine_receipt_leads_to_its_answer(
    as_carol: Client, alice: Player, make_game: MakeGame
) -> None:
    receipt = send(alice, make_game(), "elephant")["receipt"]
    for text in (json.dumps(receipt), f"{receipt['sequence']} {receipt['hmac']}"):
        page = as_carol.post(VERIFY, {"receipt": text})
        assert page.context["answer"] == Answer.objects.get()
        assert "Genuine" in page.content.decode()


def test_changed_receipt_is_not_genuine(
    as_carol: Client, alice: Player, bob: Player, make_game: MakeGame
) -> None:
    game = make_game()
    mine = send(alice, game, "elephant")["receipt"]
    other = send(bob, game, "mammoth")["receipt"]
    for change in (
        {"hmac": other["hmac"]},
        {"sequence": other["sequence"]},
        {"sequence": 10**30},
        {"sequence": -1},
        {"time": mine["time"] - 1},
        {"id": other["id"]},
        {"hmac": "ไม่"},
    ):
        assert verdict_on(as_carol, json.dumps(mine | change)) == "not genuine"


@pytest.mark.parametrize(
    "text", ["hello", "[]", "{}", "1", '{"sequence": "1", "hmac": "x"}', "[" * 1999]
)
def test_what_is_no_receipt_is_a_form_error(as_carol: Client, text: str) -> None:
    assert verdict_on(as_carol, text) == "unreadable"


def test_players_can_not_verify(as_alice: Client) -> None:
    assert as_alice.get(VERIFY).status_code == 302
