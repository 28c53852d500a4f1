"""Prize codes: one row each, in a named pool, given to at most one player."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from django.db import connection, models, transaction
from django.db.models import Count, Exists, Max, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.addresses import MAX_DIGEST_LENGTH
from core.on_commit import on_commit
from games import events
from users.models import Player

if TYPE_CHECKING:
    from games.models import Game

MAX_CODE_LENGTH = 100
MAX_BROWSER_LENGTH = 60
INSERT_BATCH = 5000  # codes in one statement

# Parameters: a pool's id, and a JSON list of (text, repeat). `bulk_create` takes
# several times as long and doesn't report how many rows were new.
INSERT = {
    "postgresql": (
        "INSERT INTO games_code (pool_id, text, repeat) "
        "SELECT %s, new ->> 0, (new ->> 1)::smallint "
        "FROM jsonb_array_elements(%s) WITH ORDINALITY AS rows (new, place) "
        "ORDER BY place ON CONFLICT DO NOTHING"
    ),
    "sqlite": (
        "INSERT INTO games_code (pool_id, text, repeat) "
        "SELECT %s, json_extract(value, '$[0]'), json_extract(value, '$[1]') "
        "FROM json_each(%s) WHERE true ORDER BY key ON CONFLICT DO NOTHING"
    ),
}

LOCK_BROWSERS = (
    "SELECT pg_advisory_xact_lock(hashtextextended(browser, 0)) "
    "FROM unnest(%s::text[]) AS browser"
)


class Claim(NamedTuple):
    """Why a player gets a code. `key` is unique, so the code is given only once.

    `browser` is the browser in which the player won (`games.sources.browser_in`),
    `address` the digest of the network (`games.sources.Source.address`).
    """

    player: Player
    key: str
    browser: str = ""
    address: str = ""


class Awards(dict[str, "Code"]):
    """Codes by the keys of their claims.

    `barred` holds the keys of claims that get none, because the codes of their browser
    in this game are another player's.
    """

    def __init__(self, codes: dict[str, "Code"], barred: set[str]) -> None:
        super().__init__(codes)
        self.barred = barred


class Stock(NamedTuple):
    """How many codes are left, of how many in total."""

    left: int
    total: int

    @property
    def given(self) -> int:
        return self.total - self.left


NO_STOCK = Stock(0, 0)


class PoolQuerySet(models.QuerySet["Pool"]):
    def make_for(self, game: "Game") -> None:
        """Create the pools that the game's settings name, if they are missing."""
        for name in game.of_kind.pools(game.rules):
            self.get_or_create(game=game, name=name)

    def named(
        self, wanted: Collection[tuple[int, str]]
    ) -> "dict[tuple[int, str], Pool]":
        """These pools, by game id and name. A missing pool is created empty, so that
        its codes become backorders."""
        games, names = (
            {game for game, _name in wanted},
            {name for _game, name in wanted},
        )
        rows = self.filter(game__in=games, name__in=names)
        pools: dict[tuple[int, str], Pool] = {}
        if wanted:
            pools = {(pool.game_id, pool.name): pool for pool in rows}
        for game, name in sorted({*wanted} - pools.keys()):
            pools[game, name], _new = self.get_or_create(game_id=game, name=name)
        return pools

    def lock(self, pool_ids: Collection[int], browsers: Collection[str]) -> None:
        """Lock these pools and those with backorders of these browsers, always in the
        same order. Nobody adds codes or fills backorders there meanwhile."""
        waiting = Backorder.objects.filter(browser__in=browsers).values("pool")
        wanted = self.filter(Q(pk__in=pool_ids) | Q(pk__in=waiting))
        list(wanted.select_for_update(no_key=True).order_by("pk"))

    def fillable(self) -> "PoolQuerySet":
        """Pools with both backorders and free codes, such as after a rollback."""
        free = Code.objects.unclaimed().filter(pool=OuterRef("pk"))
        return self.filter(
            Exists(Backorder.objects.filter(pool=OuterRef("pk"))), Exists(free)
        )


