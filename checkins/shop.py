"""The coupon shop: coins become a code, both in one transaction or neither."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils.translation import gettext_lazy as _

from checkins.models import Item, Redemption
from checkins.prices import check_price
from core.on_commit import on_commit
from core.refusals import Refused
from games import events
from games.models import Claim, Game
from games.sources import NOWHERE, Source, browser_in
from users.models import CoinEntry, Player
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


def redeem(purchase: Purchase) -> dict[str, Any]:
    """Take the coins and give the code; once returned, it is committed.

    The same key again returns the same code with `status` already. Raises `Refused`.
    """
    with transaction.atomic():
        player = Player.lock(purchase.player_id)
        earlier = Redemption.objects.filter(player=player, key=purchase.key).first()
        if earlier:
            return repeat(earlier, purchase, player)
        game = Game.objects.lock(purchase.game_id)
        item = find_item(purchase, game)
        game.check_open(purchase.at)
        if not game.admits(player):
            raise Refused("not_eligible")
        redemption = buy(purchase, player, item)
        on_commit(events.player_changed, player.pk, None, purchase.origin)
        return reply(redemption, player, "done")


def repeat(earlier: Redemption, purchase: Purchase, player: Player) -> dict[str, Any]:
    if earlier.item_id != purchase.item_id:
        raise Refused("invalid", _("This id was used for another item."), field="id")
    return reply(earlier, player, "already")


def find_item(purchase: Purchase, game: Game) -> Item:
    """The item as it is sold now. Holding the game holds off an edit of it."""
    items = Item.objects.filter(pool__game=game).select_related("pool")
    item = items.filter(pk=purchase.item_id).first()
    if item is None or not item.is_sold_at(purchase.at):
        raise Refused("not_found", field="item")
    return item


def buy(purchase: Purchase, player: Player, item: Item) -> Redemption:
    check_price(purchase.price, item.price)
    had, number = bought_before(item.pk, player.pk)
    if item.limit is not None and had >= item.limit:
        raise Refused("limit_reached")
    if player.coins < item.price:
        raise Refused("not_enough_coins")
    claim = claim_of(player.pk, purchase.key)
    game_id, source = purchase.game_id, purchase.source
    browser = browser_in(game_id, source.browser) or ""
    wanted = Claim(player, claim, browser, source.address(game_id))
    codes = item.pool.codes.order_by("pk").give([wanted], purchase.at)
    if codes.barred:
        raise Refused("won_here")
    if not codes:
        raise Refused("sold_out")
    payment = CoinEntry.objects.record(
        player,
        -item.price,
        CoinEntry.Reason.REDEEMED,
        key=claim,
        at=purchase.at,
        refers_to=item.title,
    )
    return Redemption.objects.create(
        item=item,
        player=player,
        number=number,
        key=purchase.key,
        code=codes[claim],
        payment=payment,
        at=purchase.at,
    )


def bought_before(item_id: int, player_id: int) -> tuple[int, int]:
    """How many of the item the player has that are good, and the number of the next."""
    rows = Redemption.objects.filter(item=item_id, player=player_id)
    good, last = Count("pk", filter=Q(refund=None)), Max("number")
    found = rows.aggregate(good=good, last=last)
    return found["good"], (found["last"] or 0) + 1


def claim_of(player_id: int, key: UUID) -> str:
    """What a code was sold for: also the key of the payment."""
    return f"redeemed:{player_id}:{key}"


def reply(redemption: Redemption, player: Player, status: str) -> dict[str, Any]:
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
