"""What `manage.py audit` proves of answers and what they won."""

from django.db.models import Exists, F, OuterRef, Q, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Concat

from answers.models import Answer
from games.models import Code
from users.audit import Provable, Rule, unique

# As `submission.claim_of` writes it.
claim = Concat(
    Value("win:"),
    Cast("pool__game_id", TextField()),
    Value(":"),
    Cast("player_id", TextField()),
    output_field=TextField(),
)
won = Code.objects.filter(claim__startswith="win:")
acknowledged = Answer.objects.filter(outcome__has_key="code")
answers_of_owner = Answer.objects.filter(
    game=OuterRef("pool__game"), player=OuterRef("player")
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
    Rule(
        "every code an answer was acknowledged with is its player's",
        acknowledged.annotate(told=KT("outcome__code")),
        Exists(
            Code.objects.filter(
                pool__game=OuterRef("game"),
                player=OuterRef("player"),
                text=OuterRef("told"),
            )
        ),
    ),
    Rule(
        "every code won is its winner's, in the game they won",
        won.annotate(fits=claim),
        Q(claim=F("fits")),
    ),
    Rule("every code won has an answer of its owner", won, Exists(answers_of_owner)),
]
