"""Admit many guests in one transaction: read, decide, write."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.refusals import Refused
from users.models import Player
from users.names import normalize_key

if TYPE_CHECKING:
    from games.models.people import Guest, GuestManager

TAKEN = _("That nickname is taken.")
UNIQUE_FIELDS = ("nickname_key", "player_id", "join_id")  # of guests, in each game


@dataclass(frozen=True)
class AdmitRequest:
    """A player, or a stranger with their form's `join_id`, who asks to be a guest."""

    game_id: int
    player: Player | None
    nickname: str
    join_id: UUID | None = None


class AdmissionBatch:
    """The requests of one transaction, with the guests they refer to or make."""

    def __init__(self, guests: "GuestManager", requests: Sequence[AdmitRequest]):
        self.guests = guests
        self.requests = requests
        # By (game id, field, value); each value is unique, so it has one guest.
        self.known: dict[Hashable, Guest] = {}
        self.new: list[Guest] = []

    def outcomes(self) -> "list[Guest | Refused]":
        """Each request's guest or refusal; `IntegrityError` if a process was faster."""
        wanted = [self._wanted(request) for request in self.requests]
        self._look_up([guest for guest in wanted if not isinstance(guest, Refused)])
        outcomes = [
            guest if isinstance(guest, Refused) else self._admit(guest)
            for guest in wanted
        ]
        if self.new:
            self._write()
        return outcomes

    def _wanted(self, request: AdmitRequest) -> "Guest | Refused":
        """The guest that the request asks for, unsaved."""
        try:
            nickname_key = normalize_key(request.nickname)
        except Refused as refused:
            return refused
        return self.guests.model(
            game_id=request.game_id,
            player=request.player,
            nickname=request.nickname,
            nickname_key=nickname_key,
            join_id=None if request.player else request.join_id,
        )

    def _look_up(self, wanted: "Iterable[Guest]") -> None:
        """Read the guests that are one of these or conflict with one: one statement."""
        values: dict[int, dict[str, set[Any]]] = defaultdict(lambda: defaultdict(set))
        for guest in wanted:
            for field, value in unique_values(guest).items():
                values[guest.game_id][field].add(value)
        if not values:
            return
        conflicts = Q()
        for game_id, fields in values.items():
            same = Q(*((f"{f}__in", v) for f, v in fields.items()), _connector=Q.OR)
            conflicts |= Q(same, game=game_id)
        for guest in self.guests.filter(conflicts).select_related("player"):
            self._note(guest)

    def _note(self, guest: "Guest") -> None:
        for field, value in unique_values(guest).items():
            self.known[guest.game_id, field, value] = guest

    def _admit(self, wanted: "Guest") -> "Guest | Refused":
        """The guest they are already, or this new one; `Refused` on a conflict."""
        known = [
            self.known.get((wanted.game_id, field, value))
            for field, value in unique_values(wanted).items()
        ]
        others = [guest for guest in known if guest]
        for guest in others:
            if wanted.repeats(guest):
                return guest
        if others:
            return Refused("invalid", TAKEN, field="nickname")
        self._note(wanted)
        self.new.append(wanted)
        return wanted

    def _write(self) -> None:
        """Write in the same order in every process, so that they don't deadlock."""
        new = sorted(self.new, key=lambda guest: (guest.game_id, guest.nickname_key))
        strangers = [guest for guest in new if guest.player_id is None]
        with transaction.atomic():
            players = Player.objects.create_guests([g.nickname for g in strangers])
            for guest, player in zip(strangers, players):
                guest.player = player
            self.guests.bulk_create(new)


def unique_values(guest: "Guest") -> dict[str, Hashable]:
    """The values that no other guest of the game may have, by field."""
    values = {field: getattr(guest, field) for field in UNIQUE_FIELDS}
    return {field: value for field, value in values.items() if value is not None}
