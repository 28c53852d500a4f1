"""A restart ends, whatever is under way, and takes nothing with it."""

import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from gameproject.ops import supervisor
from tests.fronted import Fronted
from tests.stack import ROOT, Stack, wait_until_served

CLIENTS = 12
LONG = 60  # seconds, after which a process counts as one that never ends
TOKEN = "a" * 32


def body(slug: str) -> dict[str, Any]:
    return {"game": slug, "id": str(uuid4()), "value": f"not {uuid4()}"}


def headers(session: str) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "Cookie": f"sessionid={session}; csrftoken={TOKEN}",
        "X-CSRFToken": TOKEN,
    }


class Crowd:
    """Players who answer without a pause, over HTTP and over sockets."""

    def __init__(self, stack: Stack, slug: str) -> None:
        self.stack, self.slug = stack, slug
        self.acknowledged: list[str] = []
        self.outcomes: Counter[str] = Counter()
        self.over = threading.Event()

    def over_http(self, place: int, session: str) -> None:
        address = urlsplit(self.stack.url("", place)).netloc
        while not self.over.is_set():
            http = HTTPConnection(address, timeout=LONG)
            with suppress(OSError, HTTPException):
                while not self.over.is_set():
                    said = body(self.slug)
                    text = json.dumps(said)
                    http.request("POST", "/api/answers", text, headers(session))
                    response = http.getresponse()
                    reply = json.loads(response.read())
                    self.note(said["id"], reply.get("error", reply))
            http.close()

    def over_socket(self, place: int, session: str) -> None:
        address = self.stack.url(f"/ws/games/{self.slug}/", place)
        cookie = {"Cookie": f"sessionid={session}"}
        while not self.over.is_set():
            with (
                suppress(OSError, ConnectionClosed, HTTPException, EOFError),
                connect(
                    address.replace("http", "ws", 1), additional_headers=cookie
                ) as one,
            ):
                while not self.over.is_set():
                    said = body(self.slug) | {"type": "answer"}
                    del said["game"]
                    one.send(json.dumps(said))
                    while (frame := json.loads(one.recv())).get("id") != said["id"]:
                        pass
                    self.note(said["id"], frame)

    def note(self, id_: str, reply: dict[str, Any]) -> None:
        """Count the reply by its status or the code of its refusal."""
        outcome = reply.get("status") or reply["code"]
        self.outcomes[outcome] += 1
        if outcome == "accepted":
            self.acknowledged.append(id_)

    def wait_for(self, more: int) -> None:
        """Until so many more have been acknowledged."""
        wanted = len(self.acknowledged) + more
        while len(self.acknowledged) < wanted:
            assert not self.over.wait(0.01)


@contextmanager
def crowd(stack: Stack, slug: str) -> Iterator[Crowd]:
    one = Crowd(stack, slug)
    threads = [
        threading.Thread(target=act, args=(place, session))
        for act in (one.over_http, one.over_socket)
        for place, session in enumerate(stack.make_players(CLIENTS))
    ]
    for thread in threads:
        thread.start()
    try:
        yield one
    finally:
        one.over.set()
        for thread in threads:
            thread.join(LONG)


def terminate(stack: Stack) -> list[int]:
    """SIGTERM to all daphnes at once; how they ended."""
    for daphne in stack.daphnes:
        daphne.send_signal(signal.SIGTERM)
    try:
        return [daphne.wait(LONG) for daphne in stack.daphnes]
    finally:
        for daphne in stack.daphnes:
            daphne.kill()
            daphne.wait()
        start_again(stack)


def start_again(stack: Stack) -> None:
    stack.daphnes = [stack._serve(port) for port in stack.ports]
    for port in stack.ports:
        wait_until_served(port)


def kept(slug: str, stack: Stack) -> set[str]:
    return set(
        stack.run(
            "keys = Answer.objects.filter(game__slug=given['slug'])\n"
            "out = [str(key) for key in keys.values_list('key', flat=True)]",
            slug=slug,
        )
    )


