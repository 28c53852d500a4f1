"""The API responds to any request as its OpenAPI description says.

schemathesis reads the description from the running server, on PostgreSQL and Redis. It
sends valid and invalid requests as a stranger, as a player and with a script's token.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle

import pytest
import requests
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from gameproject.api import api
from tests.conftest import SETTINGS
from tests.stack import Stack

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
ROUTES = [
    (method, path)
    for path, methods in api.get_openapi_schema()["paths"].items()
    for method in methods
]
PLAYERS = 30  # they take turns, so that nobody exceeds a rate limit
EXAMPLES = 30
NAMES = ["slug", "game", "user_id", "item", "question", "value"]

# Each player has rows in every list, and coins left; their ids, sessions and tokens.
STAGE = """
from uuid import uuid4
from answers.submission import Submission, submit
from checkins.checkin import CheckInRequest, check_in
from checkins.models import Item
from checkins.shop import Purchase, redeem

puzzle, daily = (Game.objects.get(slug=slug) for slug in given["slugs"])
staff = Player.objects.create_superuser("Fuzzer", "a long password")
mug = Item.objects.create(pool=daily.pools.get(), title="Mug", price=1)
players = list(Player.objects.order_by("-pk").exclude(pk=staff.pk)[:len(given["keys"])])
for player in players:
    submit(Submission(player.pk, puzzle.pk, uuid4(), "", "mouse", now))
    check_in(CheckInRequest(player.pk, daily.pk, uuid4(), now, None))
    CoinEntry.objects.adjust(player.pk, 5, "to spend", staff, now)
    redeem(Purchase(player.pk, daily.pk, mug.pk, uuid4(), now))
out = {
    "mug": mug.pk,
    "ids": [player.pk for player in players],
    "sessions": open_for(players),
    "tokens": [ApiToken.objects.issue(p, "fuzz", "write")[1] for p in players],
}
"""


@dataclass
class Caller:
    """The sender of requests."""

    id: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)


class World:
    """The data in the database, and the callers."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.puzzle = stack.make_game("puzzle", SETTINGS["puzzle"], codes=5)
        self.daily = stack.make_game("checkin", SETTINGS["checkin"], codes=PLAYERS + 5)
        keys, slugs = stack.make_players(PLAYERS), [self.puzzle, self.daily]
        made = stack.run(STAGE, slugs=slugs, keys=keys)
        self.mug, ids = made["mug"], made["ids"]
        self.callers: dict[str, Iterator[Caller]] = {
            "stranger": cycle([Caller()]),
            "player": cycle(map(signed_in, ids, made["sessions"])),
            "script": cycle(map(with_token, ids, made["tokens"])),
        }
        self.schema = schemathesis.openapi.from_url(stack.url("/api/openapi.json"))
        self.schema.config.generation.update(with_security_parameters=False)

    def ask(self, case: Case, caller: Caller) -> None:
        """Send the request and check the response against the description."""
        answer = case.call(
            base_url=self.stack.url(""), headers=caller.headers, cookies=caller.cookies
        )
        case.validate_response(answer, checks=CHECKS)

    def aim(self, case: Case, caller: Caller, names: set[str]) -> None:
        """Replace the made-up values of these names by existing ones."""
        game = self.puzzle if "answers" in case.path else self.daily
        there = {"slug": game, "game": game, "user_id": caller.id, "item": self.mug}
        there |= {"question": "", "value": "mouse"}
        for part in (case.path_parameters, case.query, case.body):
            if isinstance(part, dict):
                part |= {name: there[name] for name in part if name in names}


def signed_in(id_: int, session: str) -> Caller:
    """A player in a browser."""
    token = "c" * 32
    cookies = {"sessionid": session, "csrftoken": token}
    return Caller(id_, {"X-CSRFToken": token}, cookies)


def with_token(id_: int, text: str) -> Caller:
    return Caller(id_, {"Authorization": f"Bearer {text}"})


@pytest.fixture(scope="module")
def world(on_postgres: Stack) -> World:
    return World(on_postgres)


@pytest.mark.parametrize("who", ["stranger", "player", "script"])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_response_is_as_described(
    world: World, method: str, path: str, who: str
) -> None:
    operation = world.schema[path][method]
    cases = [operation.as_strategy(mode) for mode in GenerationMode]

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, deadline=None)
    @given(case=st.one_of(cases), names=st.sets(st.sampled_from(NAMES)))
    def ask(case: Case, names: set[str]) -> None:
        caller = next(world.callers[who])
        world.aim(case, caller, names)
        world.ask(case, caller)

    ask()


def test_routes_of_the_running_server_are_those_asked(world: World) -> None:
    described = world.schema.raw_schema["paths"]
    assert [(m, path) for path, methods in described.items() for m in methods] == ROUTES


def test_large_body_in_chunks_is_refused(world: World) -> None:
    caller = next(world.callers["script"])
    chunks = iter([b"x" * 40_000] * 2)
    url = world.stack.url("/api/answers")
    answer = requests.post(url, chunks, headers=caller.headers, timeout=30)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
