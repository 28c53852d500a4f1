"""Everybody checks in and buys in the same second: each day, coin and code once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed

from tests.stack import Player, Stack

Replies = list[dict[str, Any]]
PRICE = 10
DAYS = {
    "first_day": "2020-01-01",
    "last_day": "2039-12-31",
    "days": [{"coins": PRICE, "pool": "Voucher"}, {"coins": 1}],
}


@asynccontextmanager
async def devices(
    stack: Stack, slug: str, sessions: Sequence[str]
) -> AsyncIterator[list[Player]]:
    """A welcomed device for each session, spread over the processes."""
    door = asyncio.Semaphore(100)

    async def arrive(place: int, session: str) -> Player:
        async with door:
            player = stack.socket(slug, session, process=place)
            await player.__aenter__()
            await player.hear("welcome")
            return player

    here = await asyncio.gather(*(arrive(i, s) for i, s in enumerate(sessions)))
    try:
        yield here
    finally:
        await asyncio.gather(*(player.ws.close() for player in here))


async def all_ask(here: Sequence[Player], type_: str, **fields: Any) -> Replies:
    return await asyncio.gather(*(player.ask(type_, **fields) for player in here))


def counted(replies: Replies) -> Counter[str]:
    """The count of each status or refusal."""
    return Counter(reply.get("status") or reply["code"] for reply in replies)


def done(replies: Replies) -> Replies:
    return [reply for reply in replies if reply.get("status") == "done"]


# What the database holds in the end


def kept(stack: Stack, slug: str) -> dict[str, Any]:
    return stack.run(
        "from django.db.models import Sum\n"
        "from checkins.models import *\n"
        "game = Game.objects.get(slug=given['slug'])\n"
        "rows = CheckIn.objects.filter(game=game)\n"
        "given_ = Code.objects.filter(pool__game=game).exclude(player=None)\n"
        "sales = Redemption.objects.filter(item__pool__game=game)\n"
        "who = set(rows.values_list('player', flat=True))\n"
        "who |= set(sales.values_list('player', flat=True))\n"
        "entries = CoinEntry.objects.filter(player__in=who)\n"
        "coins = lambda reason: entries.filter(reason=reason)"
        ".aggregate(sum=Sum('amount'))['sum'] or 0\n"
        "out = {'rows': rows.count(), 'earned': coins('check-in'), "
        "'paid': -coins('redeemed'), 'sales': sales.count(), "
        "'owed': Backorder.objects.filter(pool__game=game).count(), "
        "'balances': sum(Player.objects.filter(pk__in=who)"
        ".values_list('coins', flat=True)), "
        "'codes': sorted(given_.values_list('text', flat=True))}",
        slug=slug,
    )


# Check-ins


async def burst(player: Player, count: int) -> Replies:
    """Send this many commands without waiting for replies."""
    for _command in range(count):
        await player.say({"type": "checkin", "id": str(uuid4())})
    return [await player.hear("checkin") for _reply in range(count)]


async def test_50_check_ins_at_once_are_one_day_and_one_reward(stack: Stack) -> None:
    slug = stack.make_game("checkin", DAYS, codes=50)
    [session] = stack.make_players(1)
    async with devices(stack, slug, [session] * 3) as here:
        bursts = await asyncio.gather(*map(burst, here, (17, 17, 16)))
    replies = [reply for replies in bursts for reply in replies]

    assert counted(replies) == {"done": 1, "already": 49}
    assert len({str({**reply, "id": "", "status": ""}) for reply in replies}) == 1
    found = kept(stack, slug)
    assert (found["rows"], found["earned"], found["balances"]) == (1, PRICE, PRICE)
    assert found["codes"] == [replies[0]["reward"]["code"]]
    assert not stack.logged_errors()
    stack.audit()


@pytest.mark.parametrize(
    ("stack", "players"), [("on_postgres", 1000), ("embedded", 300)], indirect=["stack"]
)
async def test_everybody_checks_in_at_once(stack: Stack, players: int) -> None:
    codes = players * 7 // 10
    slug = stack.make_game("checkin", DAYS, codes=codes)
    async with devices(stack, slug, stack.make_players(players)) as here:
        replies = await all_ask(here, "checkin")

    assert counted(replies) == {"done": players}
    rewards = [reply["reward"] for reply in replies]
    found = kept(stack, slug)
    assert (found["rows"], found["earned"]) == (players, players * PRICE)
    assert found["balances"] == players * PRICE
    assert found["codes"] == sorted(r["code"] for r in rewards if "code" in r)
    assert len(set(found["codes"])) == codes
    assert found["owed"] == sum("pending" in r for r in rewards) == players - codes
    assert not stack.logged_errors()
    stack.audit()


# The shop


def make_shop(stack: Stack, codes: int) -> tuple[str, int]:
    """A check-in game with one item in its shop: the game's slug, the item's id."""
    slug = stack.make_game("checkin", {**DAYS, "days": [{"coins": PRICE}]}, codes=codes)
    item = stack.run(
        "from checkins.models import Item\n"
        "pool = Pool.objects.get(game__slug=given['slug'])\n"
        "out = Item.objects.create(pool=pool, title='Mug', price=given['price']).pk",
        slug=slug,
        price=PRICE,
    )
    return slug, item


def make_rich(stack: Stack, count: int) -> list[str]:
    """Players with coins for one item; their session keys."""
    sessions = stack.make_players(count)
    stack.run(
        "players = list(Player.objects.order_by('-pk')[:given['count']])\n"
        "CoinEntry.objects.bulk_create(CoinEntry(player=player, amount=given['coins'], "
        "reason='adjusted', key=f'gift:{player.pk}', at=now) for player in players)",
        count=count,
        coins=PRICE,
    )
    return sessions


async def test_300_players_redeem_100_codes(stack: Stack) -> None:
    slug, item = make_shop(stack, codes=100)
    rich, poor = make_rich(stack, 150), stack.make_players(150)
    async with devices(stack, slug, [*rich, *rich, *poor]) as here:
        replies = await all_ask(here, "redeem", item=item)

    said = counted(replies)
    assert set(said) == {"done", "sold_out", "not_enough_coins"}
    assert said["done"] == 100
    assert said["not_enough_coins"] >= 150
    buyers = [i % 150 for i, r in enumerate(replies) if r in done(replies)]
    assert len(set(buyers)) == 100
    found = kept(stack, slug)
    assert found["codes"] == sorted(reply["code"] for reply in done(replies))
    assert len(found["codes"]) == found["sales"] == 100
    assert (found["paid"], found["balances"]) == (100 * PRICE, 0)
    assert not stack.logged_errors()
    stack.audit()


STAFF = """
from checkins.models import *
item = Item.objects.get(pk=given['item'])
added = 0
while Redemption.objects.filter(item=item).count() < 60:
    item.title, item.price = f'Mug {added}', 5 + added % 6
    item.save()
    added += item.pool.add([f'MORE-{item.pk}-{added}'])
