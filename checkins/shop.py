"""The coupon shop: coins for a code, both in one transaction."""

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
from games.models.prizes import Awards
from games.sources import NOWHERE, Source, browser_in
from users.models import CoinEntry, Ledger, Player
from users.models.coins import check_may_pay


@dataclass(frozen=True)
class Purchase:
    """A request to buy one item, once per key. `price` is what the player saw."""

    player_id: int
    game_id: int
    item_id: int
    key: UUID
    at: datetime
    origin: str = ""
    price: int | None = None
    source: Source = NOWHERE


def redeem(purchase: Purchase) -> Reply:
    """Take the coins and give the code. Both are committed when this returns.

    The same key again returns the same code with `status` already. Raises `Refused`.
    """
    [outcome] = redeem_many([purchase])
    return raised(outcome)


def redeem_many(purchases: Sequence[Purchase]) -> list[Reply | Refused]:
    """`redeem` for many at once: the reply or the refusal of each, in their order.

    If one raises, the whole batch raises and nothing is stored.
    """
    return commit(PurchaseBatch, purchases)


class PurchaseBatch(Batch[Purchase]):
    """The purchases of one transaction.

    They run in rounds of one purchase per player: whether a player can pay for a second
    item depends on whether there was a code for the first.
    """

    def __init__(self, purchases: Sequence[Purchase]) -> None:
        super().__init__(purchases)
        self._lock_browsers()
        self.items = self._items()
        self.made = self._made()
        self.bought = bought_before({p.item_id for p in purchases}, self.players)
        claims = (claim_of(p.player_id, p.key) for p in purchases)
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
        """Lock before any code is given, in the order of those who fill backorders."""
        browsers = {browser_of(request) for request in self.requests} - {""}
        if browsers:
            Pool.objects.lock([], browsers)
            Code.objects.lock_browsers(browsers)

    def _items(self) -> dict[int, Item]:
        """The items as they are sold now. Locked games keep staff from editing them."""
        ids = {request.item_id for request in self.requests}
        return Item.objects.select_related("pool").in_bulk(ids)

    def _made(self) -> dict[tuple[int, UUID], Redemption]:
        """Earlier purchases of these players under these ids."""
        keys = {request.key for request in self.requests}
        rows = Redemption.objects.filter(player__in=self.players, key__in=keys)
        return {(row.player_id, row.key): row for row in rows.select_related("code")}

    # Checking

    def _round(self, purchases: Sequence[Purchase]) -> list[Reply | Refused]:
        known = [self._check(purchase) for purchase in purchases]
        sales = [p for p, outcome in zip(purchases, known) if outcome is None]
        sold = self._give(sales)
        return [outcome or sold[p] for p, outcome in zip(purchases, known)]

    def _check(self, purchase: Purchase) -> Reply | Refused | None:
        """The outcome if it is known without a code; None for a sale."""
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
        valid, _next = self.bought.get((item.pk, player.pk), (0, 1))
        if item.limit is not None and valid >= item.limit:
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
        """Give a code for each sale, while stock lasts. One sale per player."""
        by_pool: dict[Pool, list[Purchase]] = defaultdict(list)
        for sale in sales:
            by_pool[self.items[sale.item_id].pool].append(sale)
        outcomes: dict[Purchase, Reply | Refused] = {}
        for pool, of_pool in by_pool.items():
            outcomes |= self._give_from(pool, of_pool)
        return outcomes

    def _give_from(
        self, pool: Pool, sales: Sequence[Purchase]
    ) -> dict[Purchase, Reply | Refused]:
        claims = {sale: self._claim(sale) for sale in sales}
        last = max(sale.at for sale in sales)
        given = pool.codes.order_by("pk").give([*claims.values()], last)
        return {p: self._outcome(p, c.key, given) for p, c in claims.items()}

    def _claim(self, purchase: Purchase) -> Claim:
        claim = claim_of(purchase.player_id, purchase.key)
        address = purchase.source.address(purchase.game_id)
        player = self.players[purchase.player_id]
        return Claim(player, claim, browser_of(purchase), address)

    def _outcome(
        self, purchase: Purchase, claim: str, given: Awards
    ) -> Reply | Refused:
        if claim in given.barred:
            return Refused("won_here")
        if claim not in given:
            return Refused("sold_out")
        player = self.players[purchase.player_id]
        self.tell(purchase)
        return reply(self._sell(purchase, player, given[claim]), player, "done")

    def _sell(self, purchase: Purchase, player: Player, code: Code) -> Redemption:
        item = self.items[purchase.item_id]
        valid, number = self.bought.get((item.pk, player.pk), (0, 1))
        redemption = Redemption(
            item=item,
            player=player,
            number=number,
            key=purchase.key,
            code=code,
            payment=self._payment(purchase, player, item),
            at=purchase.at,
        )
        self.bought[item.pk, player.pk] = valid + 1, number + 1
        self.made[player.pk, purchase.key] = redemption
        self.new.append(redemption)
        return redemption

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
    """The position of each player's first purchase."""
    first: dict[int, int] = {}
    for place, purchase in waiting.items():
        first.setdefault(purchase.player_id, place)
    return [*first.values()]


def repeat(earlier: Redemption, purchase: Purchase, player: Player) -> Reply:
    if earlier.item_id != purchase.item_id:
        raise Refused("invalid", _("This id was used for another item."), field="id")
    return reply(earlier, player, "already")


def bought_before(
    items: Collection[int], players: Collection[int]
) -> dict[tuple[int, int], tuple[int, int]]:
    """By item and player: how many purchases are not voided, and the next number."""
    rows = Redemption.objects.filter(item__in=items, player__in=players)
    valid, last = Count("pk", filter=Q(refund=None)), Max("number")
    counts = rows.values_list("item", "player").annotate(valid=valid, last=last)
    return {
        (item, player): (valid, last + 1)
        for item, player, valid, last in counts.order_by()
    }


def browser_of(purchase: Purchase) -> str:
    return browser_in(purchase.game_id, purchase.source.browser) or ""


def claim_of(player_id: int, key: UUID) -> str:
    """What a code was sold for; also the key of its payment."""
    return SALE.format(player=player_id, key=key)


def reply(redemption: Redemption, player: Player, status: str) -> Reply:
    return {
        "status": status,
        "item": redemption.item_id,
        "code": redemption.code.text,
        "coins": player.coins,
    }


def void(redemption: Redemption, by: Player, now: datetime) -> bool:
    """Void a purchase and refund it with a new coin entry, once.

    The code stays with the player, so that nobody else gets it. Returns False if it was
    already voided. Raises `Refused` if `by` may not give this player coins.
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
    """Those of these codes whose purchase was voided."""
    sold = Redemption.objects.filter(code__in=list(code_ids), refund__isnull=False)
    return set(sold.values_list("code", flat=True))
