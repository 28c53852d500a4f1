"""Games, their players' lists and their prizes."""

from games.models.awards import Wish, give_or_owe
from games.models.game import Game, games_with_public_state, require_players
from games.models.lines import Invitation, Line, Winner
from games.models.people import AdmitRequest, Guest
from games.models.prizes import Claim, Code, Owed, Pool
from games.models.uploads import Upload

__all__ = [
    "AdmitRequest",
    "Claim",
    "Code",
    "Game",
    "Guest",
    "Invitation",
    "Line",
    "Owed",
    "Pool",
    "Upload",
    "Winner",
    "Wish",
    "games_with_public_state",
    "give_or_owe",
    "require_players",
]
