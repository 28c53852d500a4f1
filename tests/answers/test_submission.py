"""Submitting answers: once, in time, by those who may."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from answers.models import Answer
from answers.receipts import is_genuine
from answers.results import reveal
from answers.submission import Submission, submit
from core.refusals import Refused
from games.models import Code, Game, Guest
from games.states import Access, State
from live.welcome import states_in
from users.models import Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]


def send(player: Player, game: Game, value: Any, **other: Any) -> dict[str, Any]:
    fields = {"key": uuid4(), "question": "", "at": timezone.now()} | other
    return submit(Submission(player.pk, game.pk, value=value, **fields))


def refusal(player: Player, game: Game, value: Any, **other: Any) -> Refused:
    before = Answer.objects.count()
    with pytest.raises(Refused) as caught:
        send(player, game, value, **other)
    assert Answer.objects.count() == before
    return caught.value


def test_right_answer_wins_a_code(alice: Player, make_game: MakeGame) -> None:
    game = make_game(codes=2)
    reply = send(alice, game, " Elephant ")
    assert (reply["status"], reply["verdict"]) == ("accepted", "right")
    code = Code.objects.get(player=alice)
    assert reply["code"] == code.text
    assert code.pk == min(Code.objects.values_list("pk", flat=True))


@pytest.mark.parametrize(("value", "won"), [("elephant", True), ("mouse", False)])
def test_reply_and_welcome_say_whether_the_player_has_won(
    alice: Player, bob: Player, make_game: MakeGame, value: str, won: bool
) -> None:
    game = make_game()
    assert send(alice, game, value)["won"] is won
    states = states_in(game, [alice, bob])
    assert [states[player.pk].mine["won"] for player in (alice, bob)] == [won, False]


def test_quiz_is_won_with_its_last_answer_and_says_so_on_every_repeat(
    alice: Player, make_game: MakeGame
) -> None:
    questions = [{"text": text, "options": ["*yes", "no"]} for text in ("One?", "Two?")]
    game, first, last = (
        make_game("choice", settings={"questions": questions}),
        uuid4(),
        uuid4(),
    )
    replies = [
        send(alice, game, [0], question=question, key=key)
        for question, key in (("1", first), ("2", last), ("1", first))
    ]
    assert [reply["won"] for reply in replies] == [False, True, True]


def test_nothing_is_won_before_it_is_told(alice: Player, make_game: MakeGame) -> None:
    questions = [{"text": "One?", "options": ["*yes", "no"]}]
    rules = {"questions": questions, "tell": "on_reveal"}
    game = make_game("choice", settings=rules)
    assert send(alice, game, [0], question="1")["won"] is False
    assert states_in(game, [alice])[alice.pk].mine["won"] is False
    game.close(timezone.now())
    reveal(game, timezone.now())
    assert states_in(game, [alice])[alice.pk].mine["won"] is True


def test_wrong_answer_wins_nothing(alice: Player, make_game: MakeGame) -> None:
    reply = send(alice, make_game(codes=1), "mouse")
    assert reply["verdict"] == "wrong"
    assert "code" not in reply
    assert not Code.objects.exclude(player=None).exists()


def test_same_id_again_returns_the_first_outcome(
    alice: Player, make_game: MakeGame
) -> None:
    game, key = make_game(codes=2), uuid4()
    first = send(alice, game, "elephant", key=key)
    again = send(alice, game, " elephant", key=key)
    assert again.pop("status") == "duplicate"
    assert first | again == first
    assert Answer.objects.count() == 1


def test_same_id_for_another_answer_is_refused(
    alice: Player, make_game: MakeGame
) -> None:
    game, key = make_game(), uuid4()
    send(alice, game, "mouse", key=key)
    refused = refusal(alice, game, "elephant", key=key)
    assert (refused.code, refused.field) == ("invalid", "id")


def test_same_id_of_another_player_is_no_matter(
    alice: Player, bob: Player, make_game: MakeGame
) -> None:
    game, key = make_game(), uuid4()
    send(alice, game, "mouse", key=key)
    assert send(bob, game, "elephant", key=key)["status"] == "accepted"


def test_solved_is_solved(alice: Player, make_game: MakeGame) -> None:
    game = make_game(codes=2)
    first = send(alice, game, "elephant")
    again = send(alice, game, "ช้าง")
    assert again["status"] == "duplicate"
    assert again["code"] == first["code"]
    assert Code.objects.filter(player=alice).count() == 1


def test_winner_is_told_when_codes_are_gone(
    alice: Player, bob: Player, make_game: MakeGame
) -> None:
    game = make_game(codes=1)
    assert "sold_out" not in send(alice, game, "elephant")
    reply = send(bob, game, "elephant")
    assert (reply["verdict"], reply["sold_out"]) == ("right", True)
    assert "code" not in reply


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.DRAFT, "not_found"),
        (State.SCHEDULED, "not_open"),
        (State.PAUSED, "paused"),
        (State.CLOSED, "closed"),
        (State.REVEALED, "closed"),
        (State.ARCHIVED, "not_found"),
    ],
)
def test_only_an_open_game_takes_answers(
    alice: Player, make_game: MakeGame, state: State, code: str
) -> None:
    assert refusal(alice, make_game(state=state), "elephant").code == code


def test_late_answer_is_refused_before_anybody_noted_the_closing(
    alice: Player, make_game: MakeGame
) -> None:
    closes = timezone.now() + timedelta(seconds=10)
    game = make_game(closes_at=closes)
    assert refusal(alice, game, "elephant", at=closes).code == "closed"
    just_before = closes - timedelta(milliseconds=1)
    assert send(alice, game, "elephant", at=just_before)["verdict"] == "right"


def test_attempts_run_out(alice: Player, make_game: MakeGame) -> None:
    game = make_game(settings={"accepted": ["elephant"], "attempts": 2})
    send(alice, game, "mouse")
    send(alice, game, "cat")
    assert refusal(alice, game, "elephant").code == "no_attempts_left"


def test_attempts_come_back_after_a_minute(alice: Player, make_game: MakeGame) -> None:
    rules = {"accepted": ["elephant"], "attempts": 1, "attempts_per": "minute"}
    game, now = make_game(settings=rules), timezone.now()
    send(alice, game, "mouse", at=now)
    refused = refusal(alice, game, "elephant", at=now + timedelta(seconds=20))
    assert (refused.code, refused.retry_after) == ("no_attempts_left", 40)
    later = now + timedelta(seconds=60)
    assert send(alice, game, "elephant", at=later)["verdict"] == "right"


def test_attempts_are_counted_on_whatever_was_the_limit(
    alice: Player, make_game: MakeGame
) -> None:
    game = make_game(settings={"accepted": ["elephant"]})
    for _wrong in range(3):
        send(alice, game, "mouse")
    game.settings = {"accepted": ["elephant"], "attempts": 4}
    game.edit(["settings"])
    assert send(alice, game, "cat")["attempts_left"] == 0
    assert refusal(alice, game, "elephant").code == "no_attempts_left"


def nested(depth: int) -> Any:
    return {"a": nested(depth - 1)} if depth else 1


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (nested(600), "invalid"),
        ([[[[[[[[[[1]]]]]]]]]], "invalid"),
        ([0] * 5000, "too_large"),
        ({"x": float("nan")}, "invalid"),
        ([10**400], "invalid"),
        ({"\ud800": 1}, "invalid"),
        ([{"a": "\x00"}], "invalid"),
    ],
    ids=["deep", "lists", "many", "nan", "huge", "surrogate", "NUL"],
)
@pytest.mark.parametrize("kind", ["puzzle", "number", "score", "choice"])
def test_value_without_bounds_is_refused_by_name(
    alice: Player, make_game: MakeGame, kind: str, value: Any, code: str
) -> None:
    question = "1" if kind == "choice" else ""
    refused = refusal(alice, make_game(kind), value, question=question)
    assert (refused.code, refused.field) == (code, "value")


def test_banned_player_is_refused(mallory: Player, make_game: MakeGame) -> None:
    assert refusal(mallory, make_game(), "elephant").code == "not_signed_in"


def test_player_not_on_the_list_is_refused(
    alice: Player, bob: Player, make_game: MakeGame
) -> None:
    game = make_game(access=Access.LISTED)
    game.invite(["A LICE"])
    assert send(alice, game, "elephant")["verdict"] == "right"
    assert refusal(bob, game, "elephant").code == "not_eligible"


def test_guest_plays_only_where_they_joined(make_game: MakeGame) -> None:
    joined, other = make_game(), make_game()
    signed_in = make_game(access=Access.SIGNED_IN)
    guest = Player.objects.create_guest("Zoe")
    Guest.objects.admit(joined.pk, guest, "Zoe")
    assert send(guest, joined, "elephant")["verdict"] == "right"
    assert refusal(guest, other, "elephant").code == "not_eligible"
    assert refusal(guest, signed_in, "elephant").code == "not_eligible"


@pytest.mark.parametrize("value", [None, 7, True, [], {}, "", "  ", "x" * 201, "a\0b"])
def test_unreadable_value_is_refused_by_name(
    alice: Player, make_game: MakeGame, value: Any
) -> None:
    refused = refusal(alice, make_game(), value)
    assert (refused.code, refused.field) == ("invalid", "value")


def test_unknown_question_is_refused_by_name(
    alice: Player, make_game: MakeGame
) -> None:
    refused = refusal(alice, make_game("choice"), 0, question="9")
    assert (refused.code, refused.field) == ("invalid", "question")


def test_pending_answer_may_be_changed_until_closing(
    alice: Player, make_game: MakeGame
) -> None:
    game = make_game("number")
    assert send(alice, game, "041")["verdict"] == "pending"
    assert send(alice, game, "๐๔๒")["verdict"] == "pending"
    assert [a.value for a in Answer.objects.current()] == ["042"]
    assert Answer.objects.count() == 2


def test_choice_wins_with_its_last_right_answer(
    alice: Player, make_game: MakeGame
) -> None:
    game = make_game("choice", codes=1)
    assert "code" not in send(alice, game, 0, question="1")
    assert send(alice, game, [1], question="2")["code"]


def test_receipt_can_be_verified_and_not_forged(
    alice: Player, make_game: MakeGame
) -> None:
    receipt = send(alice, make_game(), "elephant")["receipt"]
    answer = Answer.objects.get(pk=receipt["sequence"])
    assert str(answer.key) == receipt["id"]
    assert is_genuine(answer, receipt["hmac"])
    answer.value = "mouse"
    assert not is_genuine(answer, receipt["hmac"])
