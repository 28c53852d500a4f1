"""What `manage.py audit` checks of answers and the codes they won."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Concat

from answers.models import WIN, Answer
from core.invariants import Provable, Rule, unique
from core.sql_format import prefix_of, sql_format
from games.models import Code


def claim(game: str) -> Concat:
    """As `claim_of` formats it."""
    return sql_format(WIN, game=game, player="player_id")


won = Code.objects.filter(claim__startswith=prefix_of(WIN))
acknowledged = Answer.objects.filter(outcome__has_key="code")
# By player and claim, so that the planner never walks through a game's answers.
answers_of_owner = Answer.objects.annotate(would_win=claim("game_id")).filter(
    player=OuterRef("player"), would_win=OuterRef("claim")
)


def code_told_to(owner: str) -> QuerySet[Code]:
    """The code that an answer's reply named, if it is this owner's."""
    return Code.objects.filter(
        pool__game=OuterRef("game"), player=OuterRef(owner), text=OuterRef("told_code")
    )


RULES: list[Provable] = [
    unique(
        "one answer per player and question is current",
        Answer.objects.current(),
        *("game", "player", "question"),
    ),
    unique(
        "no player has two answers with one key", Answer.objects.all(), "player", "key"
    ),
    unique(
        "no two answers to a question are the same attempt",
        Answer.objects.all(),
        *("game", "player", "question", "attempt"),
    ),
    Rule(
        "every code that an answer's reply named is its player's",
        acknowledged.annotate(told_code=KT("outcome__code")),
        Q(Exists(code_told_to("player"))) | Q(Exists(code_told_to("player__account"))),
    ),
    Rule(
        "every code won is its winner's, in the game they won",
        won.annotate(fits=claim("pool__game_id")),
        Q(claim=F("fits")),
    ),
    Rule("every code won has an answer of its owner", won, Exists(answers_of_owner)),
]
