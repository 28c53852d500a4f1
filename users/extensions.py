"""What `users` needs from higher apps; `gameproject/apps.py` fills it in."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from users.models import Player

# Moves what a guest has in one app: `(guest, account)`, both locked.
Move: TypeAlias = "Callable[[Player, Player], None]"

moves: list[Move] = []
