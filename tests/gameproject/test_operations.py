"""Readiness and metrics of a process."""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from core import metrics
from gameproject.ops import readiness
from tests.conftest import client_of
from tests.stack import REDIS, Stack, wait_until_served
from users.models import Player

TOKEN = "a-token-for-the-tests"
PUZZLE = {"accepted": ["elephant"]}

# Readiness


@pytest.mark.usefixtures("runs_servers")
@pytest.mark.django_db
def test_process_is_ready_while_database_and_redis_answer(client: Client) -> None:
    assert set(readiness.DEPENDENCIES) == {"database", "redis"}
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (200, b"ready\n")
    assert "no-store" in response["Cache-Control"]


def test_part_is_asked_once_however_many_want_to_know() -> None:
    asked: list[int] = []
    with occupied_threads():
        part = readiness.Dependency(lambda: asked.append(1))
        answers = [part.check() for _asker in range(50)]
    for answer in answers:
        answer.result(5)
    assert asked == [1]


@contextmanager
def occupied_threads() -> Iterator[None]:
    """Keep both threads for readiness checks busy."""
    ours, theirs = zip(*(socket.socketpair() for _thread in range(2)))
    busy = [readiness._threads.submit(one.recv, 1) for one in theirs]
    yield
    for one in ours:
        one.send(b".")
    for one in busy:
        one.result(5)
    for one in (*ours, *theirs):
        one.close()


@contextmanager
def silence() -> Iterator[int]:
    """A port that accepts every connection and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        yield listening.getsockname()[1]


@contextmanager
def process_with(folder: Path, **env: str) -> Iterator[HTTPConnection]:
    """One process with these settings, without a database prepared for it."""
    stack = Stack(folder, 1, **env)
    [port] = stack.ports
    daphne = stack._serve(port)
    wait_until_served(port)
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as http:
        yield http
    daphne.terminate()
    daphne.wait(20)


def ask(http: HTTPConnection, path: str) -> tuple[int, str, float]:
    """Status, body and duration in seconds."""
    began = time.monotonic()
    http.request("GET", path)
    response = http.getresponse()
    body = response.read().decode()
    return response.status, body, time.monotonic() - began


@pytest.mark.parametrize("away", ["database", "redis"])
def test_silent_part_is_named_in_time_and_the_process_lives(
    runs_servers: None, tmp_path: Path, away: str
) -> None:
    with silence() as port:
        silent = f"127.0.0.1:{port}"
        urls = {
            "database": (f"postgres://x:x@{silent}/x", REDIS),
            "redis": (f"sqlite:///{tmp_path}/db.sqlite3", f"redis://{silent}/0"),
        }
        database, redis = urls[away]
        with process_with(tmp_path, DATABASE_URL=database, REDIS_URL=redis) as http:
            assert ask(http, "/healthz")[0] == 200
            status, body, took = ask(http, "/readyz")
            assert status == 503
            error = json.loads(body)["error"]
            assert (error["code"], error["field"]) == ("unavailable", away)
            assert took < readiness.MAX_WAIT + 2
            assert ask(http, "/healthz")[0] == 200


# Who may read the metrics


@pytest.mark.django_db
def test_strangers_and_players_read_no_counts(
    client: Client, as_alice: Client, mallory: Player
) -> None:
    for who in (client, as_alice, client_of(mallory)):
        response = who.get("/metrics")
        assert response.status_code == 403
        assert response.json()["error"]["code"] == "forbidden"


@pytest.mark.django_db
def test_staff_read_the_counts(as_carol: Client) -> None:
    response = as_carol.get("/metrics")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain")
    assert "no-store" in response["Cache-Control"]
    for name in ("rooms", "sockets", "cache_away", "database_requests_waiting"):
        assert f"\ngameproject_{name} " in response.content.decode()


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"Bearer {TOKEN}x", 403),
        (TOKEN, 403),
        ("Bearer ", 403),
        ("Bearer ä", 403),
    ],
)
def test_token_opens_the_counts_without_the_database(
    client: Client, settings: Any, said: str, status: int
) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics", HTTP_AUTHORIZATION=said).status_code == status


def test_without_a_token_set_no_token_opens_them(client: Client) -> None:
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer ").status_code == 403


# The metrics


class Counted:
    """The metrics of one process."""

    def __init__(self, stack: Stack, process: int, session: str) -> None:
        address = stack.url("", process).removeprefix("http://")
        with closing(HTTPConnection(address, timeout=20)) as http:
            http.request("GET", "/metrics", headers={"Cookie": f"sessionid={session}"})
            self.text = http.getresponse().read().decode()

    def __getitem__(self, name: str) -> float:
        found = re.search(
            rf"^{re.escape(f'gameproject_{name}')} (.+)$", self.text, re.M
        )
        return float(found[1]) if found else 0


async def test_process_counts_what_it_does(on_postgres: Stack) -> None:
    stack, process = on_postgres, 1
    slug = stack.make_game("puzzle", PUZZLE, codes=1)
    [session, other] = stack.make_players(2)
    staff = stack.run(
        "player = Player.objects.create_superuser(str(now.timestamp()), 'x' * 20)\n"
        "out = open_for([player])[0]"
    )
    before = Counted(stack, process, staff)
    async with (
        stack.socket(slug, session, process) as alice,
        stack.socket(slug, other, process) as bob,
    ):
        await bob.hear("welcome")
        await alice.ask("answer", value="elephant")
        await alice.ask("answer", value=[])
        await alice.ask("fly")
        now = Counted(stack, process, staff)

    def rise(name: str) -> float:
        return now[name] - before[name]

    assert rise("sockets") == 2
    assert rise("rooms") == 1
    assert rise('commands_total{command="answer",outcome="done"}') == 1
    assert rise('commands_total{command="answer",outcome="invalid"}') == 1
    assert rise('commands_total{command="unknown",outcome="invalid"}') == 1
    assert rise('reply_seconds_count{command="answer"}') == 2
    assert rise("answers_together_sum") == 1
    assert rise("arrivals_together_sum") == 2
    assert rise("frames_written_total") >= 5
    assert rise('broadcasts_total{outcome="sent"}') >= 1
    assert now["database_pool_size"] >= 1
    for secret in (slug, session, "CODE-", "elephant"):
        assert secret not in now.text


def test_labels_come_from_closed_lists() -> None:
    labelled = {
        name: metric._labelnames
        for name, metric in vars(metrics).items()
        if hasattr(metric, "_labelnames") and metric._labelnames
    }
    assert labelled == {
        "commands": ("command", "outcome"),
        "reply_seconds": ("command",),
        "broadcasts": ("outcome",),
        "cache": ("outcome",),
        "failures": ("where",),
    }
