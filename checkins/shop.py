"""The coupon shop: coins become a code, both in one transaction or neither."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils.translation import gettext_lazy as _

from checkins.batching import Batch, Reply, commit, raised
from checkins.claims import SALE
from checkins.models import Item, Redemption
from checkins.prices import check_price
from core.on_commit import on_commit
from core.refusals import Refused
from games import events
from games.models import Claim, Code, Pool
from games.models.prizes import Given
from games.sources import NOWHERE, Source, browser_in
from users.models import CoinEntry, Ledger, Player
from users.models.coins import check_may_pay


@dataclass(frozen=True)
class Purchase:
    """One item, wanted once for this key, and for the price seen if one is said."""

    player_id: int
    game_id: int
    item_id: int
    key: UUID
    at: datetime
    origin: str = ""
    price: int | None = None
    source: Source = NOWHERE


def redeem(purchase: Purchase) -> Reply:
    """Take the coins and give the code; once returned, it is committed.

    The same key again returns the same code with `status` already. Raises `Refused`.
    """
    [outcome] = redeem_many([purchase])
    return raised(outcome)


def redeem_many(purchases: Sequence[Purchase]) -> list[Reply | Refused]:
    """`redeem` for many at once: the reply or the refusal of each, in their order.

    What one raises, all of them raise, and nothing is kept.
    """
    return commit(PurchaseBatch, purchases)


class PurchaseBatch(Batch[Purchase]):
    """The purchases of one transaction.

    They are carried out in rounds, each with one purchase of a player at most: whether
    a player can pay for the second depends on whether there was a code for the first.
    """

    def __init__(self, purchases: Sequence[Purchase]) -> None:
        super().__init__(purchases)
        self._lock_browsers()
        self.items = self._items()
        self.made = self._made()
        self.bought = bought_before({one.item_id for one in purchases}, self.players)
        claims = (claim_of(one.player_id, one.key) for one in purchases)
        self.ledger = Ledger(claims)
        self.new: list[Redemption] = []

    def outcomes(self) -> list[Reply | Refused]:
        outcomes: dict[int, Reply | Refused] = {}
        waiting = dict(enumerate(self.requests))
        while waiting:
            places = firsts(waiting)
            round_ = {place: waiting.pop(place) for place in places}
            outcomes |= zip(places, self._round([*round_.values()]))
        self._write()
        return [outcomes[place] for place in range(len(self.requests))]

    # Reading

    def _lock_browsers(self) -> None:
        """Before any code is given: who pays debts in them waits, or we for them."""
        browsers = {browser_of(one) for one in self.requests} - {""}
        if browsers:
            Pool.objects.lock([], browsers)
            Code.objects.lock_browsers(browsers)

    def _items(self) -> dict[int, Item]:
        """As they are sold now. Holding the games holds off an edit of them."""
        wanted = {one.item_id for one in self.requests}
        return Item.objects.select_related("pool").in_bulk(wanted)

    def _made(self) -> dict[tuple[int, UUID], Redemption]:
        """Earlier purchases of these players under these ids."""
        keys = {one.key for one in self.requests}
        rows = Redemption.objects.filter(player__in=self.players, key__in=keys)
        return {(one.player_id, one.key): one for one in rows.select_related("code")}

    # Checking

    def _round(self, purchases: Sequence[Purchase]) -> list[Reply | Refused]:
        checked = [self._check(one) for one in purchases]
        sold = self._give([o for o, done in zip(purchases, checked) if done is None])
        return [done or sold[one] for one, done in zip(purchases, checked)]

    def _check(self, purchase: Purchase) -> Reply | Refused | None:
        """The outcome that is known before there is a code; None for a sale."""
        try:
            player = self.player(purchase)
            if earlier := self.made.get((player.pk, purchase.key)):
                return repeat(earlier, purchase, player)
            self._check_may(purchase, player)
        except Refused as refused:
            return refused
        return None

    def _check_may(self, purchase: Purchase, player: Player) -> None:
        item, game = self._item(purchase), self.games[purchase.game_id]
        game.check_open(purchase.at)
        if player.pk not in self.admitted[game.pk]:
            raise Refused("not_eligible")
        check_price(purchase.price, item.price)
        had, _next = self.bought.get((item.pk, player.pk), (0, 1))
        if item.limit is not None and had >= item.limit:
            raise Refused("limit_reached")
        if player.coins < item.price:
            raise Refused("not_enough_coins")

    def _item(self, purchase: Purchase) -> Item:
        item = self.items.get(purchase.item_id)
        if item is None or item.pool.game_id != purchase.game_id:
            raise Refused("not_found", field="item")
        if not item.is_sold_at(purchase.at):
            raise Refused("not_found", field="item")
        return item

    # Selling

    def _give(self, sales: Sequence[Purchase]) -> dict[Purchase, Reply | Refused]:
        """A code for each, while there are some; of each player there is one sale."""
        by_pool: dict[Pool, list[Purchase]] = defaultdict(list)
        for one in sales:
            by_pool[self.items[one.item_id].pool].append(one)
        outcomes: dict[Purchase, Reply | Refused] = {}
        for pool, there in by_pool.items():
            outcomes |= self._give_of(pool, there)
        return outcomes

    def _give_of(
        self, pool: Pool, sales: Sequence[Purchase]
    ) -> dict[Purchase, Reply | Refused]:
        claims = {one: self._claim(one) for one in sales}
        last = max(one.at for one in sales)
        given = pool.codes.order_by("pk").give([*claims.values()], last)
        return {one: self._outcome(one, c.claim, given) for one, c in claims.items()}

    def _claim(self, purchase: Purchase) -> Claim:
        claim = claim_of(purchase.player_id, purchase.key)
        address = purchase.source.address(purchase.game_id)
        player = self.players[purchase.player_id]
        return Claim(player, claim, browser_of(purchase), address)

    def _outcome(self, purchase: Purchase, claim: str, given: Given) -> Reply | Refused:
        if claim in given.barred:
            return Refused("won_here")
        if claim not in given:
            return Refused("sold_out")
        player = self.players[purchase.player_id]
        self.tell(purchase)
        return reply(self._sell(purchase, player, given[claim]), player, "done")

    def _sell(self, purchase: Purchase, player: Player, code: Code) -> Redemption:
        item = self.items[purchase.item_id]
        had, number = self.bought.get((item.pk, player.pk), (0, 1))
        sold = Redemption(
            item=item,
            player=player,
            number=number,
            key=purchase.key,
            code=code,
            payment=self._payment(purchase, player, item),
            at=purchase.at,
        )
        self.bought[item.pk, player.pk] = had + 1, number + 1
        self.made[player.pk, purchase.key] = sold
        self.new.append(sold)
        return sold

    def _payment(self, purchase: Purchase, player: Player, item: Item) -> CoinEntry:
        return self.ledger.record(
            player,
            -item.price,
            CoinEntry.Reason.REDEEMED,
            key=claim_of(player.pk, purchase.key),
            at=purchase.at,
            refers_to=item.title,
        )

    def _write(self) -> None:
        self.ledger.write()
        Redemption.objects.bulk_create(self.new)


def firsts(waiting: Mapping[int, Purchase]) -> list[int]:
    """The place of each player's first purchase."""
    first: dict[int, int] = {}
    for place, one in waiting.items():
        first.setdefault(one.player_id, place)
    return [*first.values()]


