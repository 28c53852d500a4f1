"""A guest who signs in or signs up: all they have moves to the account, once."""

from datetime import datetime

from django.db import transaction
from django.http import HttpRequest

from users import extensions
from users.models import CoinEntry, Player
from users.names import normalize_display


def guest_of(request: HttpRequest) -> Player | None:
    """The guest who sent the request; None for a stranger or an account."""
    player = request.user
    return player if isinstance(player, Player) and player.is_guest else None


def open_account(name: str, hashed: str, guest: Player | None) -> Player:
    """A new account; `IntegrityError` if the name is taken.

    A guest's own row becomes the account, so they keep their id and all they have.
    `hashed` is the hash of the password.
    """
    with transaction.atomic():
        locked = Player.lock_many([guest.pk]) if guest else {}
        player = next((row for row in locked.values() if row.is_guest), Player())
        player.name, player.password = normalize_display(name), hashed
        player.is_guest = False
        player.save()
    return player


def join(guest: Player, account: Player, now: datetime) -> None:
    """Move what a player has as a guest to their account.

    The guest then refers to the account and can do nothing more. What can't be moved,
    such as answers to a game in which both have played, stays with the guest.
    """
    with transaction.atomic():
        locked = Player.lock_many([guest.pk, account.pk])
        if guest.pk not in locked or account.pk not in locked:
            return  # joined already, or banned
        guest, account = locked[guest.pk], locked[account.pk]
        if not guest.is_guest or account.is_guest:
            return
        for move in extensions.moves:
            move(guest, account)
        move_coins(guest, account, now)
        guest.account = account
        guest.save(update_fields=["account"])


def move_coins(guest: Player, account: Player, now: datetime) -> None:
    """Two new entries: existing ones are never changed."""
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
