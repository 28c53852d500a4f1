"""What `manage.py audit` proves of check-ins and of the coupon shop.

Check-ins, coins and codes are tied together by the claims that `checkins/models.py`
writes; here the database writes them again, to compare.
"""

from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat, Replace

from checkins.models import CheckIn, Redemption
from games.models import Code, Owed
from users.audit import Provable, Rule, unique
from users.models import CoinEntry

Reason = CoinEntry.Reason


def text(*parts: str) -> Concat:
    """Text of `'words'`, and of the columns whose names stand between them."""
    return Concat(
        *(
            Value(part[1:-1]) if part.startswith("'") else Cast(part, TextField())
            for part in parts
        ),
        output_field=TextField(),
    )


# As the properties of `CheckIn` write them.
DAY = text("'checkin:'", "game_id", "':'", "player_id", "':'", "date")
ALL_DAYS = text("'completed:'", "game_id", "':'", "player_id")
MAKE_UP = Concat(Value("make-up:"), DAY, output_field=TextField())

checkins = CheckIn.objects.annotate(
    day_claim=DAY, all_days_claim=ALL_DAYS, make_up_key=MAKE_UP
)
redemptions = Redemption.objects.all()
entries = CoinEntry.objects.all()


def booked(reason: str, key: str, **fields: Any) -> Exists:
    """Whether the player has the entry of this reason and key."""
    mine = entries.filter(player=OuterRef("player"), reason=reason, key=OuterRef(key))
    return Exists(mine.filter(**fields))


def came_of(rows: QuerySet[Any], claim: str, name: str = "claim") -> Exists:
    """Whether one of the check-ins of the same player wrote this row's claim."""
    return Exists(rows.filter(player=OuterRef("player"), **{claim: OuterRef(name)}))


def in_pool(rows: QuerySet[Any]) -> Exists:
    """Whether the player has, of the check-in's pool, a row with the day's claim."""
    return Exists(
        rows.filter(
            player=OuterRef("player"),
            pool=OuterRef("pool"),
            claim=OuterRef("day_claim"),
        )
    )


def rewarded(rows: QuerySet[Any], state: str) -> list[Provable]:
    """Every code given or owed for a day, or for all, has the check-in it came of."""
    days = rows.filter(claim__startswith="checkin:")
    all_days = rows.filter(claim__startswith="completed:")
    completing = checkins.filter(completes=True)
    return [
        Rule(
            f"every code {state} for a day has its check-in",
            days,
            came_of(checkins.filter(pool__isnull=False), "day_claim"),
        ),
        Rule(
            f"every code {state} for all days has the last check-in",
            all_days,
            came_of(completing, "all_days_claim"),
        ),
    ]


# Keys are UUIDs, which PostgreSQL writes with hyphens and SQLite without.
sale = Replace(text("'redeemed:'", "player_id", "':'", "key"), Value("-"))
sold = Replace(F("code__claim"), Value("-"), output_field=TextField())

CHECK_INS: list[Provable] = [
    unique(
        "one check-in a game, player, run and day",
        CheckIn.objects.all(),
        *("game", "player", "run", "day"),
    ),
    unique(
        "one check-in a game, player and date",
        CheckIn.objects.all(),
        *("game", "player", "date"),
    ),
    unique(
        "no player has two check-ins of one key", CheckIn.objects.all(), "player", "key"
    ),
    Rule(
        "every check-in's coins are in the ledger",
        checkins.filter(coins__gt=0),
        booked(Reason.CHECK_IN, "day_claim", amount=OuterRef("coins")),
    ),
    Rule(
        "every coin entry for a day has its check-in",
        entries.filter(reason=Reason.CHECK_IN),
        came_of(checkins.filter(coins=OuterRef("amount")), "day_claim", "key"),
    ),
    Rule(
        "every coin entry for all days has the last check-in",
        entries.filter(reason=Reason.COMPLETED),
        came_of(checkins.filter(completes=True), "all_days_claim", "key"),
    ),
    Rule(
        "every day made up was paid",
        checkins.filter(made_up=True),
        booked(Reason.MAKE_UP, "make_up_key", amount__lt=0),
    ),
    Rule(
        "every payment for a missed day has its check-in",
        entries.filter(reason=Reason.MAKE_UP),
        came_of(checkins.filter(made_up=True), "make_up_key", "key"),
    ),
    Rule(
        "every check-in's code is given or owed",
        checkins.filter(pool__isnull=False),
        Q(in_pool(Code.objects.all())) | Q(in_pool(Owed.objects.all())),
    ),
    *rewarded(Code.objects.all(), "given"),
    *rewarded(Owed.objects.all(), "owed"),
]

SHOP: list[Provable] = [
    unique(
        "one redemption an item, player and number",
        redemptions,
        *("item", "player", "number"),
    ),
    unique("no player has two redemptions of one key", redemptions, "player", "key"),
    unique("no code is redeemed twice", redemptions, "code"),
    unique("no payment is for two redemptions", redemptions, "payment"),
    Rule(
        "every redeemed code is its redeemer's, given for that",
        redemptions.annotate(sale=sale, sold=sold),
        Q(code__player=F("player"), sold=F("sale")),
    ),
    Rule(
        "every redemption was paid by its redeemer, for that code",
        redemptions,
        Q(
            payment__player=F("player"),
            payment__reason=Reason.REDEEMED,
            payment__amount__lt=0,
            payment__key=F("code__claim"),
        ),
    ),
    Rule(
        "every payment in the shop has its code",
        entries.filter(reason=Reason.REDEEMED),
        Exists(redemptions.filter(payment=OuterRef("pk"))),
    ),
    Rule(
        "every code given in the shop was paid",
        Code.objects.filter(claim__startswith="redeemed:"),
        Exists(redemptions.filter(code=OuterRef("pk"))),
    ),
    Rule(
        "what was voided was refunded, and nothing else",
        redemptions,
        Q(refund=None, voided_by=None)
        | Q(refund__isnull=False, voided_by__isnull=False),
    ),
    Rule(
        "every refund is the payment, back to who paid, by who voided",
        redemptions.filter(refund__isnull=False),
        Q(
            refund__player=F("player"),
            refund__reason=Reason.REFUND,
            refund__amount=-F("payment__amount"),
            refund__by=F("voided_by"),
        ),
    ),
    Rule(
        "every refund in the ledger has its redemption",
        entries.filter(reason=Reason.REFUND),
        Exists(redemptions.filter(refund=OuterRef("pk"))),
    ),
]

RULES = CHECK_INS + SHOP
