"""Players, their coins and their tokens."""

from users.models.coins import CoinEntry
from users.models.player import Player
from users.models.token import ApiToken

__all__ = ["ApiToken", "CoinEntry", "Player"]
