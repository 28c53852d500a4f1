"""Nothing that a stranger says is kept for others, but what the key holds."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import redis

from core.cache import MISS_SECONDS, STALE_TIMES
from tests.attacks.test_headers import LEFT_OUT
from tests.attacks.wire import exchange, request
from tests.conftest import SETTINGS
from tests.fronted import Fronted
from tests.stack import REDIS, ROOT

MARK = "evil-marker"
EVERY_HEADER = [(name, f"//{MARK}") for name in sorted(LEFT_OUT)]
BELIEVED = [
    ("User-Agent", MARK),
    ("Referer", f"http://{MARK}/"),
    ("Origin", f"http://{MARK}"),
    ("Accept", f"text/{MARK}"),
    ("Accept-Language", f"{MARK}, th-{MARK};q=0.5"),
    ("Accept-Encoding", MARK),
    ("If-None-Match", f'"{MARK}"'),
    ("If-Match", "*"),
    ("If-Modified-Since", MARK),
    ("Range", f"bytes={MARK}"),
    ("X-CSRFToken", MARK),
    ("X-Real-IP", MARK),
    ("X-Forwarded-Proto", MARK),
]
COOKIES = [
    (
        "Cookie",
        f"django_language={MARK}; sessionid={MARK}; csrftoken={MARK}; messages={MARK}",
    )
]
KINDS = {"public", "games", "page", "user", "board"}


def paths_of(slug: str, player: int) -> list[str]:
    """Whatever is kept for everybody stands behind these."""
    return [
        f"/games/{slug}/",
        "/",
        "/login/",
        "/signup/",
        "/api/games",
        f"/api/games/{slug}",
        f"/api/users/{player}",
    ]


def batch(slug: str, *headers: tuple[str, str]) -> bytes:
    """The leaders of a game, and its state, as a page without a socket asks."""
    wanted = [{"type": type_, "id": slug} for type_ in ("game", "board")]
    body = json.dumps({"requests": wanted}).encode()
    said = ("Content-Type", "application/json")
    return request("/api/batch", said, *headers, method="POST", body=body)


def asked_with_marks(slug: str, player: int, session: str) -> Iterable[bytes]:
    """Everything one can say in a request, the mark in it."""
    signed_in = ("Cookie", f"sessionid={session}; django_language={MARK}")
    for path in paths_of(slug, player):
        yield request(path, *EVERY_HEADER)
        yield request(path, *BELIEVED)
        yield request(path, *BELIEVED, *COOKIES)
        yield request(path, *EVERY_HEADER, signed_in)
        yield request(path, ("Authorization", f"Bearer {MARK}"))
        yield request(f"{path}?{MARK}={MARK}&limit=1")
        yield request(f"{path};{MARK}")
        yield request(f"/{path}")
        yield request(f"http://{MARK}{path}")
        yield request(path, method="HEAD", host="localhost:6666")
        yield request(path, ("Content-Type", f"text/{MARK}"), body=MARK.encode())
    yield batch(slug, *EVERY_HEADER, signed_in)
    yield batch(slug, *BELIEVED, *COOKIES)


@pytest.fixture
def store(fronted: Fronted) -> "redis.Redis[str]":
    return redis.Redis.from_url(REDIS, decode_responses=True)


def kept_in(store: Any, fronted: Fronted) -> dict[str, str]:
    """All values in the site's Redis, by key."""
    keys = [*store.scan_iter(f"{fronted.env['REDIS_PREFIX']}-*", count=1000)]
    return {key: store.get(key) for key in keys if store.type(key) == "string"}


def kept_by_nginx(folder: Path) -> list[bytes]:
    return [one.read_bytes() for one in folder.glob("cache*/**/*") if one.is_file()]