def repeat(earlier: Redemption, purchase: Purchase, player: Player) -> Reply:
    if earlier.item_id != purchase.item_id:
        raise Refused("invalid", _("This id was used for another item."), field="id")
    return reply(earlier, player, "already")


def bought_before(
    items: Collection[int], players: Collection[int]
) -> dict[tuple[int, int], tuple[int, int]]:
    """By item and player: how many they have that are good, and the next number."""
    rows = Redemption.objects.filter(item__in=items, player__in=players)
    good, last = Count("pk", filter=Q(refund=None)), Max("number")
    found = rows.values_list("item", "player").annotate(good=good, last=last)
    return {
        (item, player): (good, last + 1)
        for item, player, good, last in found.order_by()
    }


def browser_of(purchase: Purchase) -> str:
    return browser_in(purchase.game_id, purchase.source.browser) or ""


def claim_of(player_id: int, key: UUID) -> str:
    """What a code was sold for: also the key of the payment."""
    return SALE.format(player=player_id, key=key)


def reply(redemption: Redemption, player: Player, status: str) -> Reply:
    return {
        "status": status,
        "item": redemption.item_id,
        "code": redemption.code.text,
        "coins": player.coins,
    }


def void(redemption: Redemption, by: Player, now: datetime) -> bool:
    """Take back a code that is no good, and refund it by a new entry, once.

    The code stays the player's, marked void: it must not be given to anybody else.
    False where it was void before; `Refused` where `by` may not give that player coins.
    """
    with transaction.atomic():
        player = Player.objects.select_for_update(no_key=True).get(
            pk=redemption.player_id
        )
        check_may_pay(by, player)
        redemption.refresh_from_db()
        if redemption.refund_id:
            return False
        redemption.refund = CoinEntry.objects.record(
            player,
            -redemption.payment.amount,
            CoinEntry.Reason.REFUND,
            key=f"refund:{redemption.pk}",
            at=now,
            refers_to=redemption.item.title,
            by=by,
        )
        redemption.voided_by = by
        redemption.save(update_fields=["refund", "voided_by"])
        on_commit(events.player_changed, player.pk, None)
    return True


def void_codes(code_ids: Iterable[int]) -> set[int]:
    """Those of these codes whose sale was taken back."""
    sold = Redemption.objects.filter(code__in=list(code_ids), refund__isnull=False)
    return set(sold.values_list("code", flat=True))
