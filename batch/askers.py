"""The players who ask in a batch, and the items they ask for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.refusals import Refused
from users import api as users
from users.models import Player

Data = dict[str, Any]
Items = Mapping[str, Data | Refused]  # items of one type, by id


@dataclass(frozen=True)
class ReadRequest:
    """One item of a batch: `id` is a game's slug, a player's id, or empty."""

    type: str
    id: str = ""


@dataclass(frozen=True)
class Asker:
    """A player, or None if anonymous, and the ids of the items asked for, by type."""

    player: Player | None
    ids: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, requests: Iterable[ReadRequest], player: Player | None) -> "Asker":
        """An asker with each distinct request once."""
        asker = cls(player)
        for request in dict.fromkeys(requests):
            asker.ids.setdefault(request.type, []).append(request.id)
        return asker

    def visible_players(self) -> dict[str, int]:
        """Player ids that the asker may see, by the `user` ids asked for.

        An empty id is the asker's own.
        """
        player = self.player
        if player is None:
            return {}
        ids = [id_ for id_ in self.ids.get("user", []) if not id_ or is_number(id_)]
        numbers = {id_: int(id_ or player.pk) for id_ in ids}
        return {id_: n for id_, n in numbers.items() if users.may_see(player, n)}


def ids_of(askers: Iterable[Asker], type_: str) -> list[str]:
    """The distinct ids of this type that the askers ask for."""
    ids = (id_ for asker in askers for id_ in asker.ids.get(type_, []))
    return list(dict.fromkeys(ids))


def players_of(askers: Iterable[Asker]) -> list[Player]:
    """The distinct players among the askers; anonymous ones are left out."""
    return list({a.player.pk: a.player for a in askers if a.player}.values())


def distribute(askers: Sequence[Asker], type_: str, items: Items) -> list[Items]:
    """For each asker, those of the shared items that they ask for."""
    return [{id_: items[id_] for id_ in asker.ids[type_]} for asker in askers]


def is_number(id_: str) -> bool:
    """Whether it is a decimal number of at most 18 digits, which fits 64 bits."""
    return id_.isascii() and id_.isdigit() and len(id_) < 19
