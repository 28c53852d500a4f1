"""Moves what a guest has in games to the account of the same player."""

from core.on_commit import on_commit
from games import events
from games.models import Invitation, Winner
from users.models import Player


def move_lines(guest: Player, account: Player) -> None:
    """Bind the guest's lines on lists to the account."""
    for model in (Invitation, Winner):
        model._default_manager.filter(player=guest).update(player=account)
    on_commit(events.player_changed, account.pk, None)
