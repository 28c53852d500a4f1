"""What `manage.py audit` proves of check-ins and of the coupon shop.

Check-ins, coins and codes are tied together by the claims that `checkins/models.py`
writes; here the database writes them again, to compare.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import (
    Exists,
    Expression,
    F,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Concat, Replace

from checkins.models import CheckIn, Redemption
from core.invariants import Provable, Rule, unique
from games.models import Backorder, Code
from users.models import CoinEntry

Reason = CoinEntry.Reason


Part = str | Expression | OuterRef


def text(*parts: Part) -> Concat:
    """Text of `'words'`, and of the columns whose names stand between them."""
    return Concat(
        *(
            Value(part[1:-1])
            if isinstance(part, str) and part.startswith("'")
            else Cast(part, TextField())
            for part in parts
        ),
        output_field=TextField(),
    )


# As the properties of `CheckIn` write them: of a check-in's columns, and of the player
# who is in the ledger. That may be the guest whose check-in is an account's by now.
def day(check_in: Callable[[str], Part] = str, player: Part = "player_id") -> Concat:
    date = check_in("date")
    return text("'checkin:'", check_in("game_id"), "':'", player, "':'", date)


def all_days(
    check_in: Callable[[str], Part] = str, player: Part = "player_id"
) -> Concat:
    return text("'completed:'", check_in("game_id"), "':'", player)


def make_up(
    check_in: Callable[[str], Part] = str, player: Part = "player_id"
) -> Concat:
    key = day(check_in, player)
    return Concat(Value("make-up:"), key, output_field=TextField())


Key = Callable[..., Concat]

checkins = CheckIn.objects.annotate(day_claim=day(), all_days_claim=all_days())
redemptions = Redemption.objects.all()
entries = CoinEntry.objects.all()


def booked(reason: str, key: Key, **fields: Any) -> Q:
    """Whether the player, or the guest they were, has the entry of this reason and
    key."""
    rows = entries.filter(reason=reason, **fields)
    own = rows.filter(
        player=OuterRef("player"), key=key(OuterRef, OuterRef("player_id"))
    )
    guests = rows.filter(player__account=OuterRef("player"))
    as_guest = guests.annotate(written=key(OuterRef)).filter(key=F("written"))
    return Q(Exists(own)) | Q(Exists(as_guest))


def earned(rows: QuerySet[Any], key: Key) -> Q:
    """Whether one of these check-ins, of the player or of the account that the guest
    has by now, wrote this entry's key."""
    own = rows.filter(player=OuterRef("player")).annotate(written=key())
    moved = rows.filter(player=OuterRef("player__account")).annotate(
        written=key(str, OuterRef("player_id"))
    )
    return Q(Exists(own.filter(written=OuterRef("key")))) | Q(
        Exists(moved.filter(written=OuterRef("key")))
    )


def came_of(rows: QuerySet[Any], claim: str) -> Exists:
    """Whether one of the check-ins of the same player wrote this row's claim."""
    return Exists(rows.filter(player=OuterRef("player"), **{claim: OuterRef("claim")}))


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
# The guest who paid may be in the ledger, where an account has the code by now.
debt = Replace(text("'redeemed:'", "payment__player_id", "':'", "key"), Value("-"))
paid = Replace(F("payment__key"), Value("-"), output_field=TextField())


def is_same(player: str) -> Q:
    """Whether this is the redeemer, or a guest they were."""
    return Q(**{player: F("player")}) | Q(**{f"{player}__account": F("player")})


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
        booked(Reason.CHECK_IN, day, amount=OuterRef("coins")),
    ),
    Rule(
        "every coin entry for a day has its check-in",
        entries.filter(reason=Reason.CHECK_IN),
        earned(checkins.filter(coins=OuterRef("amount")), day),
    ),
    Rule(
        "every coin entry for all days has the last check-in",
        entries.filter(reason=Reason.COMPLETED),
        earned(checkins.filter(completes=True), all_days),
    ),
    Rule(
        "every day made up was paid",
        checkins.filter(made_up=True),
        booked(Reason.MAKE_UP, make_up, amount__lt=0),
    ),
    Rule(
        "every payment for a missed day has its check-in",
        entries.filter(reason=Reason.MAKE_UP),
        earned(checkins.filter(made_up=True), make_up),
    ),
    Rule(
        "every check-in's code is given or owed",
        checkins.filter(pool__isnull=False),
        Q(in_pool(Code.objects.all())) | Q(in_pool(Backorder.objects.all())),
    ),
    *rewarded(Code.objects.all(), "given"),
    *rewarded(Backorder.objects.all(), "owed"),
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
        redemptions.annotate(debt=debt, paid=paid),
        is_same("payment__player")
        & Q(
            payment__reason=Reason.REDEEMED,
            payment__amount__lt=0,
            paid=F("debt"),
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
        is_same("refund__player")
        & Q(
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
