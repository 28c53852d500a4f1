"""Check-ins and the coupon shop."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from checkins.claims import ALL_DAYS, DAY
from checkins.days import CompletedDay
from core.refusals import Refused
from core.timestamps import to_ms
from games.models import Code, Game, Pool
from games.states import PUBLISHED
from users.models import CoinEntry, Player


class CheckIn(models.Model):
    """One player's day in a check-in game. The server's clock decides day and date."""

    game = models.ForeignKey(
        Game, models.PROTECT, related_name="checkins", verbose_name=_("game")
    )
    player = models.ForeignKey(
        Player, models.PROTECT, related_name="checkins", verbose_name=_("player")
    )
    # The number of the streak, from 1; in other modes always 1.
    run = models.PositiveSmallIntegerField(_("run"), default=1)
    day = models.PositiveSmallIntegerField(_("day"))
    date = models.DateField(_("date"), help_text=_("By the game's own clock."))
    key = models.UUIDField(editable=False)
    at = models.DateTimeField(_("time"))
    made_up = models.BooleanField(_("made up"), default=False)
    # The day's reward: coins, and the pool of its code.
    coins = models.PositiveIntegerField(_("coins"), default=0)
    pool = models.ForeignKey(
        Pool,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("code from"),
    )
    completes = models.BooleanField(_("completes all days"), default=False)
    # No code was given: another player has this game's codes in this browser.
    won_here = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        verbose_name = _("check-in")
        verbose_name_plural = _("check-ins")
        constraints = [
            models.UniqueConstraint("player", "key", name="checkin_key_once_a_player"),
            models.UniqueConstraint(
                *("game", "player", "run", "day"), name="checkin_day_once"
            ),
            models.UniqueConstraint(
                *("game", "player", "date"), name="checkin_date_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.player}, {self.date}"

    def public(self) -> dict[str, Any]:
        """As its player may see it; needs `game` loaded."""
        return {
            "game": self.game.slug,
            "day": self.day,
            "date": self.date.isoformat(),
            "coins": self.coins,
            "made_up": self.made_up,
        }

    def as_done(self) -> CompletedDay:
        return CompletedDay(self.day, self.date, self.run)

    @property
    def claim(self) -> str:
        """What the day's code is given for."""
        return DAY.format(game=self.game_id, player=self.player_id, date=self.date)

    @property
    def completing_claim(self) -> str:
        """What the code for all days is given for: once per player and game."""
        return ALL_DAYS.format(game=self.game_id, player=self.player_id)


class ItemQuerySet(models.QuerySet["Item"]):
    def shown(self) -> "ItemQuerySet":
        return self.filter(hidden=False)

    def with_stock(self) -> "ItemQuerySet":
        free = Code.objects.unclaimed().filter(pool=OuterRef("pool"))
        return self.annotate(in_stock=Exists(free))


class Item(models.Model):
    """An item of the shop: for coins, players get a code from its pool."""

    pool = models.ForeignKey(
        Pool,
        models.PROTECT,
        related_name="items",
        verbose_name=_("pool of codes"),
    )
    title = models.CharField(_("title"), max_length=120)
    picture = models.ImageField(_("picture"), upload_to="pictures", blank=True)
    price = models.PositiveIntegerField(_("price in coins"))
    limit = models.PositiveIntegerField(_("limit per player"), null=True, blank=True)
    opens_at = models.DateTimeField(_("sold from"), null=True, blank=True)
    closes_at = models.DateTimeField(_("sold until"), null=True, blank=True)
    hidden = models.BooleanField(_("hidden"), default=False)

    in_stock: bool  # set by `with_stock`

    objects = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("shop item")
        verbose_name_plural = _("shop items")
        ordering = ["price", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(price__gte=1), name="item_price_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(closes_at=None)
                | Q(opens_at=None)
                | Q(closes_at__gt=F("opens_at")),
                name="item_closes_after_it_opens",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def public(self) -> dict[str, Any]:
        """As players see it; needs `with_stock`."""
        return {
            "id": self.pk,
            "title": self.title,
            "picture": self.picture.url if self.picture else None,
            "price": self.price,
            "limit": self.limit,
            "opens_at": to_ms(self.opens_at),
            "closes_at": to_ms(self.closes_at),
            "in_stock": self.in_stock,
        }

    def is_sold_at(self, now: datetime) -> bool:
        begun = self.opens_at is None or self.opens_at <= now
        over = self.closes_at is not None and self.closes_at <= now
        return begun and not over and not self.hidden

    def save_and_announce(self) -> None:
        """Save it, and announce it to its game and to the game that it leaves."""
        with self._changing_shops():
            self.save()

    def discard(self) -> None:
        """Delete it; `Refused` if somebody has bought it."""
        with self._changing_shops():
            if self.redemptions.exists():
                raise Refused("invalid", _("It has been bought: hide it instead."))
            self.delete()

    @contextmanager
    def _changing_shops(self) -> Iterator[None]:
        """One transaction that locks the games: no purchase comes in between."""
        with transaction.atomic():
            before = Item.objects.filter(pk=self.pk).values_list("pool", flat=True)
            shops = Pool.objects.filter(pk__in={self.pool_id, *before}).values("game")
            games = Game.objects.filter(pk__in=shops).order_by("pk")
            locked = list(games.select_for_update())
            yield
            for game in locked:
                if game.state in PUBLISHED:
                    game.announce()


VOIDED_IS_REFUNDED = Q(refund=None, voided_by=None) | Q(
    refund__isnull=False, voided_by__isnull=False
)


class Redemption(models.Model):
    """One purchase of an item: coins for a code."""

    item = models.ForeignKey(
        Item, models.PROTECT, related_name="redemptions", verbose_name=_("item")
    )
    player = models.ForeignKey(
        Player, models.PROTECT, related_name="redemptions", verbose_name=_("player")
    )
    # 1 for the player's first purchase of this item, 2 for the second, and so on.
    number = models.PositiveIntegerField(_("number"))
    key = models.UUIDField(editable=False)
    code = models.OneToOneField(Code, models.PROTECT, verbose_name=_("code"))
    payment = models.OneToOneField(
        CoinEntry, models.PROTECT, related_name="+", verbose_name=_("payment")
    )
    refund = models.OneToOneField(
        CoinEntry,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("refund"),
    )
    at = models.DateTimeField(_("time"))
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("voided by"),
    )

    class Meta:
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        constraints = [
            models.UniqueConstraint(
                "player", "key", name="redemption_key_once_a_player"
            ),
            models.UniqueConstraint(
                *("item", "player", "number"), name="redemption_number_once"
            ),
            models.CheckConstraint(
                condition=VOIDED_IS_REFUNDED, name="redemption_voided_is_refunded"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.player}: {self.item}"

    def public(self) -> dict[str, Any]:
        """As its player may see it; needs `item`, `payment`, `code` and its pool."""
        return {
            "item": self.item_id,
            "title": self.item.title,
            "code": self.code.text,
            "pool": self.code.pool.name,
            "price": -self.payment.amount,
            "at": to_ms(self.at),
            "void": self.refund_id is not None,
        }
