"""The cast: alice and bob play, carol is staff, mallory may not."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import get_hashers
from django.core.cache import caches
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from games.models import Game
from games.states import State
from tests.clocks import Clock
from tests.fronted import Fronted, fronted_stack
from tests.prepared import drop_originals
from tests.stack import POSTGRES, REDIS, Stack, fresh_database
from users.models import Player

pytest_plugins = ["tests.browsers"]
PASSWORD = "correct horse"
ATTACKS = Path(__file__).parent / "attacks"


def keep_to_oneself(worker: str) -> None:
    """Workers that run side by side don't meet in Redis."""
    ours, before = f"{settings.REDIS_PREFIX}-{worker}", settings.REDIS_PREFIX
    os.environ["REDIS_PREFIX"] = settings.REDIS_PREFIX = ours
    settings.CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] = ours
    for cache in settings.CACHES.values():
        cache["KEY_PREFIX"] = cache["KEY_PREFIX"].replace(before, ours)


WORKER = os.environ.get("PYTEST_XDIST_WORKER")
if WORKER and settings.REDIS_URL:
    keep_to_oneself(WORKER)

SETTINGS: dict[str, dict[str, Any]] = {
    "puzzle": {"accepted": ["elephant", "ช้าง"]},
    "number": {"digits": 3, "rule": "closest", "number": "042"},
    "score": {"home": "Lions", "away": "Tigers"},
    "choice": {
        "questions": [
            {"text": "Sky?", "options": ["*blue", "green"]},
            {"text": "Is it fun?", "type": "vote", "options": ["yes", "no"]},
        ]
    },
    "checkin": {
        "first_day": "2026-01-01",
        "last_day": "2030-12-31",
        "days": [{"coins": 10}, {"coins": 20}, {"coins": 30}],
    },
    "announce": {"winners": ["alice, a bicycle", "bob, a balloon"]},
}


# The marks a test has for what it asks for. `make test-fast` leaves all of them out.
NEEDS: dict[str, set[str]] = {
    "browser": {"browser"},
    "nginx": {"fronted", "runs_nginx"},
    "servers": {"on_postgres", "embedded", "stack", "runs_servers"},
    "gettext": {"runs_gettext"},
    "staff": {"as_carol"},
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in marks_of(item):
            item.add_marker(mark)
    long_first(items)


def long_first(items: list[pytest.Item]) -> None:
    """Files that start servers come first, so that no worker ends with a long one."""
    long = {
        item.path
        for item in items
        if any(map(item.get_closest_marker, ("browser", "nginx", "servers")))
    }
    items.sort(key=lambda item: item.path not in long)


def marks_of(item: pytest.Item) -> Iterator[str]:
    asked = {*getattr(item, "fixturenames", ())}
    yield from (mark for mark, fixtures in NEEDS.items() if asked & fixtures)
    if ATTACKS in item.path.parents:
        yield "attacks"


@pytest.fixture(scope="session")
def runs_servers() -> None:
    """Asked for by what starts processes, or needs a real PostgreSQL or Redis."""


@pytest.fixture(scope="session")
def runs_nginx() -> None:
    """Asked for by what starts nginx."""


@pytest.fixture(scope="session")
def runs_gettext() -> None:
    """Asked for by what gathers the texts."""


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords() -> None:
    """The cast signs in hundreds of times. The stacks hash as the product does."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    get_hashers.cache_clear()


@pytest.fixture(autouse=True, scope="session")
def _static_files() -> None:
    """The hashed names that every page asks for."""
    call_command("collectstatic", interactive=False, verbosity=0)


@pytest.fixture(autouse=True, scope="session")
def _originals() -> Iterator[None]:
    """What stacks copy is made when the first needs it, and goes at the end."""
    yield
    drop_originals()


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    """No limit, session or state of an earlier test."""
    for cache in caches.all(initialized_only=False):
        if hasattr(cache, "delete_pattern"):
            # Not `clear`, which would empty the Redis of a run beside this one.
            cache.delete_pattern("*")
        else:
            cache.clear()


@pytest.fixture
def alice(db: None) -> Player:
    return Player.objects.create_user("Alice", PASSWORD)


@pytest.fixture
def bob(db: None) -> Player:
    return Player.objects.create_user("Bob", PASSWORD)


@pytest.fixture
def carol(db: None) -> Player:
    return Player.objects.create_superuser("Carol", PASSWORD)


@pytest.fixture
def mallory(db: None) -> Player:
    """Banned: may do nothing."""
    return Player.objects.create_user("Mallory", PASSWORD, status=Player.Status.BANNED)


@pytest.fixture
def make_game(db: None) -> Callable[..., Game]:
    def make(
        kind: str = "puzzle", state: State = State.OPEN, codes: int = 0, **fields: Any
    ) -> Game:
        now = timezone.now()
        slug = fields.pop("slug", f"{kind}-{Game.objects.count() + 1}")
        opened = None if state in (State.DRAFT, State.SCHEDULED) else now
        defaults = {
            "title": f"A {kind} game",
            "settings": SETTINGS[kind],
            "opens_at": opened and opened - timedelta(minutes=1),
        }
        game = Game.objects.create(
            kind=kind, slug=slug, state=state, **{**defaults, **fields}
        )
        if codes:
            pool = game.pools.create(name="Voucher")
            pool.add(f"CODE-{game.pk}-{i:04}" for i in range(codes))
        return game

    return make


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def client_of(player: Player) -> Client:
    client = Client()
    client.force_login(player)
    return client


@pytest.fixture
def as_alice(alice: Player) -> Client:
    return client_of(alice)


@pytest.fixture
def as_bob(bob: Player) -> Client:
    return client_of(bob)


@pytest.fixture
def as_carol(carol: Player) -> Client:
    return client_of(carol)


@pytest.fixture(scope="session")
def on_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two daphnes on PostgreSQL, with Redis between them."""
    if not POSTGRES.startswith("postgres"):
        pytest.fail("DATABASE_URL must name a PostgreSQL; `make test` sets it")
    with fresh_database() as url:
        folder = tmp_path_factory.mktemp("postgres")
        stack = Stack(folder, 2, DATABASE_URL=url, REDIS_URL=REDIS)
        stack.start()
        yield stack
        stack.stop()


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One daphne on SQLite, without Redis."""
    folder = tmp_path_factory.mktemp("embedded")
    database = f"sqlite:///{folder}/db.sqlite3"
    stack = Stack(folder, 1, DATABASE_URL=database, REDIS_URL="")
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture(scope="session")
def fronted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fronted]:
    """Two daphnes behind nginx, as players reach them."""
    with fronted_stack(tmp_path_factory.mktemp("fronted")) as stack:
        yield stack


@pytest.fixture(params=["on_postgres", "embedded"])
def stack(request: pytest.FixtureRequest) -> Stack:
    """The same test on both."""
    return request.getfixturevalue(request.param)
