"""Prize codes: each a row of its own, in a named pool, given to one player at most."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from django.db import connection, models, transaction
from django.db.models import Exists, Max, OuterRef, Q
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
ADDED_AT_ONCE = 5000  # codes in one statement

# A pool, and a JSON list of (text, repeat). `bulk_create` takes several times as long,
# and doesn't say how many were new.
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
    """What a player is to be given a code for, once in all the world.

    `browser` is where they won it (`games.sources`), `address` stands for whence.
    """

    player: Player
    claim: str
    browser: str = ""
    address: str = ""


class Given(dict[str, "Code"]):
    """Codes by claim. `barred` are the claims that get none, because the browser's
    codes in the game are another player's."""

    def __init__(self, codes: dict[str, "Code"], barred: set[str]) -> None:
        super().__init__(codes)
        self.barred = barred


class PoolQuerySet(models.QuerySet["Pool"]):
    def make_for(self, game: "Game") -> None:
        """Each pool that the game's settings speak of is there, to be filled."""
        for name in game.of_kind.pools(game.rules):
            self.get_or_create(game=game, name=name)

    def named(
        self, wanted: Collection[tuple[int, str]]
    ) -> "dict[tuple[int, str], Pool]":
        """These pools, by game and name. One that staff have not made is made empty:
        its codes are owed."""
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
        """Lock these pools, and those that owe codes to these browsers, in one order
        for everybody. So nobody adds codes or pays debts there meanwhile."""
        owing = Owed.objects.filter(browser__in=browsers).values("pool")
        wanted = self.filter(Q(pk__in=pool_ids) | Q(pk__in=owing))
        list(wanted.select_for_update(no_key=True).order_by("pk"))

    def in_debt(self) -> "PoolQuerySet":
        """Those that owe codes and have some: after a transaction that gave back."""
        free = Code.objects.unclaimed().filter(pool=OuterRef("pk"))
        return self.filter(
            Exists(Owed.objects.filter(pool=OuterRef("pk"))), Exists(free)
        )


class Pool(models.Model):
    """A named stock of codes. Winners draw from their game's pools, oldest first."""

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
        """Add these codes in their order, leaving out those that are here already, or
        in another pool; how many.

        `numbers` has the `repeat` of those that stand in another pool and come here
        with a yes of staff. Players who are owed a code are given theirs first.
        """
        given, rest, added = numbers or {}, iter(texts), 0
        with transaction.atomic():
            self._lock()
            while part := list(islice(rest, ADDED_AT_ONCE)):
                new = [(text, given.get(text, 0)) for text in part]
                added += Code.objects.insert(self.pk, new)
            self.pay_debts()
        return added

    def pay_debts(self) -> None:
        """Give waiting players their codes, the longest waiting first.

        Runs in a transaction.
        """
        owed = list(
            self.owed.select_for_update(of=("self",))
            .select_related("player")
            .order_by("pk")
        )
        marks = {one.browser for one in owed if one.browser}
        held = Code.objects.filter(browser__in=marks) if marks else Code.objects.none()
        # What is owed is paid, whoever has won in that browser since.
        marks -= set(held.values_list("browser", flat=True))
        winners = [
            Claim(one.player, one.claim, one.browser if one.browser in marks else "")
            for one in owed
        ]
        given = self.codes.order_by("pk").give(winners, timezone.now())
        paid = [one for one in owed if one.claim in given]
        Owed.objects.filter(pk__in=[one.pk for one in paid]).delete()
        told = [(one.player_id, "") for one in paid]
        on_commit(events.players_changed, self.game_id, told)

    def _lock(self) -> None:
        Pool.objects.select_for_update(no_key=True).get(pk=self.pk)


