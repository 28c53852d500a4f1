"""Moves a guest's days and purchases to the account that the guest signs in to."""

from checkins.models import CheckIn, Redemption
from checkins.shop import bought_before, claim_of
from games.models import Backorder, Code
from users.models import Player


def move_days(guest: Player, account: Player) -> None:
    """Move the days, with their codes, in games where the account has none.

    If both have checked in, the days stay: the two calendars can't be merged.
    """
    theirs = CheckIn.objects.filter(player=account)
    rows = CheckIn.objects.filter(player=guest)
    stay = rows.filter(key__in=theirs.values("key")).values("game")
    both = rows.filter(game__in=theirs.values("game")).values("game")
    moving = list(rows.exclude(game__in=both).exclude(game__in=stay))
    claims: dict[str | None, str] = {}
    for row in moving:
        before = row.claim, row.completing_claim
        row.player = account
        claims |= dict(zip(before, (row.claim, row.completing_claim)))
    # Backorders first: one that is being filled has its code by the time we read codes.
    backorders = list(Backorder.objects.select_for_update().filter(claim__in=claims))
    for award in [*backorders, *Code.objects.filter(claim__in=claims)]:
        assert isinstance(award, Code | Backorder)
        award.player, award.claim = account, claims[award.claim]
        award.save(update_fields=["player", "claim"])
    ids = [row.pk for row in moving]
    CheckIn.objects.filter(pk__in=ids).update(player=account)


def move_purchases(guest: Player, account: Player) -> None:
    """Move purchases with their codes. An item's limit counts both players'."""
    theirs = Redemption.objects.filter(player=account)
    rows = Redemption.objects.filter(player=guest)
    moving = rows.exclude(key__in=theirs.values("key")).order_by("pk")
    for purchase in moving.select_related("code"):
        code = purchase.code
        code.player, code.claim = account, claim_of(account.pk, purchase.key)
        code.save(update_fields=["player", "claim"])
        purchase.player = account
        before = bought_before([purchase.item_id], [account.pk])
        _valid, purchase.number = before.get((purchase.item_id, account.pk), (0, 1))
        purchase.save(update_fields=["player", "number"])
