"""The admin of players, groups, coins and tokens."""

from users.admin import coins, groups, players, tokens

__all__ = ["coins", "groups", "players", "tokens"]
