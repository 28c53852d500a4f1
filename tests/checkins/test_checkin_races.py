"""Two transactions at once on PostgreSQL: nothing twice, and no deadlock."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from checkins.checkin import check_in_many
from checkins.models import CheckIn, Redemption
from checkins.shop import redeem_many
from core.refusals import Refused
from gameproject.management.commands.audit import audit
from games.codes import Codes, Line
from games.imports import import_codes
from games.models import Backorder, Code, Game, Pool
from games.sources import Source
from tests.checkins.conftest import NOON
from tests.checkins.test_checking_in_together import (
    PRICE,
    Outcomes,
    codes_of,
    item_in,
    players,
    visit,
    wish,
)
from users.models import CoinEntry

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'"),
]
Daily = Callable[..., Game]
Act = Callable[[], Any]
ROUNDS = 10


@pytest.fixture
def elsewhere() -> Iterator[Callable[[Act], "Future[Any]"]]:
    """Act on another connection."""

    def closing(act: Act) -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        yield lambda act: threads.submit(closing, act)


Elsewhere = Callable[[Act], "Future[Any]"]


def both(elsewhere: Elsewhere, *acts: Act) -> list[Any]:
    """The results of two acts that begin together."""
    begin = Barrier(len(acts))

    def begun(act: Act) -> Any:
        begin.wait(30)
        return act()

    futures = [elsewhere(lambda act=act: begun(act)) for act in acts]
    return [future.result(60) for future in futures]


def waiting(elsewhere: Elsewhere, first: Act, second: Act) -> tuple[Any, Any]:
    """The second begins just before the first commits, and waits for it."""
    with transaction.atomic():
        done = first()
        future = elsewhere(second)
        with pytest.raises(TimeoutError):
            future.result(0.5)
    return done, future.result(30)


def prove() -> None:
    found = [line for one in audit() if one.fails for line in one.lines()]
    assert not found


# One after the other


def test_same_check_in_twice_is_one(daily: Daily, elsewhere: Elsewhere) -> None:
    game, key, [one] = daily(codes=9), uuid4(), players(1)
    act = lambda: check_in_many([visit(one, game, key=key)])  # noqa: E731
    [first], [again] = waiting(elsewhere, act, act)
    assert again == {**first, "status": "already"}
    assert (CheckIn.objects.count(), CoinEntry.objects.count()) == (1, 1)
    prove()


def test_same_purchase_twice_is_one(daily: Daily, elsewhere: Elsewhere) -> None:
    item, key, [one] = item_in(daily(codes=9)), uuid4(), players(1, 2 * PRICE)
    act = lambda: redeem_many([wish(one, item, key=key)])  # noqa: E731
    [first], [again] = waiting(elsewhere, act, act)
    assert again == {**first, "status": "already"}
    assert Redemption.objects.count() == 1
    prove()


def test_same_player_pays_with_the_same_coins_once(
    daily: Daily, elsewhere: Elsewhere
) -> None:
    item, [one] = item_in(daily(codes=9)), players(1, PRICE)
    act = lambda: redeem_many([wish(one, item)])  # noqa: E731
    first, second = waiting(elsewhere, act, act)
    assert codes_of([*first, *second]) == ["done", "not_enough_coins"]
    prove()


def test_last_code_is_sold_once(daily: Daily, elsewhere: Elsewhere) -> None:
    item, (one, two) = item_in(daily(codes=1)), players(2, PRICE)
    found = both(
        elsewhere,
        lambda: redeem_many([wish(one, item)]),
        lambda: redeem_many([wish(two, item)]),
    )
    assert Counter(codes_of([o for [o] in found])) == {"done": 1, "sold_out": 1}
    prove()


def test_last_code_is_given_once_and_owed_once(
    daily: Daily, elsewhere: Elsewhere
) -> None:
    game, (one, two) = daily(codes=1), players(2)
    found = both(
        elsewhere,
        lambda: check_in_many([visit(one, game)]),
        lambda: check_in_many([visit(two, game)]),
    )
    assert codes_of([o for [o] in found]) == ["done", "done"]
    assert (Code.objects.exclude(player=None).count(), Backorder.objects.count()) == (
        1,
        1,
    )
    prove()


def test_second_in_a_browser_waits_and_is_told(
    daily: Daily, elsewhere: Elsewhere
) -> None:
    game, here, (one, two) = daily(codes=9), Source(uuid4().hex, ""), players(2)
    [first], [second] = waiting(
        elsewhere,
        lambda: check_in_many([visit(one, game, source=here)]),
        lambda: check_in_many([visit(two, game, source=here)]),
    )
    assert "code" in first["reward"]
    assert second["reward"] == {"coins": 10, "won_here": True}


# No deadlocks


def test_batches_with_the_same_players_and_games_end(
    daily: Daily, elsewhere: Elsewhere
) -> None:
    """Each in another order, over several games."""
    crowd = players(20)
    for _round in range(ROUNDS):
        games = [daily(codes=9) for _game in range(2)]
        asked = [visit(one, game) for one in crowd for game in games]
        found = both(
            elsewhere,
            lambda asked=asked: check_in_many(asked),
            lambda asked=asked: check_in_many(asked[::-1]),
        )
        said = Counter(code for outcomes in found for code in codes_of(outcomes))
        assert said == {"done": 40, "already": 40}
    prove()


def test_batches_with_the_same_browsers_end(daily: Daily, elsewhere: Elsewhere) -> None:
    sources = [Source(uuid4().hex, "") for _browser in range(20)]
    for _round in range(ROUNDS):
        game = daily(codes=99)
        item = item_in(daily(codes=99))
        some, others = players(20, PRICE), players(20, PRICE)

        def act(crowd: Any, marks: Any, game: Any = game, item: Any = item) -> Outcomes:
            pairs = [*zip(crowd, marks)]
            bought = redeem_many([wish(p, item, source=s) for p, s in pairs])
            days = check_in_many([visit(p, game, source=s) for p, s in pairs])
            return [*bought, *days]

        found = both(
            elsewhere,
            lambda act=act, some=some: act(some, sources),
            lambda act=act, others=others: act(others, sources[::-1]),
        )
        said = Counter(code for outcomes in found for code in codes_of(outcomes))
        assert said == {"done": 60, "won_here": 20}
        given = Code.objects.filter(pool__game=game).exclude(player=None)
        assert given.count() == 20
    prove()


def test_staff_who_import_codes_wait_for_nobody_who_waits_for_them(
    daily: Daily, elsewhere: Elsewhere
) -> None:
    game, [one] = daily(), players(1)
    pool = game.pools.create(name="Voucher")
    with transaction.atomic():
        Pool.objects.lock([pool.pk], [])  # the import has begun
        future = elsewhere(lambda: check_in_many([visit(one, game)]))
        with pytest.raises(TimeoutError):
            future.result(0.5)
        import_codes(pool, Codes([Line(1, "A"), Line(2, "B")]))
    [reply] = future.result(30)
    assert reply["reward"]["code"] == "A"
    assert not Backorder.objects.exists()


def test_debts_are_paid_while_the_same_browsers_win(
    daily: Daily, elsewhere: Elsewhere
) -> None:
    """Codes for the first day are added while the second day is recorded."""
    for _round in range(ROUNDS):
        days = [{"coins": 1, "pool": "Voucher"}, {"coins": 1, "pool": "Mug"}]
        game, crowd = daily(days=days), players(20)
        sources = {one: Source(uuid4().hex, "") for one in crowd}
        check_in_many([visit(one, game, source=sources[one]) for one in crowd])
        mugs = game.pools.create(name="Mug")
        mugs.add(f"{game.pk}-M{n}" for n in range(20))
        tomorrow = NOON.replace(day=2)
        asked = [visit(p, game, tomorrow, source=sources[p]) for p in crowd[::-1]]
        owing = game.pools.get(name="Voucher")
        texts = [f"{game.pk}-V{n}" for n in range(20)]
        _added, outcomes = both(
            elsewhere,
            lambda owing=owing, texts=texts: owing.add(texts),
            lambda asked=asked: check_in_many(asked),
        )
        assert codes_of(outcomes) == ["done"] * 20
        given = Code.objects.filter(pool__game=game).exclude(player=None)
        assert given.count() == 40
        assert not any(isinstance(one, Refused) for one in outcomes)
    prove()
