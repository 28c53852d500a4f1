"""The rehearsal counts correctly, and leaves nothing behind."""

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from websockets.asyncio.server import ServerConnection, serve

from gameproject.loadtest import counters
from gameproject.loadtest.client import is_whole, parse, start_connecting
from gameproject.loadtest.counters import serves
from gameproject.loadtest.figures import percentile, summary
from gameproject.loadtest.plan import Address
from gameproject.loadtest.player import Credentials, Player
from gameproject.loadtest.plots import nice, plot
from gameproject.loadtest.thresholds import memory, statements, tally_delays
from tests.fronted import Fronted
from tests.stack import ROOT, Stack, free_port

PLAYERS = 20
# Times are not asserted: the machine may be busy.
TIMES = ("page", "playable", "change", "answers ack", "all back", "memory", "tally")


def rehearse(stack: Stack, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [
        sys.executable,
        "manage.py",
        "rehearse",
        stack.url(""),
        *words,
        "--wait",
        "0.2",
    ]
    if "--players" not in words:
        command += ["--players", str(PLAYERS)]
    return subprocess.run(
        command, env=stack.env, cwd=ROOT, capture_output=True, text=True
    )


def left_behind(stack: Stack) -> dict[str, int]:
    """The number of rows of each model that a rehearsal creates."""
    return stack.run(
        "from django.contrib.sessions.models import Session\n"
        "from checkins.models import CheckIn\n"
        "kinds = (Game, Player, Guest, Answer, CheckIn, Code, Pool)\n"
        "kinds += (Invitation, Session)\n"
        "out = {kind.__name__: kind.objects.count() for kind in kinds}"
    )


def counts(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The promises that don't depend on the speed of this machine."""
    return [one for one in found["promises"] if not one["promise"].startswith(TIMES)]


# Through nginx


def test_memory_of_a_process_that_has_ended_is_not_measured() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert counters.memory([os.getpid(), ended.pid]) is None
    assert counters.memory([os.getpid()])


def test_a_rehearsal_counts_and_leaves_nothing_behind(
    fronted: Fronted, tmp_path: Path
) -> None:
    before = left_behind(fronted)
    page = tmp_path / "report.html"
    done = rehearse(fronted, "--json", "--report", str(page), "--hold", "2")
    found = json.loads(done.stdout)

    assert found["players"] == PLAYERS
    assert found["flow"] == "one socket"
    assert all(one["passed"] is not False for one in counts(found)), counts(found)
    measured = {one["promise"]: one["measured"] for one in found["promises"]}
    assert measured["HTTP calls for an arrival"] == "1 per player, 1 to Django"
    assert measured["answers: none lost, none doubled"] == "20 kept, 0 lost, 0 doubled"
    assert measured["codes: each to one player"] == "8 distinct of 8"
    assert measured["connections held"] == "0 lost"
    for phase, name in {
        "arrival": "page",
        "warm arrival": "playable",
        "answers": "took",
        "prizes": "took",
        "return": "took",
    }.items():
        assert found["phases"][phase][name]["count"] == PLAYERS
    assert found["phases"]["change"]["took"]["count"] == PLAYERS * 6
    assert done.returncode == (0 if found["passed"] else 1)
    assert left_behind(fronted) == before
    assert not fronted.logged_errors()
    check_report(page.read_text())


def check_report(page: str, plots: int = 4) -> None:
    """Well-formed and self-contained, without script, with SVG plots."""
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert not {"script", "link", "img", "iframe"} & tags.seen
    drawn = [f"<svg{part.partition('</svg>')[0]}</svg>" for part in page.split("<svg")]
    for svg in drawn[1:]:
        assert ElementTree.fromstring(svg).findall("{*}polyline")
    assert len(drawn) - 1 == plots


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)
        if tag not in ("meta", "link", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)


def test_the_old_flow_is_played_for_comparison(fronted: Fronted) -> None:
    before = left_behind(fronted)
    done = rehearse(fronted, "--flow", "legacy")
    assert "each HTTP call" in done.stdout
    found = json.loads(rehearse(fronted, "--flow", "legacy", "--json").stdout)
    assert found["phases"]["arrival"]["calls"]["count"] >= 7 * PLAYERS
    assert found["promises"] == []
    assert done.returncode == 0
    assert left_behind(fronted) == before


def test_with_a_daphne_killed_in_each_phase_nothing_is_lost(fronted: Fronted) -> None:
    before = left_behind(fronted)
    with started_again(fronted):
        done = rehearse(fronted, "--json", "--kill")
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert found["killed"] == 7
    assert [one for one in found["promises"] if one["passed"] is False] == []
    measured = {one["promise"]: one["measured"] for one in found["promises"]}
    assert measured["answers: none lost, none doubled"] == "20 kept, 0 lost, 0 doubled"
    assert measured["codes: each to one player"] == "8 distinct of 8"
    assert left_behind(fronted) == before


@contextmanager
def started_again(fronted: Fronted) -> Iterator[None]:
    """Restart daphnes that end, as a supervisor in production does."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            for place, daphne in enumerate(fronted.daphnes):
                if daphne.poll() is not None:
                    fronted.restart(place)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


@pytest.mark.parametrize(
    ("grown", "passed"),
    [(None, None), (-4096, None), (4096, None), (44_000, True), (47_000, False)],
)
def test_memory_is_judged_where_it_has_grown(
    grown: int | None, passed: bool | None
) -> None:
    run: Any = SimpleNamespace(
        counted={"arrival": {"memory": grown and grown * 10}},
        plan=SimpleNamespace(players=10),
    )
    assert memory(run).passed is passed


@pytest.mark.parametrize(
    ("found", "idle", "chaos", "passed"),
    [
        (None, 0.0, None, None),
        (70, 6.0, None, True),
        (70, 1.0, None, False),
        (70, -3.0, None, None),
        (70, 6.0, object(), None),
    ],
)
def test_statements_are_judged_where_they_can_be_told(
    found: int | None, idle: float, chaos: object, passed: bool | None
) -> None:
    counted = {"arrival": {"statements": found, "seconds": 2.0}, "idle": idle}
    run: Any = SimpleNamespace(counted=counted, chaos=chaos)
    assert statements(run).passed is passed


async def test_a_lost_connection_is_counted_and_comes_back() -> None:
    arrivals: asyncio.Queue[ServerConnection] = asyncio.Queue()

    async def welcome(socket: ServerConnection) -> None:
        await socket.send('{"type": "welcome", "game": {"state": "OPEN"}, "me": {}}')
        arrivals.put_nowait(socket)
        await socket.wait_closed()

    async with serve(welcome, "127.0.0.1", 0) as site, asyncio.timeout(20):
        (listening,) = site.sockets
        address = Address("127.0.0.1", listening.getsockname()[1], False)
        player = Player(address, Credentials(1, ""))
        await player.connect("x")
        (await arrivals.get()).transport.abort()
        await arrivals.get()
        player.drop()
    assert player.lost == 1


# Without nginx, and failures


def test_a_broken_promise_is_an_exit_status(on_postgres: Stack) -> None:
    """Without nginx in front each page reaches Django. Half answer, in a copy."""
    slug = on_postgres.make_game("puzzle", {"accepted": ["x"]}, codes=3)
    share = ("--game", slug, "--answer-share", "0.5")
    done = rehearse(on_postgres, "--players", "24", "--json", *share)
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["promises"][0]["measured"] == (
        "1 per player, 24 to Django; no nginx in front"
    )
    assert found["promises"][0]["passed"] is False
    assert found["phases"]["answers"]["took"]["count"] == 12
    given = "Code.objects.filter(pool__game__slug=given['slug']).exclude(player=None)"
    assert on_postgres.run(f"out = {given}.count()", slug=slug) == 0


def test_more_players_than_one_address_may_hold_is_said_beforehand(
    on_postgres: Stack,
) -> None:
    done = rehearse(on_postgres, "--players", "4001")
    assert done.returncode == 1
    assert "Start the site and the rehearsal with VENUE_SIZE=1001." in done.stderr


def test_a_stopped_rehearsal_leaves_nothing_behind(on_postgres: Stack) -> None:
    before = left_behind(on_postgres)
    stopped = subprocess.Popen(
        [sys.executable, "manage.py", "rehearse", on_postgres.url(""), "--ramp", "60"],
        env=on_postgres.env,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    on_postgres.run(
        "import time\n"
        "while not Game.objects.filter(slug__startswith='rehearsal-', state='OPEN'):\n"
        "    time.sleep(0.05)"
    )
    stopped.send_signal(signal.SIGINT)
    _out, said = stopped.communicate(timeout=60)
    assert stopped.returncode == 130, said
    assert "All that it made is removed" in said
    assert left_behind(on_postgres) == before


def test_where_nothing_answers_it_says_what_to_do(on_postgres: Stack) -> None:
    env = {**os.environ, **on_postgres.env}
    address = f"http://127.0.0.1:{free_port()}"
    done = subprocess.run(
        [sys.executable, "manage.py", "rehearse", address],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "make serve" in done.stderr


# The figures


def test_percentiles_are_of_the_nearest_rank() -> None:
    hundred = [place / 1000 for place in range(100, 0, -1)]
    assert percentile(hundred, 0.5) == 0.050
    assert percentile(hundred, 0.99) == 0.099
    assert percentile(hundred, 1.0) == 0.100
    assert percentile([3.0], 0.5) == 3.0
    assert percentile([], 0.99) == 0.0
    assert summary([0.001, 0.002]) == {
        "count": 2,
        "p50": 1.0,
        "p95": 2.0,
        "p99": 2.0,
        "max": 2.0,
    }


def test_a_tally_is_late_by_the_first_to_hear_it_anywhere() -> None:
    workers = [{"tallies": {7: [10.0, 10.5]}}, {"tallies": {7: [9.5], 8: [11.0]}}]
    assert sorted(tally_delays(workers)) == [0.0, 0.0, 0.5, 1.0]


def test_plots_are_drawn_to_scale() -> None:
    svg = ElementTree.fromstring(plot({"a & b": [0.2, 0.1]}, bound=0.4))
    (curve,) = svg.findall("{*}polyline")
    (_x1, y1), (_x2, y2) = (
        [float(number) for number in point.split(",")]
        for point in curve.attrib["points"].split()
    )
    assert y1 > y2  # sorted: the slowest last, and higher up
    assert [nice(ms) for ms in (0.4, 9, 11, 850, 1200)] == [1, 10, 20, 1000, 2000]


def test_addresses_are_read() -> None:
    assert Address.parse("https://play.example").netloc == "play.example"
    assert Address.parse("http://127.0.0.1:8080/").origin == "http://127.0.0.1:8080"
    with pytest.raises(ValueError, match="no address"):
        Address.parse("play.example")


def test_a_response_is_read_as_far_as_it_came() -> None:
    assert parse(b"HTTP/1.1 200 OK\r\nX-Cache: HIT\r\n\r\n<html>", 1.0).cache == "hit"
    assert parse(b"", 1.0).status == 0


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nX: 1\r\n\r\n<html>", True),
        (b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<htm", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n", False),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>", False),
    ],
)
def test_a_response_has_come_with_its_last_byte(said: bytes, whole: bool) -> None:
    assert is_whole(said) == whole


@pytest.mark.parametrize("into", [False, True])
def test_what_comes_is_timed_when_it_comes_and_not_when_it_is_read(into: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = Address.parse(f"http://127.0.0.1:{server.getsockname()[1]}")
        with start_connecting(address) as ours, server.accept()[0] as theirs:
            theirs.sendall(b"first")
            select.select([ours], [], [])
            before_it_is_read = time.time()
            said = bytearray(5)
            if into:
                assert ours.recv_into(said) == 5
            else:
                said[:] = ours.recv(100)
            assert said == b"first"
            if sys.platform == "linux":
                assert 0 < ours.received_at <= before_it_is_read


@pytest.mark.parametrize(
    ("command", "ours"),
    [
        ("python -m daphne -e unix:/srv/run/daphne-0.sock:mode=660 gameproject", False),
        ("daphne -e unix:/srv/run/d.sock gameproject.asgi:application", True),
        ("daphne -e tcp:port=8001:interface=x gameproject.asgi:application", True),
        ("daphne -e tcp:port=18001 gameproject.asgi:application", False),
        ("daphne -p 8001 gameproject.asgi:application", True),
    ],
)
def test_the_daphnes_of_an_address_are_found(command: str, ours: bool) -> None:
    assert serves(command, "unix:/srv/", 8001) == ours
