"""One of everything that staff see, and staff who may do exactly this or that."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from answers.models import Answer
from answers.submission import Submission, submit
from checkins.checkin import CheckInRequest, check_in
from checkins.models import CheckIn, Item, Redemption
from checkins.shop import Purchase, redeem
from games.models import Backorder, Code, Game, Winner
from tests.conftest import client_of
from users.models import ApiToken, CoinEntry, Player

OURS = ("answers", "auth", "checkins", "games", "users")  # apps
ACCEPTED, WINNING, RIGHT = "xylophone", "7306194", "*cobalt"


@dataclass
class House:
    """`rows` holds one row of each model, by its label."""

    carol: Player
    alice: Player
    puzzle: Game
    rows: dict[str, Any]
    free: Code  # a code that nobody was given yet
    secrets: dict[str, str]

    def page(self, label: str, rest: str = "") -> str:
        """The address of a model's list, or of its one row's page."""
        address = f"/admin/{label.replace('.', '/')}/"
        return f"{address}{self.rows[label].pk}/{rest}/" if rest else address


def furnish(make_game: Callable[..., Game], carol: Player, alice: Player) -> House:
    now = timezone.now()
    puzzle = make_game(codes=2, settings={"accepted": [ACCEPTED]})
    number = {"digits": len(WINNING), "rule": "closest", "number": WINNING}
    make_game("number", settings=number)
    question = {"text": "Sky?", "options": [RIGHT, "green"]}
    make_game("choice", settings={"questions": [question]})
    daily = make_game("checkin", codes=2)
    mug = Item.objects.create(pool=daily.pools.get(), title="Mug", price=10)
    entry = CoinEntry.objects.adjust(alice.pk, 50, "a gift", carol, now)
    submit(Submission(alice.pk, puzzle.pk, uuid4(), "", "wrong", now))
    submit(Submission(alice.pk, puzzle.pk, uuid4(), "", ACCEPTED, now))
    check_in(CheckInRequest(alice.pk, daily.pk, uuid4(), now))
    redeem(Purchase(alice.pk, daily.pk, mug.pk, uuid4(), now))
    token, text = ApiToken.objects.issue(alice, "a script", "write")
    pool = puzzle.pools.get()
    owed = Backorder.objects.create(pool=pool, player=alice, claim="owed", since=now)
    free = Code.objects.unclaimed().filter(pool=pool).get()
    _algorithm, salt, hashed = alice.password.split("$")
    rows = [puzzle, mug, entry, token, owed, alice, Group.objects.create(name="G")]
    rows += [Answer.objects.earliest("pk"), CheckIn.objects.get()]
    puzzle.invite(["Alice"])
    announced = make_game("announce")
    Winner.objects.make_for(announced)
    rows += [puzzle.invitations.get(), announced.winners.earliest("pk")]
    rows += [Redemption.objects.get(), Code.objects.exclude(player=None).earliest("pk")]
    return House(
        carol=carol,
        alice=alice,
        puzzle=puzzle,
        rows={row._meta.label_lower: row for row in rows},
        free=free,
        secrets={
            "accepted": ACCEPTED,
            "winning": WINNING,
            "right": RIGHT,
            "free": free.text,
            "salt": salt[:6],
            "hash": hashed[:6],
            "digest": token.digest[:12],
            "token": text,
        },
    )


def everything() -> set[str]:
    """The names of all permissions over our tables."""
    rows = Permission.objects.filter(content_type__app_label__in=OURS)
    found = rows.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in found}


def permissions(names: Iterable[str]) -> list[Permission]:
    """Those of names such as `games.view_game`."""
    found = []
    for name in names:
        app, _dot, codename = name.partition(".")
        one = Permission.objects.get(content_type__app_label=app, codename=codename)
        found.append(one)
    return found


def staff(*names: str, name: str = "Dave") -> Client:
    """Signed in as staff with these permissions and no others."""
    helper = Player.objects.filter(name=name).first()
    helper = helper or Player.objects.create_user(name, is_staff=True)
    helper.user_permissions.set(permissions(names))
    return client_of(helper)
