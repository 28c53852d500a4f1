"""The product as it runs: real daphnes on a database of their own, and real clients."""

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gameproject.ops.serving import daphne
from tests.prepared import POSTGRES as POSTGRES
from tests.prepared import ROOT, copy_sqlite, copy_static_files
from tests.prepared import fresh_database as fresh_database

REDIS = os.environ.get("REDIS_URL", "")

# What runs beside the daphnes, in their settings: staff at work, and the tests' eyes.
STAGE = """
import json, sys, traceback, django
django.setup()
from datetime import timedelta
from django.db import close_old_connections
from django.utils import timezone
from answers.models import *
from answers import results
from games.models import *
from games.states import *
from users.models import *
from users.sessions import open_for
for line in sys.stdin:
    order = json.loads(line)
    names = {**globals(), "given": order["given"], "now": timezone.now(), "out": None}
    try:
        exec(order["code"], names)
        said = {"out": names["out"]}
    except Exception:
        said = {"error": traceback.format_exc()}
    close_old_connections()
    print("OUT" + json.dumps(said), flush=True)
"""


class Stack:
    """Some daphnes that share a database."""

    def __init__(self, folder: Path, processes: int, **env: str) -> None:
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "gameproject.settings",
            "DATA_DIR": str(folder),
            "SECRET_KEY": secrets.token_urlsafe(50),
            "REDIS_PREFIX": f"stack-{uuid4().hex[:8]}",
            "LOG_LEVEL": "WARNING",
            # Several stacks and runs share one server's 100 connections.
            "DB_POOL_MIN": "1",
            "DB_POOL_MAX": "12",
            # A rush from one player is to reach the database, which must hold.
            "LIMIT_CHECKINS": "1000/s",
            **env,
        }
        self.log = folder / "daphne.log"
        self.ports = [free_port() for _process in range(processes)]
        self.daphnes: list[subprocess.Popen[bytes]] = []
        self.expected = 0  # characters of the log that tests brought about

    def start(self) -> None:
        self._prepare()
        self.stage = subprocess.Popen(
            [sys.executable, "-c", STAGE],
            env=self.env,
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.daphnes = [self._serve(port) for port in self.ports]
        for port in self.ports:
            wait_until_served(port)

    def _prepare(self) -> None:
        """What `fresh_database` made is migrated; a file of SQLite is not yet."""
        kind, _colons, path = self.env["DATABASE_URL"].partition(":///")
        if kind == "sqlite":
            copy_sqlite(Path(path))
        if self.env.get("CDN_URL"):
            self.manage("collectstatic", "--noinput", "-v0")
        else:
            copy_static_files(Path(self.env["DATA_DIR"]) / "static")

    def _serve(self, port: int) -> "subprocess.Popen[bytes]":
        endpoint = f"tcp:port={port}:interface=127.0.0.1:backlog=4096"
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *daphne(endpoint)],
                env=self.env,
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        self.stage.communicate()
        for process in self.daphnes:
            process.send_signal(signal.SIGTERM)
        for process in self.daphnes:
            process.wait(20)

    def restart(self, place: int) -> None:
        """SIGKILL one process, and start it again on its port."""
        self.daphnes[place].kill()
        self.daphnes[place].wait()
        self.daphnes[place] = self._serve(self.ports[place])
        wait_until_served(self.ports[place])

    def manage(self, *words: str) -> str:
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(
            command, env=self.env, cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout

    def audit(self) -> None:
        """As `manage.py audit`, by the process that has started already."""
        self.run(
            "from gameproject.management.commands.audit import audit\n"
            "found = [line for one in audit() if one.fails for line in one.lines()]\n"
            "assert not found, found"
        )

    def run(self, code: str, **given: Any) -> Any:
        """Run Python in the stack's own settings; what it assigns to `out`."""
        assert self.stage.stdin
        assert self.stage.stdout
        self.stage.stdin.write(json.dumps({"code": code, "given": given}) + "\n")
        self.stage.stdin.flush()
        while not (line := self.stage.stdout.readline()).startswith("OUT"):
            assert line, "the stage has fallen silent"
        said = json.loads(line[3:])
        assert "error" not in said, said["error"]
        return said["out"]

    # What tests need again and again

    def url(self, path: str, process: int = 0) -> str:
        return f"http://127.0.0.1:{self.ports[process % len(self.ports)]}{path}"

    def make_game(self, kind: str, settings: dict[str, Any], codes: int = 0) -> str:
        """An open game; its slug."""
        return self.run(
            "from uuid import uuid4\n"
            "slug = f'{given[\"kind\"]}-{uuid4().hex[:8]}'\n"
            "game = Game.objects.create(slug=slug, title='A game', "
            "kind=given['kind'], settings=given['settings'])\n"
            "codes = [f'CODE-{game.pk}-{i:04}' for i in range(given['codes'])]\n"
            "if codes: game.pools.create(name='Voucher').add(codes)\n"
            "game.open(now)\n"
            "out = slug",
            kind=kind,
            settings=settings,
            codes=codes,
        )

    def make_players(self, count: int) -> list[str]:
        """Players who are signed in; their session keys."""
        return self.run(
            "from django.contrib.auth.hashers import make_password\n"
            "from uuid import uuid4\n"
            "names = [uuid4().hex for _ in range(given['count'])]\n"
            "players = Player.objects.bulk_create(Player(name=n, name_key=n, "
            "password=make_password(None)) for n in names)\n"
            "out = open_for(players)",
            count=count,
        )

    def logged_errors(self) -> str:
        return "\n".join(
            line
            for line in self.log.read_text()[self.expected :].splitlines()
            if any(word in line for word in ("ERROR", "Traceback", "Exception"))
        )

    def forget_errors(self) -> None:
        """Those so far were brought about on purpose."""
        self.expected = len(self.log.read_text())

    def socket(self, slug: str, session: str = "", process: int = 0) -> "Player":
        address = self.url(f"/ws/games/{slug}/", process).replace("http", "ws", 1)
        return Player(address, session)


class Player:
    """A player's client, speaking the protocol of docs/protocol.md."""

    def __init__(self, address: str, session: str) -> None:
        headers = {"Cookie": f"sessionid={session}"} if session else {}
        self._connecting = connect(
            address, additional_headers=headers, open_timeout=30, max_queue=None
        )
        self.frames: list[dict[str, Any]] = []
        self.ws: ClientConnection

    async def __aenter__(self) -> "Player":
        self.ws = await self._connecting.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._connecting.__aexit__(*error)

    async def hear(
        self, type_: str, within: float = 20, **fields: Any
    ) -> dict[str, Any]:
        """The next frame of this type that has these fields."""
        async with asyncio.timeout(within):
            while True:
                frame = json.loads(await self.ws.recv())
                self.frames.append(frame)
                if frame["type"] == type_ and fields.items() <= frame.items():
                    return frame

    async def end(self) -> int:
        """The code with which the server closes the socket."""
        try:
            await self.hear("nothing")
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006
        raise AssertionError("a frame of no type came")

    async def say(self, frame: Any) -> None:
        await self.ws.send(frame if isinstance(frame, str) else json.dumps(frame))

    async def ask(self, type_: str, **fields: Any) -> dict[str, Any]:
        """Send a command and wait for its one reply."""
        frame = {"type": type_, "id": str(uuid4()), **fields}
        await self.say(frame)
        return await self.reply_to(frame["id"])

    async def reply_to(self, id_: str, within: float = 30) -> dict[str, Any]:
        async with asyncio.timeout(within):
            while True:
                frame = json.loads(await self.ws.recv())
                self.frames.append(frame)
                if frame.get("id") == id_:
                    return frame


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_until_served(port: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")
