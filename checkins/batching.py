"""What check-ins and purchases that arrive together share: locks, and who may play."""

from collections.abc import Sequence
from typing import Any, Generic, Protocol, TypeVar

from django.db import IntegrityError, transaction

from core.on_commit import on_commit
from core.refusals import Refused
from games import events
from games.models import Game
from games.personal import nicknames_in
from users.models import Player

Reply = dict[str, Any]


class Request(Protocol):
    """Whose it is, in which game; `origin` is the socket that will have the reply."""

    @property
    def player_id(self) -> int: ...
    @property
    def game_id(self) -> int: ...
    @property
    def origin(self) -> str: ...


R = TypeVar("R", bound=Request)


class Batch(Generic[R]):
    """The requests of one transaction.

    Players are locked first, then games, each by id: as every batch does, so that two
    of them never wait for each other.
    """

    def __init__(self, requests: Sequence[R]) -> None:
        self.requests = requests
        self.players = Player.lock_many({one.player_id for one in requests})
        self.games = {
            game_id: Game.objects.lock(game_id)
            for game_id in sorted({one.game_id for one in requests})
        }
        self.admitted = {pk: self._admitted(game) for pk, game in self.games.items()}
        self._changed: list[tuple[int, str]] = []

    def outcomes(self) -> list[Reply | Refused]:
        raise NotImplementedError

    def player(self, of: R) -> Player:
        """Whose request it is; `Refused` where nobody may act as that player."""
        if of.player_id not in self.players:
            raise Refused("not_signed_in")
        return self.players[of.player_id]

    def tell(self, of: R) -> None:
        """Have the player's other devices told, once it is committed."""
        self._changed.append((of.player_id, of.origin))

    def publish(self) -> None:
        """One message for all players: a thousand would keep the sockets waiting."""
        if self._changed:
            on_commit(events.players_changed, None, self._changed)

    def _admitted(self, game: Game) -> set[int]:
        here = {one.player_id for one in self.requests if one.game_id == game.pk}
        players = [self.players[pk] for pk in here & self.players.keys()]
        return game.admitted(players, nicknames_in(game, players))


def commit(batch: type[Batch[R]], requests: Sequence[R]) -> list[Reply | Refused]:
    """The reply or the refusal of each request, in their order; then it is committed.

    What one raises, all of them raise, and nothing is kept.
    """
    if not requests:
        return []
    try:
        return commit_once(batch, requests)
    except IntegrityError:
        # Another transaction gave a code in the same browser: now it is seen.
        return commit_once(batch, requests)


def commit_once(batch: type[Batch[R]], requests: Sequence[R]) -> list[Reply | Refused]:
    with transaction.atomic():
        requested = batch(requests)
        outcomes = requested.outcomes()
        requested.publish()
    return outcomes


def raised(outcome: Reply | Refused) -> Reply:
    """The reply; the refusal is raised."""
    if isinstance(outcome, Refused):
        raise outcome
    return outcome
