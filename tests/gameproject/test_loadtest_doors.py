"""The rehearsal's doors count every visitor and leave nothing behind."""

import gzip
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.sessions.models import Session

from gameproject.loadtest.client import is_whole
from gameproject.loadtest.coordinator import Phase
from gameproject.loadtest.door_thresholds import (
    Threshold,
    everybody,
    judge,
    statements,
    y_of,
)
from gameproject.loadtest.removal import remove
from gameproject.loadtest.requests import Response
from gameproject.loadtest.visitor import LET_IN
from games.models import Game, Guest
from tests.fronted import Fronted
from tests.gameproject.test_loadtest import (
    PLAYERS,
    check_report,
    left_behind,
    rehearse,
    started_again,
)
from tests.stack import Stack
from users.models import Player
from users.sessions import open_for

DOORS = {
    "join",
    "socket",
    "stranger's arrival",
    "home page",
    "sign-in page",
    "sign-up page",
    "one game as JSON",
    "all games as JSON",
    "home, signed in",
    "own page",
    "batch",
    "answers over HTTP",
    "check-ins",
    "check-ins over HTTP",
    "join another game",
    "sign-ins",
    "sign-ins meanwhile",
    "answers while all sign in",
}


def promises_of(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["promise"]: one for one in found["promises"]}


def test_everybody_comes_in_at_every_door(fronted: Fronted, tmp_path: Path) -> None:
    before = left_behind(fronted)
    page = tmp_path / "report.html"
    done = rehearse(fronted, "--json", "--doors", "--report", str(page))
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)

    promises = promises_of(found)
    for door in DOORS:
        promise = promises[f"{door}: everybody"]
        assert promise["measured"] == str(PLAYERS), promise
        assert found["phases"][door]["let_in"]["count"] == PLAYERS
        assert found["phases"][door]["outcomes"] == {"in": PLAYERS}
    assert promises["guests: none made twice"]["measured"] == str(2 * PLAYERS)
    rewards = promises["check-ins: a reward each"]
    assert rewards["measured"] == f"{PLAYERS} done, {PLAYERS} given"
    assert found["phases"]["admin meanwhile"]["let_in"]["count"]
    assert left_behind(fronted) == before
    assert not fronted.logged_errors()
    check_report(page.read_text(), plots=8)


def test_with_a_daphne_killed_everybody_tries_again_and_is_one_guest(
    fronted: Fronted,
) -> None:
    before = left_behind(fronted)
    with started_again(fronted):
        done = rehearse(fronted, "--json", "--doors", "--kill")
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    fronted.forget_errors()
    assert found["killed"] == 7 + 4
    promises = promises_of(found)
    for door in ("join", "stranger's arrival", "answers over HTTP", "check-ins"):
        assert promises[f"{door}: everybody"]["passed"], promises
    assert promises["guests: none made twice"]["measured"] == str(2 * PLAYERS)
    assert promises["check-ins: a reward each"]["passed"]
    # A sign-in that was cut off may leave a session without a player. It stays until it
    # expires.
    after = left_behind(fronted)
    assert after.pop("Session") == before.pop("Session") + sessions_of_nobody(fronted)
    assert after == before


def sessions_of_nobody(stack: Stack) -> int:
    return stack.run(
        "from django.contrib.sessions.models import Session\n"
        "from users.session_store import SessionStore\n"
        "decode = SessionStore().decode\n"
        "out = sum(not decode(s.session_data) for s in Session.objects.all())"
    )


def test_more_strangers_than_may_join_from_one_address_is_said_beforehand(
    on_postgres: Stack,
) -> None:
    done = rehearse(on_postgres, "--players", "1501", "--doors")
    assert done.returncode == 1
    assert "Start the site and the rehearsal with VENUE_SIZE=1001." in done.stderr


# The promises


