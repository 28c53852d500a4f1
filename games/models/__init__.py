"""Games, their players' lists and their prizes."""

from games.models.game import Game, shown_games
from games.models.people import Guest, Invitation
from games.models.prizes import Code, Owed, Pool

__all__ = ["Code", "Game", "Guest", "Invitation", "Owed", "Pool", "shown_games"]