class Owed(models.Model):
    """A code that is owed until there is stock: nothing a player earned is lost."""

    pool = models.ForeignKey(Pool, models.PROTECT, related_name="owed")
    player = models.ForeignKey(Player, models.PROTECT, related_name="+")
    claim = models.CharField(max_length=80, unique=True)
    since = models.DateTimeField()
    # As of a code.
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
        """The codes of a game in the order in which winners are given them."""
        return self.filter(pool__game_id=game_id).order_by("pool_id", "id")

    def insert(self, pool_id: int, new: Sequence[tuple[str, int]]) -> int:
        """Add free codes, each a text and its `repeat`, in their order; how many of
        them no other code was in the way of."""
        with connection.cursor() as cursor:
            cursor.execute(INSERT[connection.vendor], [pool_id, json.dumps(new)])
            return int(cursor.rowcount)

    def held_among(self, texts: Collection[str]) -> dict[str, dict[int, int]]:
        """Which pools hold any of these texts: the code's `repeat` by text and pool."""
        held: dict[str, dict[int, int]] = {}
        rows = self.filter(text__in=texts).values_list("text", "pool_id", "repeat")
        for text, pool_id, repeat in rows:
            held.setdefault(text, {})[pool_id] = repeat
        return held

    def unasked(self) -> "CodeQuerySet":
        """Those that are no repeat of another pool's, or are one without a yes."""
        return self.filter(repeat__lte=0)

    def accepted_repeats(self) -> "CodeQuerySet":
        """Those that stand in another pool too, with a yes of staff."""
        twins = Code.objects.filter(text=OuterRef("text")).exclude(pk=OuterRef("pk"))
        return self.filter(Exists(twins), repeat__gt=0)

    def accept(self) -> int:
        """Say yes to those that repeat another pool's code unasked; how many."""
        accepted = 0
        with transaction.atomic():
            for code in self.select_for_update(of=("self",)).filter(repeat__lt=0):
                last = Code.objects.filter(text=code.text).aggregate(Max("repeat"))
                code.repeat = max(0, last["repeat__max"]) + 1
                code.save(update_fields=["repeat"])
                accepted += 1
        return accepted

    def next_free(self, count: int = 1) -> Sequence["Code"]:
        """The next unclaimed codes that no other transaction is giving away."""
        free = self.unclaimed().select_for_update(skip_locked=True, of=("self",))
        return list(free[:count])

    def lock_browsers(self, browsers: Collection[str]) -> None:
        """Let other transactions wait that give codes in these browsers, until this one
        has ended. They are locked in one order for everybody."""
        if browsers and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(LOCK_BROWSERS, [sorted(browsers)])

    def give(self, winners: Sequence[Claim], now: datetime) -> Given:
        """Codes of these, by claim, for as many winners as there are codes.

        A claim that was given its code before is given it again.
        """
        claims = {one.claim for one in winners}
        browsers = {one.browser for one in winners if one.browser}
        wanted = Q(claim__in=claims)
        if browsers:
            wanted |= Q(browser__in=browsers)
        found = list(Code.objects.filter(wanted).select_related("player"))
        given = {str(code.claim): code for code in found if code.claim in claims}
        holders = {code.browser: code.player for code in found if code.player}
        new = [one for one in winners if one.claim not in given]
        waiting, others = admitted(new, holders)
        free = self.next_free(len(waiting)) if waiting else []
        for code, one in zip(free, waiting):
            code.assign(one, now)
            given[one.claim] = code
        Code.objects.write_assigned(free)
        # Where a browser's first claim in this call got none, it bars no other.
        won = {code.browser for code in (*found, *free) if code.browser}
        return Given(given, {one.claim for one in others if one.browser in won})

    def write_assigned(self, codes: Iterable["Code"]) -> None:
        columns = ["player", "claim", "given_at", "browser", "address"]
        Code.objects.bulk_update(codes, columns, batch_size=500)


def admitted(
    winners: Sequence[Claim], holders: dict[str | None, Player]
) -> tuple[list[Claim], list[Claim]]:
    """Which of these claims may be given a code, and the others.

    A browser is the first one's who wins in it; another code of theirs has no mark.
    """
    may: list[Claim] = []
    others: list[Claim] = []
    for one in winners:
        holder = holders.get(one.browser) if one.browser else None
        if holder is None:
            may.append(one)
            holders[one.browser] = one.player
        elif is_same(one.player, holder):
            may.append(one._replace(browser=""))
        else:
            others.append(one)
    return may, others


def is_same(player: Player, holder: Player) -> bool:
    """Whether the holder is this player, or the guest they were."""
    return player.pk in (holder.pk, holder.account_id)


class Code(models.Model):
    """One prize code. `claim` names what it was given for, once in all the world."""

    pool = models.ForeignKey(
        Pool, models.PROTECT, related_name="codes", verbose_name=_("pool")
    )
    text = models.CharField(_("code"), max_length=MAX_CODE_LENGTH)
    # Another pool may hold the same text with a yes of staff: such repeats are counted
    # from 1 up, and those of a time in which nobody was asked from -1 down.
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
    # The game and the browser in which its owner won: no other player wins there.
    browser = models.CharField(
        max_length=MAX_BROWSER_LENGTH,
        null=True,
        blank=True,
        unique=True,
        editable=False,
    )
    # Stands for the network of its owner then.
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
        # Never the text of a free one: names stand in titles, histories and logs.
        return self.text if self.player_id else f"{self._meta.verbose_name} {self.pk}"

    def assign(self, claim: Claim, now: datetime) -> None:
        """Give it for this claim; `write_assigned` writes it."""
        self.player, self.claim, self.given_at = claim.player, claim.claim, now
        self.browser, self.address = claim.browser or None, claim.address
