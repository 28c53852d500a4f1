"""HTTP caches may store what is the same for everybody, and nothing else."""

import gzip
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

import core.http_cache
from games import cached
from games.models import Game
from games.states import Access
from users.models import ApiToken, Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
JSON = {"content_type": "application/json"}


@pytest.fixture(autouse=True)
def game(make_game: MakeGame) -> Game:
    return make_game(slug="one")


@pytest.fixture
def script(alice: Player) -> Client:
    """A client of alice that sends an API token."""
    text = ApiToken.objects.issue(alice, "a script", "write")[1]
    return Client(headers={"Authorization": f"Bearer {text}"})


def is_private(response: Any) -> bool:
    cache_control = response["Cache-Control"]
    return cache_control == "private, no-store" and "ETag" not in response


# Personal responses


def answer(client: Client, **fields: Any) -> Any:
    body = {"game": "one", "id": str(uuid4()), "value": "mouse"} | fields
    return client.post("/api/answers", body, **JSON)


@pytest.mark.parametrize(
    "path",
    ["/api/games", "/api/answers", "/api/checkins", "/api/redemptions", "/api/users/"],
)
def test_response_to_a_player_is_private(
    as_alice: Client, script: Client, alice: Player, path: str
) -> None:
    path += str(alice.pk) if path.endswith("/") else ""
    for client in (as_alice, script):
        response = client.get(path)
        assert response.status_code == 200
        assert is_private(response)


@pytest.mark.parametrize("path", ["/batch", "/api/batch"])
def test_batch_is_private(as_alice: Client, client: Client, path: str) -> None:
    for who in (as_alice, client):
        response = who.post(path, {"requests": [{"type": "games"}]}, **JSON)
        assert response.status_code == 200
        assert is_private(response)


@pytest.mark.parametrize("path", ["answers", "checkins", "redemptions"])
def test_reply_to_a_command_is_private(
    as_alice: Client, make_game: MakeGame, path: str
) -> None:
    make_game("checkin", slug="daily")
    body = {"id": str(uuid4()), "game": "one", "value": "elephant"}
    if path != "answers":
        body = {"id": str(uuid4()), "game": "daily"}
    response = as_alice.post(f"/api/{path}", body, **JSON)
    assert response.status_code == (400 if path == "redemptions" else 200)
    assert is_private(response)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/api/answers", 401),
        ("get", "/api/users/1", 401),
        ("get", "/api/games/nope", 404),
        ("get", "/api/games?limit=0", 400),
        ("post", "/api/batch", 400),
        ("post", "/api/games", 405),
        ("get", "/batch", 405),
        ("get", "/api/nope", 404),
    ],
)
def test_refusal_is_private(
    client: Client, method: str, path: str, status: int
) -> None:
    response = getattr(client, method)(path)
    assert response.status_code == status
    assert is_private(response)


def test_refusal_on_a_shared_route_is_private(
    client: Client, settings: LazySettings
) -> None:
    settings.RATE_LIMITS = {"game": ["1/s"]}
    settings.VENUE_SIZE = 1
    statuses = []
    for _time in range(2):
        response = client.get("/api/games/one")
        statuses.append(response.status_code)
    assert statuses == [200, 429]
    assert is_private(response)


def test_outage_is_private(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_slug: str) -> None:
        raise OperationalError

    monkeypatch.setattr("games.api.public_of", fail)
    response = client.get("/api/games/one")
    assert response.status_code == 503
    assert is_private(response)


# Shared responses


def test_game_is_the_same_for_everybody_and_may_be_cached(
    client: Client, as_alice: Client, script: Client
) -> None:
    responses = [who.get("/api/games/one") for who in (client, as_alice, script)]
    assert len({(response.content, response["ETag"]) for response in responses}) == 1
    for response in responses:
        assert response["Cache-Control"] == "public, max-age=1"
        assert response["Vary"] == "Accept-Encoding"
        assert not response.cookies


def test_list_for_anonymous_clients_may_be_cached_for_them(client: Client) -> None:
    response = client.get("/api/games")
    assert response["Cache-Control"] == "public, max-age=1"
    assert response["Vary"] == "Accept-Encoding, Cookie, Authorization"
    assert not response.cookies


@pytest.mark.parametrize("path", ["/api/games", "/api/games/one"])
def test_shared_response_is_gzipped_for_clients_that_accept_it(
    client: Client, path: str
) -> None:
    plain, takes = client.get(path), {"Accept-Encoding": "br, gzip"}
    small = client.get(path, headers=takes)
    assert small["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.content) == plain.content
    assert int(small["Content-Length"]) == len(small.content)
    assert small["ETag"] != plain["ETag"]
    known = {**takes, "If-None-Match": small["ETag"]}
    assert client.get(path, headers=known).status_code == 304
    known["If-None-Match"] = plain["ETag"]
    assert client.get(path, headers=known).status_code == 200


def test_personal_response_is_not_compressed_with_text_of_others(
    as_alice: Client,
) -> None:
    response = as_alice.get("/api/games", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in response


@pytest.mark.parametrize("path", ["/api/games", "/api/games?limit=1", "/api/games/one"])
def test_current_response_is_not_sent_again_until_it_changes(
    client: Client,
    game: Game,
    path: str,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    first = client.get(path)
    known = {"If-None-Match": f'"x", W/{first["ETag"]}'}
    again = client.get(path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    for header in ("ETag", "Cache-Control"):
        assert again[header] == first[header]
    assert again.get("Vary") == first.get("Vary")
    with django_capture_on_commit_callbacks(execute=True):
        game.pause(timezone.now())
    changed = client.get(path, headers=known)
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


@pytest.mark.parametrize("path", ["/api/games", "/api/games/one"])
def test_etag_is_not_computed_again(
    client: Client,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    etag = client.get(path)["ETag"]
    monkeypatch.delattr(core.http_cache, "etag_of")
    with django_assert_num_queries(0):
        assert client.get(path)["ETag"] == etag
        again = client.get(path, headers={"If-None-Match": etag})
    assert again.status_code == 304


def test_etag_is_the_same_for_the_same_data(client: Client) -> None:
    etags = [client.get("/api/games/one")["ETag"], cached._public("one")["etag"]]
    assert etags[0] == etags[1]


# A shared cache


class SharedCache:
    """Stores for everybody all that the headers allow (RFC 9111)."""

    def __init__(self) -> None:
        self.stored: list[tuple[dict[str, str], Any]] = []

    def get(self, client: Client, path: str) -> Any:
        fresh = client.get(path)
        headers = fresh.wsgi_request.headers
        for varied, response in self.stored:
            if varied.items() == {(name, headers.get(name)) for name in varied}:
                return response
        if "public" in fresh["Cache-Control"]:
            names = fresh["Vary"].split(", ")
            self.stored.append(({name: headers.get(name) for name in names}, fresh))
        return fresh


def test_nobody_gets_anothers_list_from_a_shared_cache(
    as_alice: Client,
    as_bob: Client,
    client: Client,
    script: Client,
    make_game: MakeGame,
) -> None:
    make_game(slug="ours", access=Access.LISTED).invite(["alice"])
    cache = SharedCache()
    crowd = {"script": script, "stranger": client, "alice": as_alice, "bob": as_bob}
    for order in (list(crowd), list(crowd)[::-1]):
        for name in order:
            seen = cache.get(crowd[name], "/api/games").json()["games"]
            ours = "ours" in [game["slug"] for game in seen]
            assert ours == (name in ("alice", "script")), (name, order)
    assert len(cache.stored) == 1
