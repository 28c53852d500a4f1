"""Check-ins and purchases that arrive together share a transaction, nothing else."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checkins.checkin import CheckInRequest, check_in, check_in_many
from checkins.models import CheckIn, Item, Redemption
from checkins.shop import Purchase, redeem_many
from core.gathered import isolate
from core.refusals import Refused
from games import events
from games.models import Backorder, Code, Game
from games.sources import Source
from games.states import State
from tests.checkins.conftest import NOON
from users.models import CoinEntry, Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
Outcomes = Sequence[dict[str, Any] | Refused]
DAY = timedelta(days=1)
PRICE = 10


def players(count: int, coins: int = 0) -> list[Player]:
    """Players who may have coins."""
    names = [uuid4().hex for _ in range(count)]
    made = Player.objects.bulk_create(Player(name=n, name_key=n) for n in names)
    if coins:
        what = {"amount": coins, "reason": "adjusted", "at": NOON}
        CoinEntry.objects.bulk_create(
            CoinEntry(player=one, key=f"gift:{one.pk}", **what) for one in made
        )
    return made


def visit(
    player: Player,
    game: Game,
    at: datetime = NOON,
    key: UUID | None = None,
    **more: Any,
) -> CheckInRequest:
    return CheckInRequest(player.pk, game.pk, key or uuid4(), at, **more)


def wish(player: Player, item: Item, key: UUID | None = None, **more: Any) -> Purchase:
    game_id = item.pool.game_id
    return Purchase(player.pk, game_id, item.pk, key or uuid4(), NOON, **more)


def item_in(game: Game, **fields: Any) -> Item:
    pool = game.pools.get(name="Voucher")
    return Item.objects.create(pool=pool, title="Mug", **{"price": PRICE, **fields})


def codes_of(outcomes: Outcomes) -> list[str]:
    """Each status, or the code of the refusal."""
    return [o.code if isinstance(o, Refused) else o["status"] for o in outcomes]


def statements(act: Callable[[], Outcomes]) -> int:
    with CaptureQueriesContext(connection) as captured:
        outcomes = act()
    assert set(codes_of(outcomes)) == {"done"}
    return len(captured)


# Statements


@pytest.mark.parametrize("stock", [0, 0.5, 1])
@pytest.mark.parametrize("browsers", [False, True])
def test_statements_are_the_same_for_2_and_for_200_check_ins(
    daily: Callable[..., Game], stock: float, browsers: bool
) -> None:
    last = {"days": [{"coins": 10, "pool": "Voucher"}], "completed_coins": 5}
    counts = []
    for count in (2, 200):
        game = daily(codes=int(count * stock), completed_pool="All", **last)
        game.pools.get_or_create(name="Voucher")
        game.pools.create(name="All").add(f"{game.pk}-{n}" for n in range(count))
        requests = [
            visit(one, game, source=Source(uuid4().hex if browsers else "", "::1"))
            for one in players(count)
        ]
        counts.append(statements(lambda requests=requests: check_in_many(requests)))
        assert CheckIn.objects.filter(game=game).count() == count
        assert Backorder.objects.filter(pool__game=game).count() == count - int(
            count * stock
        )
    assert counts[0] == counts[1] <= 24


def test_one_check_in_takes_no_more_than_many(daily: Callable[..., Game]) -> None:
    game = daily(codes=9)
    one, *others = players(4)
    alone = statements(lambda: check_in_many([visit(one, game)]))
    together = statements(lambda: check_in_many([visit(p, game) for p in others]))
    assert alone == together


@pytest.mark.parametrize("browsers", [False, True])
def test_statements_are_the_same_for_2_and_for_200_purchases(
    daily: Callable[..., Game], browsers: bool
) -> None:
    counts = []
    for count in (2, 200):
        item = item_in(daily(codes=count))
        purchases = [
            wish(one, item, source=Source(uuid4().hex if browsers else "", "::1"))
            for one in players(count, PRICE)
        ]
        counts.append(statements(lambda asked=purchases: redeem_many(asked)))
        assert Redemption.objects.filter(item=item).count() == count
    assert counts[0] == counts[1] <= 18


# One that is refused


def test_refused_check_in_spoils_nobody_elses(
    daily: Callable[..., Game], make_game: MakeGame, mallory: Player
) -> None:
    game, paused = daily(codes=9), daily()
    Game.objects.filter(pk=paused.pk).update(state=State.PAUSED)
    riddle, (one, two, three) = make_game(), players(3)
    key = uuid4()
    check_in(visit(three, daily(), key=key))
    outcomes = check_in_many(
        [
            visit(one, game),
            visit(mallory, game),
            visit(two, paused),
            visit(two, riddle),
            visit(two, game, NOON - DAY),
            visit(three, game, key=key),
            visit(two, game),
        ]
    )
    assert codes_of(outcomes) == [
        *("done", "not_signed_in", "paused", "invalid", "not_open", "invalid", "done")
    ]
    assert CheckIn.objects.filter(game=game).count() == 2
    assert Code.objects.exclude(player=None).count() == 2


def test_refused_purchase_spoils_nobody_elses(
    daily: Callable[..., Game], mallory: Player
) -> None:
    game = daily(codes=9)
    mug, dear = item_in(game), item_in(game, price=99)
    one, two, three = players(3, PRICE)
    [poor] = players(1)
    outcomes = redeem_many(
        [
            wish(one, mug),
            wish(mallory, mug),
            wish(two, dear),
            wish(two, mug, price=5),
            wish(poor, mug),
            Purchase(two.pk, daily().pk, mug.pk, uuid4(), NOON),
            wish(three, mug),
        ]
    )
    assert codes_of(outcomes) == [
        *("done", "not_signed_in", "not_enough_coins", "invalid", "not_enough_coins"),
        *("not_found", "done"),
    ]
    assert Code.objects.exclude(player=None).count() == 2


def test_one_that_fails_is_told_apart(daily: Callable[..., Game]) -> None:
    """Caused by settings in the database that the kind's schema can't read."""
    game, broken = daily(codes=9), daily()
    Game.objects.filter(pk=broken.pk).update(settings={"days": 7})
    requests = [visit(one, game) for one in players(9)]
    requests.insert(4, visit(players(1)[0], broken))
    outcomes = isolate(check_in_many, requests)
    failed = [isinstance(outcome, Exception) for outcome in outcomes]
    assert failed == [place == 4 for place in range(10)]
    assert CheckIn.objects.count() == 9


# One player several times


def test_second_check_in_of_a_batch_sees_the_first(daily: Callable[..., Game]) -> None:
    game, key, [one] = daily(codes=9), uuid4(), players(1)
    outcomes = check_in_many(
        [visit(one, game, key=key), visit(one, game), visit(one, game, key=key)]
    )
    first = outcomes[0]
    assert isinstance(first, dict)
    assert [*outcomes[1:]] == [{**first, "status": "already"}] * 2
    assert (CheckIn.objects.count(), CoinEntry.objects.count()) == (1, 1)
    assert Code.objects.exclude(player=None).count() == 1


def test_days_of_a_batch_follow_each_other(daily: Callable[..., Game]) -> None:
    game, [one] = daily(codes=9, completed_coins=5), players(1)
    days = check_in_many([visit(one, game), visit(one, game, NOON + DAY)])
    assert [day["coins"] for day in days if isinstance(day, dict)] == [10, 35]
    one.refresh_from_db()
    assert one.coins == 35


def test_day_is_made_up_with_coins_of_the_same_batch(
    daily: Callable[..., Game],
) -> None:
    game = daily(mode="calendar", last_day="2026-03-02", makeup_price=15)
    [one] = players(1)
    asked = [visit(one, game, NOON + DAY, day=day) for day in (1, None, 1, 1)]
    outcomes = check_in_many(asked)
    assert codes_of(outcomes) == ["not_enough_coins", "done", "done", "already"]
    one.refresh_from_db()
    assert one.coins == 20 - 15 + 10


def test_id_used_in_two_games_together_is_kept_in_the_first(
    daily: Callable[..., Game],
) -> None:
    game, other, key, [one] = daily(), daily(), uuid4(), players(1)
    outcomes = check_in_many([visit(one, game, key=key), visit(one, other, key=key)])
    assert codes_of(outcomes) == ["done", "invalid"]


def test_purchases_of_a_batch_spend_the_same_coins(daily: Callable[..., Game]) -> None:
    game, key = daily(codes=9), uuid4()
    item, [one] = item_in(game), players(1, 2 * PRICE)
    asked = [wish(one, item, key=key), wish(one, item, key=key), wish(one, item)]
    outcomes = redeem_many([*asked, wish(one, item)])
    assert codes_of(outcomes) == ["done", "already", "done", "not_enough_coins"]
    assert [o["coins"] for o in outcomes if isinstance(o, dict)] == [10, 10, 0]
    assert Redemption.objects.count() == 2


def test_coins_are_there_for_the_second_where_the_first_is_sold_out(
    daily: Callable[..., Game],
) -> None:
    empty, full, [one] = daily(), daily(codes=1), players(1, PRICE)
    empty.pools.get_or_create(name="Voucher")
    outcomes = redeem_many([wish(one, item_in(empty)), wish(one, item_in(full))])
    assert codes_of(outcomes) == ["sold_out", "done"]


def test_limit_holds_in_a_batch(daily: Callable[..., Game]) -> None:
    item, [one] = item_in(daily(codes=9), limit=2), players(1, 9 * PRICE)
    outcomes = redeem_many([wish(one, item) for _ in range(3)])
    assert codes_of(outcomes) == ["done", "done", "limit_reached"]
    numbers = Redemption.objects.order_by("pk").values_list("number", flat=True)
    assert [*numbers] == [1, 2]


# Codes


def test_codes_go_to_the_first_and_are_owed_to_the_others(
    daily: Callable[..., Game],
) -> None:
    game, crowd = daily(codes=2), players(4)
    outcomes = check_in_many([visit(one, game) for one in crowd])
    rewards = [o["reward"] for o in outcomes if isinstance(o, dict)]
    assert ["code" in reward for reward in rewards] == [True, True, False, False]
    assert ["pending" in reward for reward in rewards] == [False, False, True, True]
    owed = Backorder.objects.order_by("pk").values_list("player", flat=True)
    assert [*owed] == [one.pk for one in crowd[2:]]


def test_poor_players_take_no_stock_from_the_others(daily: Callable[..., Game]) -> None:
    item = item_in(daily(codes=2))
    poor, rich = players(5), players(3, PRICE)
    outcomes = redeem_many([wish(one, item) for one in (*poor, *rich)])
    assert codes_of(outcomes) == ["not_enough_coins"] * 5 + ["done"] * 2 + ["sold_out"]


@pytest.mark.parametrize("codes", [0, 9])
def test_browser_wins_once_in_a_batch_of_check_ins(
    daily: Callable[..., Game], codes: int
) -> None:
    game, here = daily(codes=codes), Source(uuid4().hex, "")
    one, two, three = players(3)
    asked = [visit(one, game, source=here), visit(two, game, source=here)]
    outcomes = check_in_many([*asked, visit(three, game)])
    rewards = [o["reward"] for o in outcomes if isinstance(o, dict)]
    assert ["won_here" in reward for reward in rewards] == [False, True, False]
    assert rewards[1] == {"coins": 10, "won_here": True}
    given = Code.objects.exclude(player=None).count() + Backorder.objects.count()
    assert given == 2


def test_browser_wins_once_in_a_batch_of_purchases(daily: Callable[..., Game]) -> None:
    item, here = item_in(daily(codes=9)), Source(uuid4().hex, "")
    one, two = players(2, 2 * PRICE)
    asked = [wish(player, item, source=here) for player in (one, two, one)]
    assert codes_of(redeem_many(asked)) == ["done", "won_here", "done"]
    two.refresh_from_db()
    assert two.coins == 2 * PRICE


def test_all_days_done_again_with_a_new_day_give_their_coins_once(
    daily: Callable[..., Game],
) -> None:
    """Staff add a day to a calendar that the player has completed."""
    calendar = {"mode": "calendar", "days": [{"coins": 1}], "completed_coins": 50}
    game, [one] = daily(last_day="2026-03-01", **calendar), players(1)
    check_in(visit(one, game))
    game.settings |= {"days": [{"coins": 1}] * 2, "last_day": "2026-03-02"}
    game.edit(["settings"])
    assert check_in(visit(one, game, NOON + DAY))["coins"] == 52


def test_other_devices_of_all_are_told_by_one_message(
    make_game: MakeGame,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    game, three = make_game("checkin"), players(3)
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(events, "send", lambda _group, message: sent.append(message))
    with django_capture_on_commit_callbacks(execute=True):
        check_in_many([visit(one, game, origin=f"of {one.pk}") for one in three])
    [message] = [one for one in sent if one["type"] == "me"]
    assert message["players"] == [(one.pk, f"of {one.pk}") for one in three]
