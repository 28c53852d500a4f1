"""Checking in: once a day, by the game's clock, with its reward."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from checkins.checkin import CheckInRequest, check_in
from checkins.models import CheckIn
from core.refusals import Refused
from games.models import Backorder, Code, Game
from games.states import State
from users.models import CoinEntry, Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
NOON = datetime(2026, 3, 1, 5, tzinfo=UTC)  # in Bangkok
DAY = timedelta(days=1)


def rules(**fields: Any) -> dict[str, Any]:
    days = [{"coins": 10}, {"coins": 20}, {"coins": 0, "pool": "Mug"}]
    return {
        "first_day": "2026-03-01",
        "last_day": "2026-03-31",
        "days": days,
        **fields,
    }


@pytest.fixture
def game(make_game: MakeGame) -> Game:
    return make_game("checkin", settings=rules(), opens_at=NOON - 30 * DAY)


def visit(player: Player, game: Game, at: datetime, **other: Any) -> dict[str, Any]:
    return check_in(
        CheckInRequest(player.pk, game.pk, other.pop("key", uuid4()), at, **other)
    )


def refusal(player: Player, game: Game, at: datetime, **other: Any) -> Refused:
    with pytest.raises(Refused) as caught, transaction.atomic():
        visit(player, game, at, **other)
    return caught.value


def test_first_day_gives_its_coins(alice: Player, game: Game) -> None:
    reply = visit(alice, game, NOON)
    assert reply == {
        "status": "done",
        "day": 1,
        "date": "2026-03-01",
        "reward": {"coins": 10},
        "next_open_at": datetime(2026, 3, 1, 17, tzinfo=UTC).timestamp() * 1000,
        "coins": 10,
        "calendar": {
            "days": [
                {"day": 1, "state": "done", "date": "2026-03-01"},
                {"day": 2, "state": "later", "opens_at": reply["next_open_at"]},
            ],
            "done": 1,
            "streak": 1,
            "best": 1,
            "complete": False,
        },
    }
    alice.refresh_from_db()
    assert alice.coins == 10


def test_again_today_says_the_same_and_gives_nothing(alice: Player, game: Game) -> None:
    first = visit(alice, game, NOON)
    again = visit(alice, game, NOON + timedelta(hours=3))
    assert again == {**first, "status": "already"}
    assert CoinEntry.objects.count() == CheckIn.objects.count() == 1


def test_same_id_tomorrow_says_the_same_and_gives_nothing(
    alice: Player, game: Game
) -> None:
    key = uuid4()
    first = visit(alice, game, NOON, key=key)
    again = visit(alice, game, NOON + DAY, key=key)
    assert (again["status"], again["day"]) == ("already", first["day"])
    assert CheckIn.objects.count() == 1


def test_days_begin_at_midnight_in_bangkok(alice: Player, game: Game) -> None:
    last_second = datetime(2026, 3, 1, 16, 59, 59, tzinfo=UTC)
    assert visit(alice, game, last_second)["date"] == "2026-03-01"
    midnight = last_second + timedelta(seconds=1)
    assert visit(alice, game, midnight)["date"] == "2026-03-02"


def test_day_may_begin_at_six(alice: Player, make_game: MakeGame) -> None:
    game = make_game("checkin", settings=rules(day_starts=6), opens_at=NOON - 9 * DAY)
    early = datetime(2026, 3, 1, 22, 59, 59, tzinfo=UTC)  # 5:59:59 on the 2nd
    assert visit(alice, game, early)["date"] == "2026-03-01"
    six = early + timedelta(seconds=1)
    assert visit(alice, game, six)["date"] == "2026-03-02"


def test_missed_days_do_not_reset_a_sequence(alice: Player, game: Game) -> None:
    visit(alice, game, NOON)
    assert visit(alice, game, NOON + 9 * DAY)["day"] == 2


def test_code_out_of_stock_is_owed_and_given_when_stock_comes(
    alice: Player, game: Game
) -> None:
    for day in range(3):
        reply = visit(alice, game, NOON + day * DAY)
    owed = {"coins": 0, "pool": "Mug", "pending": True}
    assert reply["reward"] == {**owed, "completed": {"coins": 0}}
    pool = game.pools.get(name="Mug")
    pool.add(["MUG-1", "MUG-2"])
    assert Code.objects.get(player=alice).text == "MUG-1"
    assert not Backorder.objects.exists()
    again = visit(alice, game, NOON + 2 * DAY)
    assert again["reward"]["code"] == "MUG-1"


def test_all_days_done_gives_the_last_reward_once(
    alice: Player, make_game: MakeGame
) -> None:
    settings = rules(days=[{"coins": 1}, {"coins": 2}], completed_coins=100)
    game = make_game("checkin", settings=settings, opens_at=NOON - DAY)
    visit(alice, game, NOON)
    reply = visit(alice, game, NOON + DAY)
    assert reply["reward"] == {"coins": 2, "completed": {"coins": 100}}
    assert reply["coins"] == 103
    assert refusal(alice, game, NOON + 2 * DAY).code == "all_days_done"


def test_before_the_first_day_says_when_to_come(alice: Player, game: Game) -> None:
    refused = refusal(alice, game, NOON - DAY)
    first = datetime(2026, 2, 28, 17, tzinfo=UTC)
    assert refused.code == "not_open"
    assert refused.body()["next_open_at"] == first.timestamp() * 1000


def test_after_the_last_day_it_is_closed(alice: Player, game: Game) -> None:
    assert refusal(alice, game, NOON + 31 * DAY).code == "closed"


@pytest.mark.parametrize(
    ("state", "code"), [(State.PAUSED, "paused"), (State.CLOSED, "closed")]
)
def test_only_an_open_game_takes_check_ins(
    alice: Player, make_game: MakeGame, state: State, code: str
) -> None:
    game = make_game("checkin", state=state, settings=rules())
    assert refusal(alice, game, NOON).code == code


def test_another_kind_takes_no_check_ins(alice: Player, make_game: MakeGame) -> None:
    assert refusal(alice, make_game("puzzle"), NOON).code == "invalid"


# Calendar


@pytest.fixture
def calendar(make_game: MakeGame) -> Game:
    settings = rules(mode="calendar", last_day="2026-03-03", makeup_price=15)
    return make_game("checkin", settings=settings, opens_at=NOON - DAY)


def test_calendar_day_is_that_of_its_date(alice: Player, calendar: Game) -> None:
    assert visit(alice, calendar, NOON + DAY)["day"] == 2


def test_missed_day_is_made_up_for_coins(alice: Player, calendar: Game) -> None:
    visit(alice, calendar, NOON + DAY)
    reply = visit(alice, calendar, NOON + DAY, day=1)
    assert (reply["status"], reply["day"], reply["date"]) == ("done", 1, "2026-03-01")
    assert reply["coins"] == 20 - 15 + 10
    assert visit(alice, calendar, NOON + DAY, day=1)["status"] == "already"


def test_making_up_takes_coins_one_has(alice: Player, calendar: Game) -> None:
    assert refusal(alice, calendar, NOON + DAY, day=1).code == "not_enough_coins"
    assert not CheckIn.objects.exists()


def test_missed_days_are_made_up_in_order(alice: Player, calendar: Game) -> None:
    refused = refusal(alice, calendar, NOON + 2 * DAY, day=2)
    assert refused.code == "previous_day_missing"


def test_day_to_come_can_not_be_had_early(alice: Player, calendar: Game) -> None:
    refused = refusal(alice, calendar, NOON, day=2)
    assert refused.code == "not_open"
    assert refused.body()["next_open_at"]


# Streak


def test_gap_starts_a_streak_again(alice: Player, make_game: MakeGame) -> None:
    settings = rules(mode="streak")
    game = make_game("checkin", settings=settings, opens_at=NOON - DAY)
    days = [visit(alice, game, NOON + n * DAY)["day"] for n in (0, 1, 3, 4, 5)]
    assert days == [1, 2, 1, 2, 3]
    assert refusal(alice, game, NOON + 6 * DAY).code == "all_days_done"


# What the database itself refuses


def test_ledger_can_not_be_changed(alice: Player, game: Game) -> None:
    visit(alice, game, NOON)
    entry = CoinEntry.objects.get()
    entry.amount = 99
    for change in (entry.save, entry.delete):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_balance_can_not_be_other_than_the_sum(alice: Player, game: Game) -> None:
    visit(alice, game, NOON)
    for coins in (0, 11):
        with pytest.raises(IntegrityError), transaction.atomic():
            Player.objects.filter(pk=alice.pk).update(coins=coins)


def test_balance_can_not_fall_below_zero(alice: Player) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CoinEntry.objects.create(
            player=alice, amount=-1, reason="adjusted", key="k", at=NOON
        )


def test_saving_a_player_read_earlier_leaves_the_balance(
    alice: Player, game: Game
) -> None:
    old = Player.objects.get(pk=alice.pk)
    visit(alice, game, NOON)
    old.name = "Alicia"
    old.save()
    old.refresh_from_db()
    assert (old.name, old.coins) == ("Alicia", 10)
