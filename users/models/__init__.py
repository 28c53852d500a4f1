"""Players and their coins."""

from users.models.coins import CoinEntry
from users.models.player import Player

__all__ = ["CoinEntry", "Player"]
