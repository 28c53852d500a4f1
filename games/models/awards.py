"""Give codes for many claims at once; those without stock become backorders."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from games.models.prizes import Backorder, Claim, Code, Pool, is_same


class AwardRequest(NamedTuple):
    """A code of this pool, for this claim."""

    pool: Pool
    claim: Claim
    at: datetime


def give_or_backorder(requests: Sequence[AwardRequest]) -> set[str]:
    """Give each claim a code of its pool, or a backorder if the pool is empty.

    Returns the keys of the claims that get neither, because the codes of their browser
    in this game are another player's. Runs in a transaction that holds the players and
    their games.
    """
    return AwardBatch(requests).barred() if requests else set()


class AwardBatch:
    """The requests of one transaction: read stock and holders, then decide each.

    All locks are taken before anything is written. Another transaction that adds codes
    or gives some in the same browsers waits for this one, or this one for it, but never
    both.
    """

    def __init__(self, requests: Sequence[AwardRequest]) -> None:
        self.requests = requests
        self.browsers = {request.claim.browser for request in requests} - {""}
        self.stock = self._lock()
        self.codes: list[Code] = []
        self.backorders: list[Backorder] = []
        self._read()

    def barred(self) -> set[str]:
        """Carry out all requests; the keys of the claims that get nothing."""
        barred = {r.claim.key for r in self.requests if not self._settle(r)}
        Code.objects.write_assigned(self.codes)
        Backorder.objects.bulk_create(self.backorders)
        return barred

    def _lock(self) -> dict[int, list[Code]]:
        """The next free codes by pool id, at most as many as are requested."""
        counts = Counter(request.pool for request in self.requests)
        stock = {pool.pk: next_of(pool, count) for pool, count in counts.items()}
        short = [pool for pool, count in counts.items() if len(stock[pool.pk]) < count]
        if short or self.browsers:
            Pool.objects.lock([pool.pk for pool in short], self.browsers)
        # Whoever adds codes to these pools filled the backorders before we got the
        # lock, or will fill ours after we commit. So read the stock again.
        again = {pool.pk: next_of(pool, counts[pool]) for pool in short}
        Code.objects.lock_browsers(self.browsers)
        return stock | again

    def _read(self) -> None:
        """Read the codes and backorders of these claims and these browsers."""
        wanted = Q(claim__in={request.claim.key for request in self.requests})
        if self.browsers:
            wanted |= Q(browser__in=self.browsers)
        codes = list(Code.objects.filter(wanted).select_related("player"))
        backorders = list(Backorder.objects.filter(wanted).select_related("player"))
        self.claims_with_code = {code.claim for code in codes}
        self.code_owners = {code.browser: code.player for code in codes if code.player}
        self.claims_waiting = {backorder.claim for backorder in backorders}
        self.waiting_players = {row.browser: row.player for row in backorders}

    def _settle(self, request: AwardRequest) -> bool:
        """Give a code or a backorder; False if the browser is another player's."""
        claim = request.claim
        if claim.key in self.claims_with_code:
            return True
        owner = self.code_owners.get(claim.browser) if claim.browser else None
        if owner and not is_same(claim.player, owner):
            return False
        if not self.stock[request.pool.pk]:
            return self._backorder(request)
        self._give(request, claim._replace(browser="") if owner else claim)
        return True

    def _give(self, request: AwardRequest, claim: Claim) -> None:
        code = self.stock[request.pool.pk].pop(0)
        code.assign(claim, request.at)
        self.codes.append(code)
        self.claims_with_code.add(claim.key)
        if claim.browser:
            self.code_owners[claim.browser] = claim.player

    def _backorder(self, request: AwardRequest) -> bool:
        claim = request.claim
        waiting = self.waiting_players.get(claim.browser) if claim.browser else None
        if waiting and not is_same(claim.player, waiting):
            return False
        if claim.key not in self.claims_waiting:
            browser = None if waiting else claim.browser or None
            self.backorders.append(
                Backorder(
                    pool=request.pool,
                    player=claim.player,
                    claim=claim.key,
                    since=request.at,
                    browser=browser,
                )
            )
            self.claims_waiting.add(claim.key)
            self.waiting_players[browser] = claim.player
        return True


def next_of(pool: Pool, count: int) -> list[Code]:
    return list(pool.codes.order_by("pk").next_free(count))
