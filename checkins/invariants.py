"""What `manage.py audit` checks of check-ins and of the coupon shop.

A claim ties a check-in or purchase to its codes and coins. Python wrote it when they
were given; here the database formats it again, to compare.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat, Replace

from checkins.claims import ALL_DAYS, DAY, MAKE_UP, SALE
from checkins.models import VOIDED_IS_REFUNDED, CheckIn, Redemption
from core.invariants import Provable, Rule, unique
from core.sql_format import Column, prefix_of, sql_format
from games.models import Backorder, Code
from users.models import CoinEntry

Reason = CoinEntry.Reason


def claim(
    template: str,
    column: Callable[[str], Column] = str,
    player: Column = "player_id",
) -> Concat:
    """The claim or key of this template, from the columns of a check-in.

    `player` is the one in the ledger: after a sign-in that may be the former guest.
    """
    return sql_format(
        template, game=column("game_id"), player=player, date=column("date")
    )


checkins = CheckIn.objects.annotate(
    day_claim=claim(DAY), all_days_claim=claim(ALL_DAYS)
)
redemptions = Redemption.objects.all()
entries = CoinEntry.objects.all()


def has_entry(reason: str, template: str, **fields: Any) -> Q:
    """Whether a check-in's player, or the guest they were, has this coin entry."""
    rows = entries.filter(reason=reason, **fields)
    own = rows.filter(
        player=OuterRef("player"),
        key=claim(template, OuterRef, OuterRef("player_id")),
    )
    guests = rows.filter(player__account=OuterRef("player"))
    as_guest = guests.annotate(expected=claim(template, OuterRef))
    return Q(Exists(own)) | Q(Exists(as_guest.filter(key=F("expected"))))


def has_check_in(rows: QuerySet[Any], template: str) -> Q:
    """Whether one of these check-ins has a coin entry's key.

    It belongs to the entry's player, or to the account that this guest signed in to.
    """
    own = rows.filter(player=OuterRef("player")).annotate(expected=claim(template))
    moved = rows.filter(player=OuterRef("player__account")).annotate(
        expected=claim(template, player=OuterRef("player_id"))
    )
    return Q(Exists(own.filter(expected=OuterRef("key")))) | Q(
        Exists(moved.filter(expected=OuterRef("key")))
    )


def has_claim(rows: QuerySet[Any], name: str) -> Exists:
    """Whether one of these check-ins, of the same player, has a code's claim."""
    return Exists(rows.filter(player=OuterRef("player"), **{name: OuterRef("claim")}))


def in_pool(rows: QuerySet[Any]) -> Exists:
    """Whether the check-in's pool has a code of its player with the day's claim."""
    return Exists(
        rows.filter(
            player=OuterRef("player"),
            pool=OuterRef("pool"),
            claim=OuterRef("day_claim"),
        )
    )


def came_from_check_ins(codes: QuerySet[Any], state: str) -> list[Provable]:
    """Every code given or owed for a day, or for all days, has its check-in."""
    return [
        Rule(
            f"every code {state} for a day has its check-in",
            codes.filter(claim__startswith=prefix_of(DAY)),
            has_claim(checkins.filter(pool__isnull=False), "day_claim"),
        ),
        Rule(
            f"every code {state} for all days has the last check-in",
            codes.filter(claim__startswith=prefix_of(ALL_DAYS)),
            has_claim(checkins.filter(completes=True), "all_days_claim"),
        ),
    ]


# Keys are UUIDs, which PostgreSQL writes with hyphens and SQLite without.
def without_hyphens(column: Any) -> Replace:
    return Replace(column, Value("-"), output_field=TextField())


def sale(player: str) -> Replace:
    """The claim of a redemption, as if this player had bought it."""
    return without_hyphens(sql_format(SALE, player=player, key="key"))


def is_redeemer(player: str) -> Q:
    """Whether this is the player of a redemption, or the guest they were."""
    return Q(**{player: F("player")}) | Q(**{f"{player}__account": F("player")})


