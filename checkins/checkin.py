"""Checking in: the day, its row and its reward, in one transaction.

Check-ins that arrive together share it: many cost the statements of one. A refusal does
not affect the others.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Coalesce

from answers.checks import check_key
from checkins.award_codes import rewards_of
from checkins.batching import Batch, Reply, commit, raised
from checkins.checks import Accepted, CheckInRequest, PlayerDays, check_kind, rules_of
from checkins.days import calendar, changed_by
from checkins.models import CheckIn
from core.refusals import Refused
from games.models import AwardRequest, Claim, Pool, give_or_backorder
from games.sources import Source, browser_in
from users.models import Ledger

__all__ = ["CheckInRequest", "check_in", "check_in_many"]


def check_in(request: CheckInRequest) -> Reply:
    """Record the player's day and return the reply. The day is committed by then.

    A repeat on the same date, or with the same key, returns the same reply with
    `status` already. Raises `Refused`, with `next_open_at` if a day opens later.
    """
    [outcome] = check_in_many([request])
    return raised(outcome)


def check_in_many(requests: Sequence[CheckInRequest]) -> list[Reply | Refused]:
    """`check_in` for many at once: the reply or the refusal of each, in their order.

    If one raises, the whole batch raises and nothing is stored.
    """
    return commit(CheckInBatch, requests)


class CheckInBatch(Batch[CheckInRequest]):
    """The check-ins of one transaction, read, checked and written together."""

    def __init__(self, requests: Sequence[CheckInRequest]) -> None:
        super().__init__(requests)
        self.days = {
            (request.player_id, request.game_id): self._days_of(request)
            for request in requests
            if request.player_id in self.players
        }
        # The game in which each player, or the guest they were, used each id.
        self.game_of_key: dict[tuple[int, UUID], int] = {}
        self._read()
        # Only the entry for all days may exist: staff may add a day after it was given.
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
        keys = {request.key for request in self.requests}
        relevant = Q(game__in=self.games.keys()) | Q(key__in=keys)
        own = Q(player__in=self.players) | Q(
            player__account__in=self.players, player__is_guest=True
        )
        rows = CheckIn.objects.filter(relevant, own).select_related("pool")
        for row in rows.annotate(owner=Coalesce("player__account", "player")):
            self.game_of_key[row.owner, row.key] = row.game_id
            if days := self.days.get((row.owner, row.game_id)):
                days.rows.append(row)

    # Checking

    def _take(self, request: CheckInRequest) -> Accepted | Refused:
        try:
            player = self.player(request)
            check_kind(self.games[request.game_id])
            used_in = self.game_of_key.get((player.pk, request.key))
            check_key(used_in, request.game_id)
            days = self.days[player.pk, request.game_id]
            accepted = days.accept(request, self.ledger)
        except Refused as refused:
            return refused
        if accepted.status == "done":
            self.new.append((accepted.row, request.source))
            self.game_of_key[player.pk, request.key] = request.game_id
            self.tell(request)
        return accepted

    # Writing

    def _write(self) -> None:
        self._give_codes()
        self.ledger.write()
        CheckIn.objects.bulk_create(row for row, _source in self.new)

    def _give_codes(self) -> None:
        """Give the code of each new day and, with the last one, that for all days."""
        awards = list(self._codes_to_give())
        named = {(row.game_id, name) for row, _claim, name in awards}
        pools = Pool.objects.named(named)
        requests = [
            AwardRequest(pools[row.game_id, name], claim, row.at)
            for row, claim, name in awards
        ]
        barred = give_or_backorder(requests)
        for (row, claim, _name), request in zip(awards, requests):
            if claim.key in barred:
                row.won_here = True
            elif claim.key == row.claim:
                row.pool = request.pool

    def _codes_to_give(self) -> Iterator[tuple[CheckIn, Claim, str]]:
        """Each check-in with a claim of it, and the name of the claim's pool."""
        for row, source in self.new:
            rules = self.days[row.player_id, row.game_id].rules
            browser = browser_in(row.game_id, source.browser) or ""
            origin = browser, source.address(row.game_id)
            player = self.players[row.player_id]
            if pool := rules.days[row.day - 1].pool:
                yield row, Claim(player, row.claim, *origin), pool
            if row.completes and rules.completed_pool:
                claim = Claim(player, row.completing_claim, *origin)
                yield row, claim, rules.completed_pool

    def _rewards(self, accepted: Iterable[Accepted]) -> dict[CheckIn, Reply]:
        """The reward of each check-in, new or old."""
        rows: dict[int, set[CheckIn]] = defaultdict(set)
        for check_in in accepted:
            rows[check_in.row.game_id].add(check_in.row)
        rewards: dict[CheckIn, Reply] = {}
        for game_id, of_game in rows.items():
            by_id = rewards_of(of_game, rules_of(self.games[game_id]))
            rewards |= {row: by_id[row.pk] for row in of_game}
        return rewards


def all_days_keys(pairs: Iterable[tuple[int, int]]) -> list[str]:
    """The keys of the coins for all days, one per player and game."""
    return [
        str(CheckIn(player_id=player, game_id=game).completing_claim)
        for player, game in pairs
    ]