def run_of(chaos: object = None, **let_in: list[float | None]) -> Any:
    """A rehearsal with these seconds until each visitor was let in, by door."""
    phases = {
        door.replace("_", " "): Phase(
            [
                {"let_in": seconds, "outcome": "503" if seconds is None else LET_IN}
                for seconds in times
            ]
        )
        for door, times in let_in.items()
    }
    statements = {"statements": 70, "seconds": 2.0}
    return SimpleNamespace(
        phases=phases,
        counted=dict.fromkeys([*phases, "arrival", "answers"], statements)
        | {"idle": 0, "idle without rooms": 0},
        chaos=chaos,
        plan=SimpleNamespace(players=10),
    )


@pytest.mark.parametrize(("seconds", "passed"), [(1.4, True), (1.6, False)])
def test_time_of_a_door_is_judged_by_that_of_the_socket(
    seconds: float, passed: bool
) -> None:
    run = run_of(socket=[1.0], join=[seconds])
    _in, time, _statements = judge(run, "join", Threshold(1.5, 60), y_of(run), "y")
    assert time.passed is passed
    assert time.bound == "< 1.5 y = 1,500 ms"


def test_one_refused_is_a_broken_promise_and_says_why() -> None:
    promise = everybody(run_of(join=[0.1, None, None]), "join")
    assert (promise.measured, promise.passed) == ("1, 2 x 503", False)


def test_nobody_let_in_is_not_in_time() -> None:
    run = run_of(socket=[1.0], join=[None])
    _in, time, _statements = judge(run, "join", Threshold(1.5, 60), y_of(run), "y")
    assert time.passed is False


@pytest.mark.parametrize(
    ("most", "limit", "passed"),
    [(60, "<= 60", False), (120, "<= 120", True), (None, "<= 105", True)],
)
def test_statements_of_a_door_are_bound_by_number_or_by_the_answers(
    most: int | None, limit: str, passed: bool
) -> None:
    promise = statements(run_of(join=[0.1]), "join", Threshold(1.5, most))
    assert (promise.bound, promise.passed) == (limit, passed)


def test_with_a_daphne_killed_only_who_came_in_is_judged() -> None:
    run = run_of(socket=[1.0], join=[9.0], chaos=object())
    [promise] = judge(run, "join", Threshold(1.5, 60), y_of(run), "y")
    assert promise.passed is True


# Responses


@pytest.mark.parametrize("packed", [False, True])
def test_a_response_in_chunks_is_read(packed: bool) -> None:
    body = gzip.compress(b'{"a": 1}') if packed else b'{"a": 1}'
    encoding = b"Content-Encoding: gzip\r\n" if packed else b""
    received = (
        b"HTTP/1.1 302 Found\r\nTransfer-Encoding: chunked\r\n"
        + encoding
        + b"Set-Cookie: "
        b"sessionid=abc; Path=/\r\nset-cookie: csrftoken=def; Secure\r\n\r\n"
        + f"{len(body):x}\r\n".encode()
        + body
        + b"\r\n0\r\n\r\n"
    )
    response = Response(received, 0.0)
    assert is_whole(received)
    assert not is_whole(received[:-5])
    assert (response.status, response.json()) == (302, {"a": 1})
    assert response.cookies == {"sessionid": "abc", "csrftoken": "def"}
    assert Response(b"", 0.0).status == 0


# Removal


def test_only_the_rehearsals_own_guests_are_removed(alice: Player) -> None:
    """A guest who isn't the rehearsal's may have joined its game: they stay."""
    game = Game.objects.create(slug="rehearsal-1-first", kind="puzzle")
    ours = Guest.objects.admit(game.pk, None, "rehearsal-1a")
    theirs = Guest.objects.admit(game.pk, None, "mallory")
    open_for([ours.player, theirs.player, alice])
    remove("rehearsal-")
    left = Player.objects.filter(pk__in=[ours.player_id, theirs.player_id])
    assert list(left) == [theirs.player]
    assert Session.objects.count() == 2
    assert not Game.objects.exists()