def has_redemption(column: str) -> Exists:
    """Whether a redemption refers to this row."""
    return Exists(redemptions.filter(**{column: OuterRef("pk")}))


CHECK_INS: list[Provable] = [
    unique(
        "one check-in per game, player, run and day",
        CheckIn.objects.all(),
        *("game", "player", "run", "day"),
    ),
    unique(
        "one check-in per game, player and date",
        CheckIn.objects.all(),
        *("game", "player", "date"),
    ),
    unique(
        "no player has two check-ins with one key",
        CheckIn.objects.all(),
        "player",
        "key",
    ),
    Rule(
        "every check-in's coins are in the ledger",
        checkins.filter(coins__gt=0),
        has_entry(Reason.CHECK_IN, DAY, amount=OuterRef("coins")),
    ),
    Rule(
        "every coin entry for a day has its check-in",
        entries.filter(reason=Reason.CHECK_IN),
        has_check_in(checkins.filter(coins=OuterRef("amount")), DAY),
    ),
    Rule(
        "every coin entry for all days has the last check-in",
        entries.filter(reason=Reason.COMPLETED),
        has_check_in(checkins.filter(completes=True), ALL_DAYS),
    ),
    Rule(
        "every made-up day was paid",
        checkins.filter(made_up=True),
        has_entry(Reason.MAKE_UP, MAKE_UP, amount__lt=0),
    ),
    Rule(
        "every payment for a missed day has its check-in",
        entries.filter(reason=Reason.MAKE_UP),
        has_check_in(checkins.filter(made_up=True), MAKE_UP),
    ),
    Rule(
        "every check-in's code is given or owed",
        checkins.filter(pool__isnull=False),
        Q(in_pool(Code.objects.all())) | Q(in_pool(Backorder.objects.all())),
    ),
    *came_from_check_ins(Code.objects.all(), "given"),
    *came_from_check_ins(Backorder.objects.all(), "owed"),
]

SHOP: list[Provable] = [
    unique(
        "one redemption per item, player and number",
        redemptions,
        *("item", "player", "number"),
    ),
    unique("no player has two redemptions with one key", redemptions, "player", "key"),
    unique("no code is redeemed twice", redemptions, "code"),
    unique("no payment is for two redemptions", redemptions, "payment"),
    Rule(
        "every redeemed code is its redeemer's, given for this redemption",
        redemptions.annotate(
            expected=sale("player_id"), claim=without_hyphens(F("code__claim"))
        ),
        Q(code__player=F("player"), claim=F("expected")),
    ),
    Rule(
        "every redemption was paid by its redeemer, for this code",
        # The ledger may have the guest who paid, and the code the account.
        redemptions.annotate(
            expected=sale("payment__player_id"),
            paid=without_hyphens(F("payment__key")),
        ),
        is_redeemer("payment__player")
        & Q(
            payment__reason=Reason.REDEEMED,
            payment__amount__lt=0,
            paid=F("expected"),
        ),
    ),
    Rule(
        "every payment in the shop has its code",
        entries.filter(reason=Reason.REDEEMED),
        has_redemption("payment"),
    ),
    Rule(
        "every code given in the shop was paid",
        Code.objects.filter(claim__startswith=prefix_of(SALE)),
        has_redemption("code"),
    ),
    Rule(
        "every voided redemption was refunded, and no other",
        redemptions,
        VOIDED_IS_REFUNDED,
    ),
    Rule(
        "every refund returns the payment to its payer, by whoever voided it",
        redemptions.filter(refund__isnull=False),
        is_redeemer("refund__player")
        & Q(
            refund__reason=Reason.REFUND,
            refund__amount=-F("payment__amount"),
            refund__by=F("voided_by"),
        ),
    ),
    Rule(
        "every refund in the ledger has its redemption",
        entries.filter(reason=Reason.REFUND),
        has_redemption("refund"),
    ),
]

RULES = CHECK_INS + SHOP
