"""The site's side of a rehearsal: a copy of the game, its players, and no trace."""

import time
from secrets import token_urlsafe
from types import TracebackType
from typing import Any
from uuid import uuid4

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.utils import timezone

from answers.models import Answer
from gameproject.loadtest.plan import Plan
from gameproject.loadtest.player import Who
from gameproject.loadtest.removal import PREFIX, remove
from games.models import Code, Game
from games.states import Access
from users.models import Player
from users.sessions import open_for


class Fixtures:
    """What a rehearsal puts on the site. Leaving it removes all of it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.prefix = f"{PREFIX}{uuid4().hex[:8]}"
        self.original = Game.objects.get(slug=plan.game) if plan.game else None
        # That of every account, where they sign in; it leaves these processes never.
        self.password = token_urlsafe() if plan.doors else None
        self.players: list[Player] = []
        self.who: list[Who] = []

    def __enter__(self) -> "Fixtures":
        try:
            self._set()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.remove()

    def remove(self) -> None:
        connection.close()  # Ctrl-C in a statement breaks it: take another
        remove(self.prefix)

    def _set(self) -> None:
        password = make_password(self.password)
        names = [f"{self.prefix}-{place}" for place in range(self.plan.players)]
        self.players = Player.objects.bulk_create(
            (Player(name=n, name_key=n, password=password) for n in names),
            batch_size=1000,
        )
        sessions = open_for(self.players)
        self.who = [
            Who(player.pk, key, player.name)
            for player, key in zip(self.players, sessions)
        ]

    def make_game(self, part: str, codes: int = 0) -> Game:
        """An open copy of the game that only the rehearsal's players may play."""
        slug = f"{self.prefix}-{part}"
        game = self.original.duplicate(slug) if self.original else puzzle(slug)
        game.access = Access.LISTED
        game.edit(["access"])
        game.invite([player.name for player in self.players])
        if codes:
            pool = game.pools.create(name="Rehearsal")
            pool.add(f"{slug}-{place}" for place in range(codes))
        game.open(timezone.now())
        return game

    def change(self, game: Game, verb: str) -> float:
        """A verb of staff; when it was committed, before anybody was told of it."""
        committed = []
        with transaction.atomic():
            transaction.on_commit(lambda: committed.append(time.time()))
            getattr(game, verb)(timezone.now())
        return committed[0]

    def stored(self, game: Game) -> dict[str, Any]:
        """What the database says of a game once everybody has answered."""
        rows = Answer.objects.filter(game=game).values_list("key", "player_id")
        keys, players = zip(*rows) if rows else ((), ())
        given = Code.objects.filter(pool__game=game).exclude(player=None)
        return {
            "keys": {str(key) for key in keys},
            "doubled": len(players) - len(set(players)),
            "codes": dict(given.values_list("player_id", "text")),
        }


def puzzle(slug: str) -> Game:
    return Game.objects.create(
        slug=slug, kind="puzzle", title="Rehearsal", settings={"accepted": ["elephant"]}
    )


def answer_to(game: Game) -> tuple[Any, str] | None:
    """A value and the question it answers; None for a kind we can't play."""
    rules: Any = game.rules
    if game.kind == "puzzle":
        return rules.accepted[0], ""
    if game.kind == "number":
        return "0" * rules.digits, ""
    if game.kind == "score":
        return {"home": 1, "away": 0}, ""
    if game.kind == "choice":
        return [0], game.question_kind.questions(rules)[0]
    return None