def test_every_process_ends_while_answers_come_and_nothing_acknowledged_is_lost(
    stack: Stack,
) -> None:
    slug = stack.make_game("puzzle", {"accepted": ["elephant"]})
    with crowd(stack, slug) as everybody:
        for _time in stack.daphnes:
            everybody.wait_for(CLIENTS)
            assert set(terminate(stack)) == {0}  # and not by force
        everybody.wait_for(CLIENTS)
    assert set(everybody.acknowledged) <= kept(slug, stack)


@contextmanager
def locked(stack: Stack, session: str) -> Iterator[Callable[[], object]]:
    """The player's row, which an answer waits for, until it is let go."""
    player_id = stack.run(
        "from django.contrib.sessions.backends.db import SessionStore\n"
        "out = SessionStore(given['session'])['_auth_user_id']",
        session=session,
    )
    with psycopg.connect(stack.env["DATABASE_URL"]) as database:
        database.execute(
            "SELECT 1 FROM users_player WHERE id = %s FOR UPDATE", [player_id]
        )
        yield database.commit


def until_waiting(stack: Stack) -> None:
    """Until a transaction of the stack's waits for a lock."""
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as database:
        waits = (
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
            "AND datname = current_database()"  # others have theirs
        )
        while not database.execute(waits).fetchall():
            pass


def test_players_behind_nginx_notice_nothing_while_one_process_restarts(
    fronted: Fronted,
) -> None:
    slug = fronted.make_game("puzzle", {"accepted": ["elephant"]})
    with crowd(fronted, slug) as everybody:
        everybody.wait_for(CLIENTS)
        fronted.daphnes[0].send_signal(signal.SIGTERM)
        assert fronted.daphnes[0].wait(LONG) == 0
        everybody.wait_for(CLIENTS)
    fronted.restart(0)
    assert set(everybody.outcomes) <= {"accepted", "rate_limited"}


def test_request_under_way_gets_its_reply(on_postgres: Stack) -> None:
    stack = on_postgres
    slug = stack.make_game("puzzle", {"accepted": ["elephant"]})
    [session] = stack.make_players(1)
    http = HTTPConnection("127.0.0.1", stack.ports[0], timeout=LONG)
    said = body(slug)
    with locked(stack, session) as let_go:
        http.request("POST", "/api/answers", json.dumps(said), headers(session))
        until_waiting(stack)
        stack.daphnes[0].send_signal(signal.SIGTERM)
        while listens(stack.ports[0]):
            pass
        let_go()
    response = http.getresponse()
    assert (response.status, response.headers["Connection"]) == (200, "close")
    assert json.loads(response.read())["id"] == said["id"]
    assert stack.daphnes[0].wait(LONG) == 0
    stack.restart(0)


def listens(port: int) -> bool:
    return supervisor.is_listening(("127.0.0.1", port))


async def test_socket_is_told_of_the_restart_after_its_reply(
    on_postgres: Stack,
) -> None:
    stack = on_postgres
    slug = stack.make_game("puzzle", {"accepted": ["elephant"]})
    [session] = stack.make_players(1)
    async with stack.socket(slug, session) as player:
        await player.hear("welcome")
        with locked(stack, session) as let_go:
            said = {"type": "answer", "id": str(uuid4()), "value": "elephant"}
            await player.say(said)
            until_waiting(stack)
            stack.daphnes[0].send_signal(signal.SIGTERM)
            while listens(stack.ports[0]):
                pass
            let_go()
        assert (await player.reply_to(said["id"]))["status"] == "accepted"
        with pytest.raises(ConnectionClosed):
            await player.hear("nothing more")
        assert player.ws.close_code == 1012
    assert stack.daphnes[0].wait(LONG) == 0
    stack.restart(0)


HANGING = """
import threading
from concurrent.futures import ThreadPoolExecutor
from gameproject.ops import stopping

def waits_for_what_is_gone():
    threading.Event().wait()

stopping.END_SECONDS = 0.5
ThreadPoolExecutor().submit(waits_for_what_is_gone)
stopping.ending(print)("told to end")
"""


def test_process_whose_thread_never_ends_ends_and_says_where_it_hung() -> None:
    command = [sys.executable, "-c", HANGING]
    said = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=LONG
    )
    assert (said.returncode, said.stdout) == (1, "told to end\n")
    assert "waits_for_what_is_gone" in said.stderr
