"""What a guest has in games goes to the account that its player signs in to."""

from core.on_commit import on_commit
from games import events
from games.models import Invitation, Winner
from users.models import Player


def move_lines(guest: Player, account: Player) -> None:
    """Names on lists that are the guest's are the account's."""
    for model in (Invitation, Winner):
        model._default_manager.filter(player=guest).update(player=account)
    on_commit(events.player_changed, account.pk, None)
