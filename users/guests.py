"""Guests who come to use an account: what they have goes with them, once."""

from datetime import datetime

from django.db import transaction
from django.http import HttpRequest

from users import extensions
from users.models import CoinEntry, Player
from users.names import normalize_display


def guest_of(request: HttpRequest) -> Player | None:
    """The guest who asks; None for a stranger and for an account."""
    player = request.user
    return player if isinstance(player, Player) and player.is_guest else None


def open_account(name: str, hashed: str, guest: Player | None) -> Player:
    """A new account. That of a guest is the guest's own row: all they have is theirs,
    under the same number. `IntegrityError` where the name is taken."""
    with transaction.atomic():
        held = Player.lock_many([guest.pk]) if guest else {}
        player = next((one for one in held.values() if one.is_guest), Player())
        player.name, player.password, player.is_guest = (
            normalize_display(name),
            hashed,
            False,
        )
        player.save()
    return player


def join(guest: Player, account: Player, now: datetime) -> None:
    """Give an account what its player has as a guest.

    The guest is nobody's from then on, and says whose it was. What can't be moved, such
    as answers to a game in which both have played, stays the guest's.
    """
    with transaction.atomic():
        held = Player.lock_many([guest.pk, account.pk])
        if guest.pk not in held or account.pk not in held:
            return  # joined already, or banned
        guest, account = held[guest.pk], held[account.pk]
        if not guest.is_guest or account.is_guest:
            return
        for move in extensions.moves:
            move(guest, account)
        move_coins(guest, account, now)
        guest.account = account
        guest.save(update_fields=["account"])


def move_coins(guest: Player, account: Player, now: datetime) -> None:
    """By two entries: what stands in the ledger stays there."""
    coins = guest.coins
    if not coins:
        return
    for player, amount in ((guest, -coins), (account, coins)):
        CoinEntry.objects.record(
            player,
            amount,
            CoinEntry.Reason.JOINED,
            key=f"joined:{guest.pk}:{player.pk}",
            at=now,
            refers_to=guest.name,
        )
