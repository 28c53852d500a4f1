"""Ways to break each rule of the audit, in a database without constraints.

Run on the stage of a stack, in a transaction that is rolled back.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import F, Model

from answers.models import Answer
from answers.submission import Submission, submit
from checkins.checkin import CheckInRequest, check_in
from checkins.models import CheckIn, Item, Redemption
from checkins.shop import Purchase, redeem, void
from gameproject.management.commands.audit import RULES
from games.models import Backorder, Code, Game, Guest, Invitation, Winner
from users.guests import join
from users.ledger_triggers import NAMES
from users.models import CoinEntry, Player

NOON = datetime(2026, 3, 2, 5, tzinfo=UTC)  # in Bangkok
CALENDAR = {
    "mode": "calendar",
    "first_day": "2026-03-01",
    "last_day": "2026-03-02",
    "makeup_price": 3,
    "days": [{"coins": 10}, {"coins": 20, "pool": "Mug"}],
    "completed_coins": 50,
    "completed_pool": "Cup",
}
GUARDED: list[type[Model]] = [
    *(
        Player,
        CoinEntry,
        Code,
        Backorder,
        Answer,
        CheckIn,
        Redemption,
        Invitation,
        Winner,
    )
]


class World:
    """What alice and bob did, all in order: days, one made up, a shop and a puzzle.

    Of the mugs and cups there is one each, which alice was given; bob is owed his. Dave
    did the same as a guest, and signed in then.
    """

    def __init__(self) -> None:
        self.alice, self.bob, self.carol = (
            Player.objects.create_user(uuid4().hex) for _ in range(3)
        )
        self.calendar = self.make_game("checkin", CALENDAR)
        self.puzzle = self.make_game("puzzle", {"accepted": ["elephant"]})
        self.stock()
        for player in (self.alice, self.bob):
            self.play(player)
        void(self.bought.filter(player=self.alice)[0], self.carol, NOON)
        self.dave = Player.objects.create_user(uuid4().hex)
        self.guest = Player.objects.create_guest("Lucky")
        for game in (self.calendar, self.puzzle):
            Guest.objects.admit(game.pk, self.guest, "Lucky")
        self.play(self.guest)
        join(self.guest, self.dave, NOON)
        self.puzzle.invite([self.alice.name])
        winners = {"winners": [f"{self.alice.name}, a mug"]}
        self.announced = self.make_game("announce", winners)
        Winner.objects.make_for(self.announced)

    def make_game(self, kind: str, settings: dict[str, Any]) -> Game:
        return Game.objects.create(
            slug=uuid4().hex, title="-", kind=kind, settings=settings, state="OPEN"
        )

    def stock(self) -> None:
        for name, codes in {"Mug": ["M1"], "Cup": ["C1"]}.items():
            self.calendar.pools.create(name=name).add(codes)
        spoons = self.calendar.pools.create(name="Spoon")
        spoons.add(["S1", "S2", "S3", "S4", "S5", "S6", "S7"])
        self.item = Item.objects.create(pool=spoons, title="A spoon", price=7)
        self.puzzle.pools.create(name="Voucher").add(["V1", "V2", "V3"])

    def play(self, player: Player) -> None:
        for day in (None, 1):
            check_in(CheckInRequest(player.pk, self.calendar.pk, uuid4(), NOON, day))
        for _purchase in range(2):
            wanted = (player.pk, self.calendar.pk, self.item.pk, uuid4(), NOON)
            redeem(Purchase(*wanted))
        for value in ("mouse", "elephant"):
            submit(Submission(player.pk, self.puzzle.pk, uuid4(), "", value, NOON))

    # The rows to break

    @property
    def players(self) -> Any:
        return Player.objects.filter(pk__in=[self.alice.pk, self.bob.pk])

    @property
    def entries(self) -> Any:
        return CoinEntry.objects.filter(player__in=self.players)

    @property
    def codes(self) -> Any:
        return Code.objects.filter(pool__game__in=[self.calendar, self.puzzle])

    @property
    def won(self) -> Any:
        return self.codes.filter(claim__startswith="win:")

    @property
    def sold(self) -> Any:
        return self.codes.filter(claim__startswith="redeemed:")

    @property
    def owed(self) -> Any:
        return Backorder.objects.filter(player__in=self.players)

    @property
    def answers(self) -> Any:
        return Answer.objects.filter(game=self.puzzle)

    @property
    def days(self) -> Any:
        return CheckIn.objects.filter(game=self.calendar)

    @property
    def moved(self) -> Any:
        return CoinEntry.objects.filter(player=self.dave, reason="joined")

    @property
    def guests(self) -> Any:
        return Player.objects.filter(account=self.dave)

    @property
    def invited(self) -> Any:
        return self.puzzle.invitations

    @property
    def winners(self) -> Any:
        return self.announced.winners

    @property
    def bought(self) -> Any:
        return Redemption.objects.filter(item=self.item)


def deleted(rows: Any) -> None:
    """Delete rows although others refer to them."""
    ids = list(rows.values_list("pk", flat=True))
    rows.model.objects.filter(pk__in=ids)._raw_delete("default")


Break = Callable[[World], object]
BREAKS: list[tuple[str, Break]] = [
    ("the triggers of ledger and sessions stand", lambda w: None),
    (
        "every balance is the sum of its coin entries",
        lambda w: w.players.update(coins=F("coins") + 1),
    ),
    (
        "every balance is the sum of its coin entries",
        lambda w: deleted(w.entries),
    ),
    ("no balance is below zero", lambda w: w.players.update(coins=-1)),
    ("no coin entry is of nothing", lambda w: w.entries.update(amount=0)),
    ("no two coin entries have one key", lambda w: w.entries.update(key="same")),
    (
        "every guest's account is an account, and has the guest's coins",
        lambda w: w.guests.update(coins=1),
    ),
    (
        "every guest's account is an account, and has the guest's coins",
        lambda w: w.guests.update(account=w.guest),
    ),
    (
        "coins that came with a guest are what the guest had",
        lambda w: w.moved.update(amount=1),
    ),
    (
        "every code is free, or given with its claim and time",
        lambda w: w.won.update(given_at=None),
    ),
    (
        "every code is free, or given with its claim and time",
        lambda w: w.codes.filter(claim=None).update(player=w.bob),
    ),
    (
        "every code is free, or given with its claim and time",
        lambda w: w.won.update(player=None),
    ),
    ("no claim was given two codes", lambda w: w.won.update(claim="win:same")),
    ("no code stands twice in its pool", lambda w: w.codes.update(text="same")),
    (
        "no code stands in two pools, unless staff said yes",
        lambda w: w.codes.update(text="same"),
    ),
    (
        "no code stands in two pools, unless staff said yes",
        lambda w: w.sold.update(text="V1", repeat=-1),
    ),
    ("no pool gave more codes than it holds", lambda w: w.won.update(text="same")),
    ("no claim is owed two codes", lambda w: w.owed.update(claim="same")),
    (
        "no two players won in one browser, in one game",
        lambda w: w.won.update(browser="same"),
    ),
    (
        "no two players are owed for one browser, in one game",
        lambda w: w.owed.update(browser="same"),
    ),
    (
        "no code is both owed and given",
        lambda w: w.owed.update(claim=w.won[0].claim),
    ),
    (
        "every name on a list of players is a player's",
        lambda w: w.invited.update(player=None),
    ),
    (
        "every name on a list of players is its player's, or staff chose them",
        lambda w: w.invited.update(player=w.bob),
    ),
    (
        "every name on a winners' list is a player's",
        lambda w: w.winners.update(player=None),
    ),
    (
        "every name on a winners' list is its player's, or staff chose them",
        lambda w: w.winners.update(player=w.bob),
    ),
    (
        "every game for a list that can be played has somebody on it",
        lambda w: Game.objects.filter(pk=w.calendar.pk).update(access="listed"),
    ),
    (
        "one answer per player and question is current",
        lambda w: w.answers.update(current=True),
    ),
    (
        "no player has two answers with one key",
        lambda w: w.answers.update(key=uuid4()),
    ),
    (
        "no two answers to a question are the same attempt",
        lambda w: w.answers.update(attempt=1),
    ),
    (
        "every code that an answer's reply named is its player's",
        lambda w: w.won.filter(player=w.alice).update(player=w.bob),
    ),
    (
        "every code that an answer's reply named is its player's",
        lambda w: w.won.update(player=None, claim=None, given_at=None),
    ),
    (
        "every code won is its winner's, in the game they won",
        lambda w: w.won.filter(player=w.alice).update(player=w.bob),
    ),
    (
        "every code won is its winner's, in the game they won",
        lambda w: w.won.update(player=None),
    ),
    (
        "every code won is its winner's, in the game they won",
        lambda w: w.won.update(pool=w.item.pool),
    ),
    (
        "every code won has an answer of its owner",
        lambda w: deleted(w.answers.filter(player=w.alice)),
    ),
    ("one check-in per game, player, run and day", lambda w: w.days.update(day=1)),
    (
        "one check-in per game, player and date",
        lambda w: w.days.update(date=NOON.date()),
    ),
    (
        "no player has two check-ins with one key",
        lambda w: w.days.update(key=uuid4()),
    ),
    (
        "every check-in's coins are in the ledger",
        lambda w: deleted(w.entries.filter(reason="check-in")),
    ),
    (
        "every check-in's coins are in the ledger",
        lambda w: w.days.update(coins=F("coins") + 1),
    ),
    (
        "every check-in's coins are in the ledger",
        lambda w: w.entries.filter(player=w.alice).update(player=w.bob),
    ),
    ("every coin entry for a day has its check-in", lambda w: deleted(w.days)),
    (
        "every coin entry for a day has its check-in",
        lambda w: w.entries.filter(reason="check-in").update(amount=1),
    ),
    (
        "every coin entry for all days has the last check-in",
        lambda w: w.days.update(completes=False),
    ),
    (
        "every made-up day was paid",
        lambda w: deleted(w.entries.filter(reason="make-up")),
    ),
    (
        "every made-up day was paid",
        lambda w: w.entries.filter(reason="make-up").update(amount=3),
    ),
    (
        "every payment for a missed day has its check-in",
        lambda w: w.days.update(made_up=False),
    ),
    ("every check-in's code is given or owed", lambda w: deleted(w.owed)),
    (
        "every check-in's code is given or owed",
        lambda w: w.codes.filter(claim__startswith="checkin:").update(player=w.bob),
    ),
    (
        "every code given for a day has its check-in",
        lambda w: w.days.update(pool=None),
    ),
    (
        "every code given for all days has the last check-in",
        lambda w: w.days.update(completes=False),
    ),
    (
        "every code owed for a day has its check-in",
        lambda w: w.days.update(date=F("date") + timedelta(days=1)),
    ),
    (
        "every code owed for all days has the last check-in",
        lambda w: w.days.update(completes=False),
    ),
    (
        "one redemption per item, player and number",
        lambda w: w.bought.update(number=1),
    ),
    (
        "no player has two redemptions with one key",
        lambda w: w.bought.update(key=uuid4()),
    ),
    ("no code is redeemed twice", lambda w: w.bought.update(code=w.sold[0])),
    (
        "no payment is for two redemptions",
        lambda w: w.bought.update(payment=w.bought[0].payment),
    ),
    (
        "every redeemed code is its redeemer's, given for this redemption",
        lambda w: w.sold.update(player=w.carol),
    ),
    (
        "every redeemed code is its redeemer's, given for this redemption",
        lambda w: w.sold.update(player=None, claim=None, given_at=None),
    ),
    (
        "every redeemed code is its redeemer's, given for this redemption",
        lambda w: w.bought.update(key=uuid4()),
    ),
    (
        "every redemption was paid by its redeemer, for this code",
        lambda w: w.entries.filter(reason="redeemed").update(amount=7),
    ),
    (
        "every redemption was paid by its redeemer, for this code",
        lambda w: w.entries.filter(player=w.alice).update(player=w.bob),
    ),
    ("every payment in the shop has its code", lambda w: deleted(w.bought)),
    ("every code given in the shop was paid", lambda w: deleted(w.bought)),
    (
        "every voided redemption was refunded, and no other",
        lambda w: w.bought.update(voided_by=None),
    ),
    (
        "every voided redemption was refunded, and no other",
        lambda w: w.bought.update(voided_by=w.carol),
    ),
    (
        "every refund returns the payment to its payer, by whoever voided it",
        lambda w: w.entries.filter(reason="refund").update(amount=1),
    ),
    (
        "every refund returns the payment to its payer, by whoever voided it",
        lambda w: w.entries.filter(reason="refund").update(player=w.bob),
    ),
    (
        "every refund returns the payment to its payer, by whoever voided it",
        lambda w: w.bought.update(voided_by=None),
    ),
    (
        "every refund in the ledger has its redemption",
        lambda w: w.bought.update(refund=None, voided_by=None),
    ),
]


def reported() -> dict[str, list[str]]:
    """What the audit prints about broken rules while all is in order."""
    with transaction.atomic():
        World()
        findings = [rule.check() for rule in RULES]
        transaction.set_rollback(True)
    return {found.says: found.lines() for found in findings if found.broken}


def found_after_each_break() -> list[bool]:
    """For each break in turn, whether the audit finds its rule broken.

    All break the same world; what each broke is put right before the next.
    """
    with transaction.atomic():
        world = World()
        loosen()
        found = [found_after(world, says, breaks) for says, breaks in BREAKS]
        transaction.set_rollback(True)
    return found


def found_after(world: World, says: str, breaks: Break) -> bool:
    [rule] = [rule for rule in RULES if rule.says == says]
    before = transaction.savepoint()
    breaks(world)
    found = rule.check()
    transaction.savepoint_rollback(before)
    return found.broken > 0


def loosen() -> None:
    """Remove every trigger, CHECK and UNIQUE from the tables."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # No table is altered while a foreign key waits to be checked.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            for statement in loosening(cursor):
                cursor.execute(statement)
        else:
            for name in NAMES["sqlite"]:
                cursor.execute(f"DROP TRIGGER {name}")
            for model in GUARDED:
                replace(cursor, model._meta.db_table)


def loosening(cursor: Any) -> list[str]:
    """The statements that remove the constraints on PostgreSQL."""
    statements = []
    for model in GUARDED:
        table = model._meta.db_table
        statements.append(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(
            "SELECT conname FROM pg_constraint "
            "WHERE conrelid = %s::regclass AND contype IN ('u', 'c')",
            [table],
        )
        own = [name for (name,) in cursor.fetchall()]
        statements += [f"ALTER TABLE {table} DROP CONSTRAINT {name}" for name in own]
        cursor.execute(
            "SELECT indexrelid::regclass::text FROM pg_index "
            "WHERE indrelid = %s::regclass AND indisunique AND NOT indisprimary",
            [table],
        )
        indexes = [name for (name,) in cursor.fetchall() if name not in own]
        statements += [f"DROP INDEX {name}" for name in indexes]
    return statements


def replace(cursor: Any, table: str) -> None:
    """Copy the rows on SQLite into a table without constraints."""
    cursor.execute(f"CREATE TABLE loose AS SELECT * FROM {table}")
    cursor.execute(f"DROP TABLE {table}")
    cursor.execute(f"ALTER TABLE loose RENAME TO {table}")