class Pool(models.Model):
    """A named stock of codes. Winners of a game get codes of its oldest pool first."""

    game = models.ForeignKey("games.Game", models.PROTECT, related_name="pools")
    name = models.CharField(
        _("name"),
        max_length=60,
        help_text=_("What the codes are for, as players read it: “Coffee voucher”."),
    )

    objects = PoolQuerySet.as_manager()

    class Meta:
        verbose_name = _("pool of codes")
        verbose_name_plural = _("pools of codes")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint("game", "name", name="pool_name_once_a_game")
        ]

    def __str__(self) -> str:
        return self.name

    def add(
        self, texts: Iterable[str], numbers: Mapping[str, int] | None = None
    ) -> int:
        """Add these codes in their order, and fill backorders; how many were added.

        Codes that this pool or another one already holds are left out. `numbers` has
        the `repeat` of those in another pool that staff accepted for this one too.
        """
        repeats, rest, added = numbers or {}, iter(texts), 0
        with transaction.atomic():
            self._lock()
            while part := list(islice(rest, INSERT_BATCH)):
                new = [(text, repeats.get(text, 0)) for text in part]
                added += Code.objects.insert(self.pk, new)
            self.fill_backorders()
        return added

    def fill_backorders(self) -> None:
        """Give waiting players their codes, the longest waiting first.

        Runs in a transaction.
        """
        rows = self.backorders.select_for_update(of=("self",))
        backorders = list(rows.select_related("player").order_by("pk"))
        free = free_browsers({row.browser for row in backorders if row.browser})
        claims = [
            Claim(row.player, row.claim, row.browser if row.browser in free else "")
            for row in backorders
        ]
        awards = self.codes.order_by("pk").give(claims, timezone.now())
        filled = [row for row in backorders if row.claim in awards]
        Backorder.objects.filter(pk__in=[row.pk for row in filled]).delete()
        players = [(row.player_id, "") for row in filled]
        on_commit(events.players_changed, self.game_id, players)

    def _lock(self) -> None:
        Pool.objects.select_for_update(no_key=True).get(pk=self.pk)


def free_browsers(browsers: set[str]) -> set[str]:
    """Those of these browsers that no code belongs to.

    A backorder is filled even if somebody else has won in its browser since; its code
    then belongs to no browser.
    """
    taken = Code.objects.filter(browser__in=browsers).values_list("browser", flat=True)
    return browsers - set(taken) if browsers else set()


class Backorder(models.Model):
    """A code that a player won while the pool was empty. New codes fill it first."""

    pool = models.ForeignKey(Pool, models.PROTECT, related_name="backorders")
    player = models.ForeignKey(Player, models.PROTECT, related_name="+")
    claim = models.CharField(max_length=80, unique=True)
    since = models.DateTimeField()
    # As in `Code`.
    browser = models.CharField(
        max_length=MAX_BROWSER_LENGTH,
        null=True,
        blank=True,
        unique=True,
        editable=False,
    )

    class Meta:
        verbose_name = _("owed code")
        verbose_name_plural = _("owed codes")

    def __str__(self) -> str:
        return self.claim


class CodeQuerySet(models.QuerySet["Code"]):
    def unclaimed(self) -> "CodeQuerySet":
        return self.filter(player=None)

    def for_winners_of(self, game_id: int) -> "CodeQuerySet":
        """The codes of a game in the order in which winners get them."""
        return self.filter(pool__game_id=game_id).order_by("pool_id", "id")

    def stock_by(self, field: str) -> dict[int, Stock]:
        """The stock of these codes by the value of a field, such as "pool"."""
        left = Count("pk", filter=Q(player=None))
        rows = self.values_list(field).annotate(left=left, total=Count("pk"))
        return {value: Stock(left, total) for value, left, total in rows}

    def insert(self, pool_id: int, new: Sequence[tuple[str, int]]) -> int:
        """Add free codes, as pairs of text and `repeat`, in their order.

        Returns how many were added. A code that exists already is left out.
        """
        with connection.cursor() as cursor:
            cursor.execute(INSERT[connection.vendor], [pool_id, json.dumps(new)])
            return int(cursor.rowcount)

    def held_among(self, texts: Collection[str]) -> dict[str, dict[int, int]]:
        """The `repeat` of each code with one of these texts, by text and pool id."""
        held: dict[str, dict[int, int]] = {}
        rows = self.filter(text__in=texts).values_list("text", "pool_id", "repeat")
        for text, pool_id, repeat in rows:
            held.setdefault(text, {})[pool_id] = repeat
        return held

    def unasked(self) -> "CodeQuerySet":
        """Without those that staff accepted although another pool holds them too."""
        return self.filter(repeat__lte=0)

    def accepted_repeats(self) -> "CodeQuerySet":
        """Codes that another pool holds too, and that staff accepted."""
        twins = Code.objects.filter(text=OuterRef("text")).exclude(pk=OuterRef("pk"))
        return self.filter(Exists(twins), repeat__gt=0)

    def accept(self) -> int:
        """Accept repeats of another pool's codes about which nobody was asked; how
        many."""
        accepted = 0
        with transaction.atomic():
            for code in self.select_for_update(of=("self",)).filter(repeat__lt=0):
                last = Code.objects.filter(text=code.text).aggregate(Max("repeat"))
                code.repeat = max(0, last["repeat__max"]) + 1
                code.save(update_fields=["repeat"])
                accepted += 1
        return accepted

    def next_free(self, count: int = 1) -> Sequence["Code"]:
        """The next unclaimed codes that no other transaction holds; locks them."""
        free = self.unclaimed().select_for_update(skip_locked=True, of=("self",))
        return list(free[:count])

    def lock_browsers(self, browsers: Collection[str]) -> None:
        """Lock these browsers until the transaction ends, always in the same order."""
        if browsers and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(LOCK_BROWSERS, [sorted(browsers)])

    def give(self, claims: Sequence[Claim], now: datetime) -> Awards:
        """Give codes of this set to these claims, in their order, while there are any.

        A claim that has a code already gets the same one again.
        """
        earlier = Code.objects.of_claims(claims)
        keys = {claim.key for claim in claims}
        awards = {str(code.claim): code for code in earlier if code.claim in keys}
        owners = {code.browser: code.player for code in earlier if code.player}
        new = [claim for claim in claims if claim.key not in awards]
        eligible, others = split_by_browser(new, owners)
        free = self.next_free(len(eligible)) if eligible else []
        for code, claim in zip(free, eligible):
            code.assign(claim, now)
            awards[claim.key] = code
        Code.objects.write_assigned(free)
        # If a browser's first claim in this call got no code, it bars no other claim.
        won = {code.browser for code in (*earlier, *free) if code.browser}
        return Awards(awards, {claim.key for claim in others if claim.browser in won})

    def of_claims(self, claims: Sequence[Claim]) -> list["Code"]:
        """The codes given for these claims, or won in their browsers."""
        wanted = Q(claim__in={claim.key for claim in claims})
        browsers = {claim.browser for claim in claims if claim.browser}
        if browsers:
            wanted |= Q(browser__in=browsers)
        return list(self.filter(wanted).select_related("player"))

    def write_assigned(self, codes: Iterable["Code"]) -> None:
        columns = ["player", "claim", "given_at", "browser", "address"]
        Code.objects.bulk_update(codes, columns, batch_size=500)


