"""Who asks in a batch, and for what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.refusals import Refused
from users import api as users
from users.models import Player

Data = dict[str, Any]
Items = Mapping[str, Data | Refused]  # of one type, by id


@dataclass(frozen=True)
class ReadRequest:
    """One item of a batch: `id` is a slug, a player's number, or empty."""

    type: str
    id: str = ""


@dataclass(frozen=True)
class Asker:
    """A player, or a stranger, and the ids of the items they ask for, by type."""

    player: Player | None
    ids: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, requests: Iterable[ReadRequest], player: Player | None) -> "Asker":
        """Equal requests are one."""
        asker = cls(player)
        for request in dict.fromkeys(requests):
            asker.ids.setdefault(request.type, []).append(request.id)
        return asker

    def visible_players(self) -> dict[str, int]:
        """The numbers of the players whom the asker may see, by the ids of `user`; an
        empty id stands for oneself."""
        player = self.player
        if player is None:
            return {}
        ids = [id_ for id_ in self.ids.get("user", []) if not id_ or is_number(id_)]
        numbers = {id_: int(id_ or player.pk) for id_ in ids}
        return {id_: n for id_, n in numbers.items() if users.may_see(player, n)}


def ids_of(askers: Iterable[Asker], type_: str) -> list[str]:
    """Every id of this type that one of these asks for, once."""
    every = (id_ for asker in askers for id_ in asker.ids.get(type_, []))
    return list(dict.fromkeys(every))


def players_of(askers: Iterable[Asker]) -> list[Player]:
    """Those of these who are signed in, once each."""
    return list({one.player.pk: one.player for one in askers if one.player}.values())


def give(askers: Sequence[Asker], type_: str, found: Items) -> list[Items]:
    """What is the same for everybody, to each who asked for it."""
    return [{id_: found[id_] for id_ in asker.ids[type_]} for asker in askers]


def is_number(id_: str) -> bool:
    return id_.isascii() and id_.isdigit() and len(id_) < 19
