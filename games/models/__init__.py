"""Games, their players' lists and their prizes."""

from games.models.awards import AwardRequest, give_or_backorder
from games.models.game import Game, games_with_public_state, require_players
from games.models.lines import Invitation, Line, Winner
from games.models.people import AdmitRequest, Guest
from games.models.prizes import Backorder, Claim, Code, Pool
from games.models.uploads import Upload

__all__ = [
    "AdmitRequest",
    "AwardRequest",
    "Backorder",
    "Claim",
    "Code",
    "Game",
    "Guest",
    "Invitation",
    "Line",
    "Pool",
    "Upload",
    "Winner",
    "games_with_public_state",
    "give_or_backorder",
    "require_players",
]