def split_by_browser(
    claims: Sequence[Claim], owners: dict[str | None, Player]
) -> tuple[list[Claim], list[Claim]]:
    """The claims that may get a code, and the others; `owners` are added to.

    A browser belongs to the first player who wins in it. Only the first code of that
    player notes the browser.
    """
    eligible: list[Claim] = []
    others: list[Claim] = []
    for claim in claims:
        owner = owners.get(claim.browser) if claim.browser else None
        if owner is None:
            eligible.append(claim)
            owners[claim.browser] = claim.player
        elif is_same(claim.player, owner):
            eligible.append(claim._replace(browser=""))
        else:
            others.append(claim)
    return eligible, others


def is_same(player: Player, owner: Player) -> bool:
    """Whether the owner is this player, or the guest that this player was."""
    return player.pk in (owner.pk, owner.account_id)


class Code(models.Model):
    """One prize code. `claim` is the key of the `Claim` that it was given for."""

    pool = models.ForeignKey(
        Pool, models.PROTECT, related_name="codes", verbose_name=_("pool")
    )
    text = models.CharField(_("code"), max_length=MAX_CODE_LENGTH)
    # 0, except for codes whose text another pool holds too: 1, 2 and so on if staff
    # accepted that; -1, -2 and so on if the code was added before they were asked.
    repeat = models.SmallIntegerField(default=0, db_default=0, editable=False)
    player = models.ForeignKey(
        Player,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="codes",
        verbose_name=_("owner"),
    )
    claim = models.CharField(max_length=80, null=True, blank=True, unique=True)
    given_at = models.DateTimeField(_("given"), null=True, blank=True)
    # The game and the browser in which its owner won. No other player can win there.
    browser = models.CharField(
        max_length=MAX_BROWSER_LENGTH,
        null=True,
        blank=True,
        unique=True,
        editable=False,
    )
    # A digest of the network from which its owner won.
    address = models.CharField(
        max_length=MAX_DIGEST_LENGTH,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )

    objects = CodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("prize code")
        verbose_name_plural = _("prize codes")
        constraints = [
            models.UniqueConstraint("pool", "text", name="code_once_a_pool"),
            models.UniqueConstraint("text", "repeat", name="code_once_unless_repeated"),
            models.CheckConstraint(
                condition=Q(player=None, claim=None, given_at=None)
                | Q(player__isnull=False, claim__isnull=False, given_at__isnull=False),
                name="code_is_free_or_given",
            ),
        ]
        indexes = [
            models.Index(
                "pool", "id", condition=Q(player=None), name="code_free_in_order"
            )
        ]

    def __str__(self) -> str:
        # Never the text of a free code: this name gets into titles, histories, logs.
        return self.text if self.player_id else f"{self._meta.verbose_name} {self.pk}"

    def assign(self, claim: Claim, now: datetime) -> None:
        """Give it for this claim; `write_assigned` saves that."""
        self.player, self.claim, self.given_at = claim.player, claim.key, now
        self.browser, self.address = claim.browser or None, claim.address
