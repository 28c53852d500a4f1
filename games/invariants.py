"""What `manage.py audit` checks about prize codes, and reports about lists."""

from django.db.models import Count, Exists, F, OuterRef, Q

from core.invariants import Provable, Rule, unique
from games.models import (
    Backorder,
    Code,
    Game,
    Guest,
    Invitation,
    Line,
    Pool,
    Winner,
)
from games.states import RUNNING, Access

FREE = Q(player=None, claim=None, given_at=None)
GIVEN = Q(player__isnull=False, claim__isnull=False, given_at__isnull=False)


def lists(model: type[Line], what: str) -> list[Provable]:
    """The players of names on lists. Accounts may be renamed, so these only report."""
    names = model._default_manager.all()
    nickname = Guest.objects.filter(
        player=OuterRef("player"), nickname_key=OuterRef("name_key")
    )
    bound = Q(player__isnull=False)
    called_so = Q(player__name_key=F("name_key")) | Q(Exists(nickname))
    return [
        Rule(f"every name on {what} is a player's", names, bound, told=True),
        Rule(
            f"every name on {what} is its player's, or staff chose them",
            names.filter(bound),
            called_so | Q(chosen=True),
            told=True,
        ),
    ]


RULES: list[Provable] = [
    Rule(
        "every code is free, or given with its claim and time",
        Code.objects.all(),
        FREE | GIVEN,
    ),
    unique("no claim was given two codes", Code.objects.exclude(claim=None), "claim"),
    unique("no code stands twice in its pool", Code.objects.all(), "pool", "text"),
    unique(
        "no code stands in two pools, unless staff said yes",
        Code.objects.unasked(),
        "text",
        accepted=Code.objects.accepted_repeats(),
    ),
    Rule(
        "no pool gave more codes than it holds",
        Pool.objects.annotate(
            gave=Count("codes", filter=Q(codes__player__isnull=False)),
            holds=Count("codes__text", distinct=True),
        ),
        Q(gave__lte=F("holds")),
    ),
    unique("no claim is owed two codes", Backorder.objects.all(), "claim"),
    unique(
        "no two players won in one browser, in one game",
        Code.objects.exclude(browser=None),
        "browser",
    ),
    unique(
        "no two players are owed for one browser, in one game",
        Backorder.objects.exclude(browser=None),
        "browser",
    ),
    Rule(
        "no code is both owed and given",
        Backorder.objects.all(),
        ~Q(Exists(Code.objects.filter(claim=OuterRef("claim")))),
    ),
    *lists(Invitation, "a list of players"),
    *lists(Winner, "a winners' list"),
    Rule(
        "every game for a list that can be played has somebody on it",
        Game.objects.filter(state__in=RUNNING, access=Access.LISTED),
        Exists(Invitation.objects.filter(game=OuterRef("pk"))),
    ),
]