item.price = 5
item.save()
out = added
"""


async def test_300_players_redeem_while_staff_add_codes_and_edit(stack: Stack) -> None:
    slug, item = make_shop(stack, codes=100)
    rich, poor = make_rich(stack, 150), stack.make_players(150)
    async with devices(stack, slug, [*rich, *rich, *poor]) as here:
        staff = asyncio.create_task(asyncio.to_thread(stack.run, STAFF, item=item))
        replies = await all_ask(here, "redeem", item=item)
        added = await staff

    assert added > 0
    assert set(counted(replies)) <= {"done", "sold_out", "not_enough_coins"}
    found = kept(stack, slug)
    assert found["codes"] == sorted(reply["code"] for reply in done(replies))
    assert 100 <= len(found["codes"]) == found["sales"] <= 100 + added
    assert found["balances"] >= 0
    assert not stack.logged_errors()
    stack.audit()


# A worker is killed


class Visitor:
    """Checks in and buys, and remembers what was acknowledged."""

    def __init__(self, stack: Stack, slug: str, item: int, session: str, place: int):
        self.stack, self.slug, self.session, self.place = stack, slug, session, place
        self.commands: list[dict[str, Any]] = [
            {"type": "checkin", "id": str(uuid4())},
            {"type": "redeem", "id": str(uuid4()), "item": item},
        ]
        self.acknowledged: dict[str, dict[str, Any]] = {}

    def device(self) -> Player:
        return self.stack.socket(self.slug, self.session, self.place)

    async def come(self, everybody: asyncio.Barrier, heard: asyncio.Semaphore) -> None:
        """Play until the process dies."""
        with suppress(ConnectionClosed):
            async with self.device() as device:
                await device.hear("welcome")
                await everybody.wait()
                for command in self.commands:
                    await device.say(command)
                    reply = await device.reply_to(command["id"])
                    if reply["type"] != "error":
                        self.acknowledged[command["id"]] = reply
                    heard.release()

    async def come_back(self) -> None:
        """Send all again with the same ids: what was acknowledged is there."""
        async with self.device() as device:
            for command in self.commands:
                await device.say(command)
                reply = await device.reply_to(command["id"])
                before = self.acknowledged.get(command["id"])
                if before:
                    again = {"status": "already", "coins": reply["coins"]}
                    assert reply == {**before, **again}
                elif reply["type"] != "error":
                    self.acknowledged[command["id"]] = reply

    def codes(self) -> list[str]:
        return [said["code"] for said in self.acknowledged.values() if "code" in said]


async def test_nothing_acknowledged_is_lost_when_a_worker_is_killed(
    stack: Stack,
) -> None:
    slug, item = make_shop(stack, codes=80)
    sessions = stack.make_players(120)
    visitors = [Visitor(stack, slug, item, s, i) for i, s in enumerate(sessions)]
    everybody, heard = asyncio.Barrier(120), asyncio.Semaphore(0)
    coming = [asyncio.create_task(v.come(everybody, heard)) for v in visitors]
    for _reply in range(60):
        await heard.acquire()
    await asyncio.to_thread(stack.restart, 0)
    await asyncio.gather(*coming)
    acknowledged = sum(len(visitor.acknowledged) for visitor in visitors)
    assert 60 <= acknowledged < 240

    await asyncio.gather(*(visitor.come_back() for visitor in visitors))
    found = kept(stack, slug)
    assert (found["rows"], found["earned"]) == (120, 120 * PRICE)
    assert found["codes"] == sorted(c for one in visitors for c in one.codes())
    assert len(found["codes"]) == found["sales"] == 80
    assert found["balances"] == 40 * PRICE
    stack.audit()
