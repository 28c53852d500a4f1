"""What higher apps hand down to users, put together in `gameproject/apps.py`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from users.models import Player

# Gives an account what a guest has in one app: `(guest, account)`, both locked.
Move: TypeAlias = "Callable[[Player, Player], None]"

moves: list[Move] = []
