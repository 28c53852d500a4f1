"""Checking in: the day, its row and its reward in one transaction.

Check-ins that arrive together share it: the statements are those of one, however many
they are. One that is refused doesn't spoil the others.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from checkins.award_codes import rewards_of
from checkins.batching import Batch, Reply, commit, raised
from checkins.checks import Accepted, CheckInRequest, PlayerDays, check_kind, rules_of
from checkins.days import calendar, changed_by
from checkins.models import CheckIn
from core.refusals import Refused
from games.models import Claim, Pool, Wish, give_or_owe
from games.sources import Source, browser_in
from users.models import Ledger

__all__ = ["CheckInRequest", "check_in", "check_in_many"]


def check_in(request: CheckInRequest) -> Reply:
    """Do the player's day and return the reply; once returned, it is committed.

    Again on the same date, or with the same key, it returns the same with `status`
    already. Raises `Refused`, with `next_open_at` where there is one.
    """
    [outcome] = check_in_many([request])
    return raised(outcome)


def check_in_many(requests: Sequence[CheckInRequest]) -> list[Reply | Refused]:
    """`check_in` for many at once: the reply or the refusal of each, in their order.

    What one raises, all of them raise, and nothing is kept.
    """
    return commit(CheckInBatch, requests)


class CheckInBatch(Batch[CheckInRequest]):
    """The check-ins of one transaction, read, checked and written together."""

    def __init__(self, requests: Sequence[CheckInRequest]) -> None:
        super().__init__(requests)
        self.days = {
            (one.player_id, one.game_id): self._days_of(one)
            for one in requests
            if one.player_id in self.players
        }
        # In which game each player has used each id, also as a guest.
        self.game_of_key: dict[tuple[int, UUID], int] = {}
        self._read()
        # A day has its row, or no entry. All days may be done again when one is added.
        self.ledger = Ledger(all_days_keys(self.days))
        self.new: list[tuple[CheckIn, Source]] = []

    def outcomes(self) -> list[Reply | Refused]:
        results = [self._take(request) for request in self.requests]
        self._write()
        rewards = self._rewards(it for it in results if isinstance(it, Accepted))
        return [
            self._reply(request, result, rewards[result.row])
            if isinstance(result, Accepted)
            else result
            for request, result in zip(self.requests, results)
        ]

    def _reply(
        self, request: CheckInRequest, accepted: Accepted, reward: Reply
    ) -> Reply:
        days = self.days[request.player_id, request.game_id]
        rules, done = days.rules, days.done
        numbers = changed_by(rules, done, accepted.row.day)
        changes = calendar(rules, done, request.at, numbers)
        return {**accepted.reply(reward), "calendar": changes}

    # Reading

    def _days_of(self, request: CheckInRequest) -> PlayerDays:
        game, player_id = self.games[request.game_id], request.player_id
        admitted = player_id in self.admitted[game.pk]
        return PlayerDays(game, self.players[player_id], admitted)

    def _read(self) -> None:
        keys = {one.key for one in self.requests}
        wanted = Q(game__in=self.games.keys()) | Q(key__in=keys)
        whose = Q(player__in=self.players) | Q(
            player__account__in=self.players, player__is_guest=True
        )
        rows = CheckIn.objects.filter(wanted, whose).select_related("pool")
        for row in rows.annotate(owner=Coalesce("player__account", "player")):
            self.game_of_key[row.owner, row.key] = row.game_id
            if days := self.days.get((row.owner, row.game_id)):
                days.rows.append(row)

    # Checking

    def _take(self, request: CheckInRequest) -> Accepted | Refused:
        try:
            player = self.player(request)
            check_kind(self.games[request.game_id])
            self._check_key(request)
            days = self.days[player.pk, request.game_id]
            accepted = days.accept(request, self.ledger)
        except Refused as refused:
            return refused
        if accepted.status == "done":
            self.new.append((accepted.row, request.source))
            self.game_of_key[player.pk, request.key] = request.game_id
            self.tell(request)
        return accepted

    def _check_key(self, request: CheckInRequest) -> None:
        """Refuse an id that the player used in another game."""
        used_in = self.game_of_key.get((request.player_id, request.key))
        if used_in not in (None, request.game_id):
            raise Refused("invalid", _("This id was used in another game."), field="id")

    # Writing

    def _write(self) -> None:
        self._give_codes()
        self.ledger.write()
        CheckIn.objects.bulk_create(row for row, _source in self.new)

    def _give_codes(self) -> None:
        """The code of each new day and, with the last one, that for all days."""
        wanted = list(self._wanted())
        named = {(row.game_id, name) for row, _claim, name in wanted}
        pools = Pool.objects.named(named)
        wishes = [
            Wish(pools[row.game_id, name], claim, row.at) for row, claim, name in wanted
        ]
        barred = give_or_owe(wishes)
        for (row, claim, _name), wish in zip(wanted, wishes):
            if claim.claim in barred:
                row.won_here = True
            elif claim.claim == row.claim:
                row.pool = wish.pool

    def _wanted(self) -> Iterator[tuple[CheckIn, Claim, str]]:
        """Each claim with its check-in and the name of the pool."""
        for row, source in self.new:
            rules = self.days[row.player_id, row.game_id].rules
            browser = browser_in(row.game_id, source.browser) or ""
            whence = browser, source.address(row.game_id)
            player = self.players[row.player_id]
            if pool := rules.days[row.day - 1].pool:
                yield row, Claim(player, row.claim, *whence), pool
            if row.completes and rules.completed_pool:
                claim = Claim(player, row.completing_claim, *whence)
                yield row, claim, rules.completed_pool

    def _rewards(self, accepted: Iterable[Accepted]) -> dict[CheckIn, Reply]:
        """What each check-in gave, new or old."""
        rows: dict[int, set[CheckIn]] = defaultdict(set)
        for one in accepted:
            rows[one.row.game_id].add(one.row)
        rewards: dict[CheckIn, Reply] = {}
        for game_id, there in rows.items():
            found = rewards_of(there, rules_of(self.games[game_id]))
            rewards |= {row: found[row.pk] for row in there}
        return rewards


def all_days_keys(pairs: Iterable[tuple[int, int]]) -> list[str]:
    """The keys of the coins for all days, once a player and game."""
    return [
        str(CheckIn(player_id=player, game_id=game).completing_claim)
        for player, game in pairs
    ]
