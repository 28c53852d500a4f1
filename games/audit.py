"""What `manage.py audit` proves of prize codes."""

from django.db.models import Count, Exists, F, OuterRef, Q

from games.models import Code, Owed, Pool
from users.audit import Provable, Rule, unique

FREE = Q(player=None, claim=None, given_at=None)
GIVEN = Q(player__isnull=False, claim__isnull=False, given_at__isnull=False)

RULES: list[Provable] = [
    Rule(
        "every code is free, or given with its claim and time",
        Code.objects.all(),
        FREE | GIVEN,
    ),
    unique("no claim was given two codes", Code.objects.exclude(claim=None), "claim"),
    unique("no code stands twice in its pool", Code.objects.all(), "pool", "text"),
    Rule(
        "no pool gave more codes than it holds",
        Pool.objects.annotate(
            gave=Count("codes", filter=Q(codes__player__isnull=False)),
            holds=Count("codes__text", distinct=True),
        ),
        Q(gave__lte=F("holds")),
    ),
    unique("no claim is owed two codes", Owed.objects.all(), "claim"),
    Rule(
        "no code is both owed and given",
        Owed.objects.all(),
        ~Q(Exists(Code.objects.filter(claim=OuterRef("claim")))),
    ),
]