@pytest.mark.parametrize("through_nginx", [True, False])
def test_nothing_of_a_request_is_kept(
    fronted: Fronted, store: Any, through_nginx: bool
) -> None:
    slug = fronted.make_game("puzzle", SETTINGS["puzzle"])
    (session,) = fronted.make_players(1)
    player = fronted.run(
        "from users.sessions import players_of\n"
        "out = players_of([given['session']])[given['session']].pk",
        session=session,
    )
    front = int(fronted.site.listen.rpartition(":")[2])
    port = front if through_nginx else fronted.ports[0]
    for attack in asked_with_marks(slug, player, session):
        drop_all(store, fronted)
        exchange(port, attack)
        kept = kept_in(store, fronted)
        assert MARK not in str(kept), attack
    assert_no_mark(slug, player, session, fronted)
    assert not [one for one in kept_by_nginx(fronted.site.run) if MARK.encode() in one]


def drop_all(store: Any, fronted: Fronted) -> None:
    """As if nothing had been kept yet, so that the next request is the first."""
    for key in store.scan_iter(f"{fronted.env['REDIS_PREFIX']}-strict:*", count=1000):
        store.delete(key)


def assert_no_mark(slug: str, player: int, session: str, fronted: Fronted) -> None:
    """What others get afterwards, of nginx and of the daphne."""
    front = int(fronted.site.listen.rpartition(":")[2])
    for path in paths_of(slug, player):
        for port in (front, fronted.ports[0]):
            answer = exchange(port, request(path, ("Cookie", f"sessionid={session}")))
            assert answer.status == 200
            assert MARK.encode() not in answer.body + str(answer.headers).encode()
    board = exchange(fronted.ports[0], batch(slug))
    assert board.status == 200
    assert MARK.encode() not in board.body


def test_the_attack_reaches_every_kind_of_what_is_kept(
    fronted: Fronted, store: Any
) -> None:
    slug = fronted.make_game("puzzle", SETTINGS["puzzle"])
    (session,) = fronted.make_players(1)
    player = fronted.run("out = Player.objects.order_by('-pk')[0].pk")
    drop_all(store, fronted)
    assert_no_mark(slug, player, session, fronted)
    assert {kind_of(key) for key in kept_in(store, fronted)} >= KINDS


def kind_of(key: str) -> str:
    return re.sub(r"^.*-(strict|cache):\d+:", "", key).partition(":")[0]


def test_every_key_in_the_source_is_one_of_these() -> None:
    sources = [
        path.read_text()
        for path in ROOT.glob("[a-z]*/**/*.py")
        if ".venv" not in path.parts and "tests" not in path.parts
    ]
    written = {
        kind for text in sources for kind in re.findall(r'\bKey\(\s*f?"(\w+)', text)
    }
    assert written <= KINDS


def test_no_cookie_chooses_the_language_of_a_shared_page(fronted: Fronted) -> None:
    path = f"/games/{fronted.make_game('puzzle', SETTINGS['puzzle'])}/"
    plain = exchange(fronted.ports[0], request(path))
    for said in ("django_language=th", "th; django_language=th"):
        chosen = exchange(fronted.ports[0], request(path, ("Cookie", said)))
        assert chosen.headers["Content-Language"] == "en"
        assert chosen.body == plain.body


@pytest.mark.parametrize("length", [61, 4000])
def test_path_that_names_no_game_is_kept_nowhere(
    fronted: Fronted, store: Any, length: int
) -> None:
    drop_all(store, fronted)
    name = "x" * length
    for path in (f"/games/{name}/", f"/api/games/{name}", f"/games/{name}/join/"):
        for port in (fronted.ports[0], int(fronted.site.listen.rpartition(":")[2])):
            assert exchange(port, request(path)).status in (404, 405)
    assert not [key for key in kept_in(store, fronted) if name in key]
    assert not [one for one in kept_by_nginx(fronted.site.run) if name.encode() in one]


def test_game_that_is_not_there_is_kept_for_seconds_only(
    fronted: Fronted, store: Any
) -> None:
    drop_all(store, fronted)
    times = []
    for path in ("/games/nothing/", "/api/games/nothing"):
        exchange(fronted.ports[0], request(path))
        kept = [key for key in kept_in(store, fronted) if "nothing" in key]
        times += [store.ttl(key) for key in kept]
    assert times
    assert max(times) <= MISS_SECONDS * STALE_TIMES
