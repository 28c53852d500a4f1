"""Games, their players' lists and their prizes."""

from games.models.game import Game
from games.models.people import Guest, Invitation
from games.models.prizes import Code, Owed, Pool

__all__ = ["Code", "Game", "Guest", "Invitation", "Owed", "Pool"]
