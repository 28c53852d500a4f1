"""Codes that are given now, or owed until there is stock: for many claims at once."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from games.models.prizes import Claim, Code, Owed, Pool, is_same


class Wish(NamedTuple):
    """A code of this pool, for this claim."""

    pool: Pool
    claim: Claim
    at: datetime


def give_or_owe(wishes: Sequence[Wish]) -> set[str]:
    """Give each claim a code of its pool, or owe it.

    The result holds the claims that get neither: the browser's codes in the game are
    another player's. Runs in a transaction that holds the players and their games.
    """
    return AwardBatch(wishes).barred() if wishes else set()


class AwardBatch:
    """Wishes of one transaction: stock and holders are read, then each is decided.

    First come the locks, then all writing: who adds codes or gives some in the same
    browsers waits for us, or we for them, but never both.
    """

    def __init__(self, wishes: Sequence[Wish]) -> None:
        self.wishes = wishes
        self.browsers = {one.claim.browser for one in wishes} - {""}
        self.stock = self._lock()
        self.codes: list[Code] = []
        self.owed: list[Owed] = []
        self._read()

    def barred(self) -> set[str]:
        barred = {one.claim.claim for one in self.wishes if not self._settle(one)}
        Code.objects.write_assigned(self.codes)
        Owed.objects.bulk_create(self.owed)
        return barred

    def _lock(self) -> dict[int, list[Code]]:
        """The next free codes of each pool, at most as many as are wished for."""
        counts = Counter(one.pool for one in self.wishes)
        stock = {pool.pk: next_of(pool, count) for pool, count in counts.items()}
        short = [pool for pool, count in counts.items() if len(stock[pool.pk]) < count]
        if short or self.browsers:
            Pool.objects.lock([pool.pk for pool in short], self.browsers)
        # Whoever added codes just now has paid debts before us, or does so after us.
        again = {pool.pk: next_of(pool, counts[pool]) for pool in short}
        Code.objects.lock_browsers(self.browsers)
        return stock | again

    def _read(self) -> None:
        """What these claims, and these browsers, have already."""
        wanted = Q(claim__in={one.claim.claim for one in self.wishes})
        if self.browsers:
            wanted |= Q(browser__in=self.browsers)
        codes = list(Code.objects.filter(wanted).select_related("player"))
        owed = list(Owed.objects.filter(wanted).select_related("player"))
        self.given = {code.claim for code in codes}
        self.winners = {one.browser: one.player for one in codes if one.player}
        self.owing = {one.claim for one in owed}
        self.creditors = {one.browser: one.player for one in owed}

    def _settle(self, wish: Wish) -> bool:
        """Give or owe; False where the browser is another player's."""
        claim = wish.claim
        if claim.claim in self.given:
            return True
        winner = self.winners.get(claim.browser) if claim.browser else None
        if winner and not is_same(claim.player, winner):
            return False
        if not self.stock[wish.pool.pk]:
            return self._owe(wish)
        self._give(wish, claim._replace(browser="") if winner else claim)
        return True

    def _give(self, wish: Wish, claim: Claim) -> None:
        code = self.stock[wish.pool.pk].pop(0)
        code.assign(claim, wish.at)
        self.codes.append(code)
        self.given.add(claim.claim)
        if claim.browser:
            self.winners[claim.browser] = claim.player

    def _owe(self, wish: Wish) -> bool:
        claim = wish.claim
        creditor = self.creditors.get(claim.browser) if claim.browser else None
        if creditor and not is_same(claim.player, creditor):
            return False
        if claim.claim not in self.owing:
            mark = None if creditor else claim.browser or None
            what = {"pool": wish.pool, "player": claim.player, "since": wish.at}
            self.owed.append(Owed(claim=claim.claim, browser=mark, **what))
            self.owing.add(claim.claim)
            self.creditors[mark] = claim.player
        return True


def next_of(pool: Pool, count: int) -> list[Code]:
    return list(pool.codes.order_by("pk").next_free(count))
