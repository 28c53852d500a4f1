"""Players, their coins, API tokens and ended sessions."""

from users.models.coins import CoinEntry, Ledger
from users.models.player import Player
from users.models.revocation import Revocation
from users.models.token import ApiToken

__all__ = ["ApiToken", "CoinEntry", "Ledger", "Player", "Revocation"]
