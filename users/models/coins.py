"""The coin ledger: append-only; a player's balance is the sum of their entries.

Database triggers (`users/ledger_triggers.py`) enforce this: they refuse to change or
delete an entry, add each new one to `Player.coins`, and refuse any other balance.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Required, TypedDict, Unpack
from uuid import uuid4

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.cache import invalidate
from core.on_commit import on_commit
from core.refusals import Refused
from users.models.player import Player


class Details(TypedDict, total=False):
    """What an entry says beside its player, amount and reason."""

    key: Required[str]
    at: Required[datetime]
    refers_to: str
    by: Player | None


class CoinEntryManager(models.Manager["CoinEntry"]):
    def record(
        self, player: Player, amount: int, reason: str, **details: Unpack[Details]
    ) -> "CoinEntry":
        """`Ledger.record` for one entry, written at once.

        Runs in the transaction that has locked the player's row.
        """
        ledger = Ledger([details["key"]])
        entry = ledger.record(player, amount, reason, **details)
        ledger.write()
        return entry

    def adjust(
        self, player_id: int, amount: int, why: str, by: Player, now: datetime
    ) -> "CoinEntry":
        """Give or take coins by hand; `why` goes into the ledger. Raises `Refused`."""
        with transaction.atomic():
            player = Player.objects.select_for_update(no_key=True).get(pk=player_id)
            check_may_pay(by, player)
            return self.record(
                player,
                amount,
                CoinEntry.Reason.ADJUSTED,
                key=f"adjusted:{uuid4()}",
                at=now,
                refers_to=why,
                by=by,
            )


class CoinEntry(models.Model):
    """One entry of the ledger. It is never changed or deleted."""

    class Reason(models.TextChoices):
        CHECK_IN = "check-in", _("check-in")
        COMPLETED = "completed", _("all days completed")
        MAKE_UP = "make-up", _("missed day made up")
        REDEEMED = "redeemed", _("spent in the shop")
        REFUND = "refund", _("refund")
        JOINED = "joined", _("from guest to account")
        ADJUSTED = "adjusted", _("adjusted by staff")

    player = models.ForeignKey(
        Player, models.PROTECT, related_name="coin_entries", verbose_name=_("player")
    )
    amount = models.IntegerField(_("amount"))
    reason = models.CharField(_("reason"), max_length=20, choices=Reason.choices)
    refers_to = models.CharField(_("refers to"), max_length=200, blank=True)
    # Names what the entry is for, so that a repeated command adds nothing.
    key = models.CharField(max_length=120, unique=True, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
        help_text=_("The member of staff; empty: the system."),
    )
    at = models.DateTimeField(_("time"))

    objects = CoinEntryManager()

    class Meta:
        verbose_name = _("coin entry")
        verbose_name_plural = _("coin entries")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="coin_entry_not_zero")
        ]

    def __str__(self) -> str:
        return f"{self.amount:+d} {self.reason}"


class Ledger:
    """New entries of one transaction, of players whose rows are locked.

    `keys` are those of the coming entries that may exist already.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        keys = list(keys)
        earlier = CoinEntry.objects.filter(key__in=keys) if keys else ()
        self._by_key = {entry.key: entry for entry in earlier}
        self._new: list[CoinEntry] = []

    def record(
        self, player: Player, amount: int, reason: str, **details: Unpack[Details]
    ) -> CoinEntry:
        """Give coins, or take some if `amount` is negative, once for each key.

        Updates `player.coins` at once. Raises `Refused("not_enough_coins")`.
        """
        if earlier := self._by_key.get(details["key"]):
            return earlier
        if player.coins + amount < 0:
            raise Refused("not_enough_coins")
        player.coins += amount
        entry = CoinEntry(player=player, amount=amount, reason=reason, **details)
        self._by_key[entry.key] = entry
        self._new.append(entry)
        return entry

    def write(self) -> None:
        """Write the new entries: one statement for each player's first entry, one for
        the second entries, and so on."""
        for entries in rounds(self._new):
            CoinEntry.objects.bulk_create(entries)
        if self._new:
            on_commit(invalidate, *{f"user:{entry.player_id}" for entry in self._new})
        self._new = []


def rounds(entries: Iterable[CoinEntry]) -> list[list[CoinEntry]]:
    """The entries in lists that hold at most one of each player.

    PostgreSQL runs the triggers after it has inserted all rows of a statement. With two
    rows of one player, the balance would not be the sum when the first trigger runs.
    """
    by_player: dict[int, list[CoinEntry]] = defaultdict(list)
    for entry in entries:
        by_player[entry.player_id].append(entry)
    longest = max(map(len, by_player.values()), default=0)
    return [
        [own[place] for own in by_player.values() if place < len(own)]
        for place in range(longest)
    ]


def check_may_pay(by: Player, player: Player) -> None:
    """`Refused` unless this member of staff may give that player coins."""
    if not by.may_pay(player):
        detail = _(
            "You can’t give coins to yourself. Only superusers can give coins to staff."
        )
        raise Refused("forbidden", detail, field="player")
