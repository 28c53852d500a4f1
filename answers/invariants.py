"""What `manage.py audit` proves of answers and what they won."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Concat

from answers.models import Answer
from core.invariants import Provable, Rule, unique
from games.models import Code


def claim(game: str) -> Concat:
    """As `submission.claim_of` writes it."""
    ids = Cast(game, TextField()), Value(":"), Cast("player_id", TextField())
    return Concat(Value("win:"), *ids, output_field=TextField())


won = Code.objects.filter(claim__startswith="win:")
acknowledged = Answer.objects.filter(outcome__has_key="code")
# By player and claim: whatever the planner knows, no game's answers are walked through.
answers_of_owner = Answer.objects.annotate(would_win=claim("game_id")).filter(
    player=OuterRef("player"), would_win=OuterRef("claim")
)


def told_by(owner: str) -> QuerySet[Code]:
    """The code an answer was acknowledged with; a guest's may be the account's now."""
    return Code.objects.filter(
        pool__game=OuterRef("game"), player=OuterRef(owner), text=OuterRef("told")
    )


RULES: list[Provable] = [
    unique(
        "one answer a player and question is current",
        Answer.objects.current(),
        *("game", "player", "question"),
    ),
    unique(
        "no player has two answers of one key", Answer.objects.all(), "player", "key"
    ),
    unique(
        "no two answers to a question are the same attempt",
        Answer.objects.all(),
        *("game", "player", "question", "attempt"),
    ),
    Rule(
        "every code an answer was acknowledged with is its player's",
        acknowledged.annotate(told=KT("outcome__code")),
        Q(Exists(told_by("player"))) | Q(Exists(told_by("player__account"))),
    ),
    Rule(
        "every code won is its winner's, in the game they won",
        won.annotate(fits=claim("pool__game_id")),
        Q(claim=F("fits")),
    ),
    Rule("every code won has an answer of its owner", won, Exists(answers_of_owner)),
]
