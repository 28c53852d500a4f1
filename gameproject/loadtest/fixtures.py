"""What a rehearsal needs on the site: a copy of the game, and its players."""

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
from gameproject.loadtest.player import Credentials
from gameproject.loadtest.removal import PREFIX, remove
from games.models import Code, Game
from games.states import Access
from users.models import Player
from users.sessions import open_for


class Fixtures:
    """What a rehearsal makes on the site. The end of the block removes all of it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.prefix = f"{PREFIX}{uuid4().hex[:8]}"
        self.original = Game.objects.get(slug=plan.game) if plan.game else None
        # Every account's password, if they sign in. It never leaves these processes.
        self.password = token_urlsafe() if plan.doors else None
        self.players: list[Player] = []
        self.credentials: list[Credentials] = []

    def __enter__(self) -> "Fixtures":
        try:
            self._create()
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
        connection.close()  # Ctrl-C during a statement may have broken it
        remove(self.prefix)

    def _create(self) -> None:
        password = make_password(self.password)
        names = [f"{self.prefix}-{place}" for place in range(self.plan.players)]
        self.players = Player.objects.bulk_create(
            (Player(name=n, name_key=n, password=password) for n in names),
            batch_size=1000,
        )
        sessions = open_for(self.players)
        self.credentials = [
            Credentials(player.pk, key, player.name)
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
        """Have staff pause or resume; the time of the commit, before any frame."""
        committed = []
        with transaction.atomic():
            transaction.on_commit(lambda: committed.append(time.time()))
            getattr(game, verb)(timezone.now())
        return committed[0]

    def stored(self, game: Game) -> dict[str, Any]:
        """What the database has of a game after everybody has answered."""
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
    """A value and its question; None for a kind that the rehearsal can't play."""
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
