"""nginx as it runs in production, before two daphnes or before an echo."""

import getpass
import html
import itertools
import json
import os
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

from gameproject.ops.nginx import Site, command, render
from gameproject.ops.serving import daphne
from gameproject.ops.supervisor import Child
from tests.stack import REDIS, ROOT, Stack, free_port, fresh_database


def site_in(folder: Path, **fields: Any) -> Site:
    """A site all in one folder, on a free port."""
    return Site(
        conf=folder / "conf",
        run=folder,
        logs=folder,
        static=folder / "static",
        media=folder / "media",
        listen=f"127.0.0.1:{free_port()}",
        user=getpass.getuser() if os.getuid() == 0 else "",
        **fields,
    )


@contextmanager
def nginx(site: Site) -> Iterator[Child]:
    child = Child("nginx", command(render(site)), site.logs)
    child.start()
    child.wait_until(("127.0.0.1", int(site.listen.rpartition(":")[2])))
    yield child
    child.stop()


class Fronted(Stack):
    """The stack as players reach it: through nginx."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.site = site_in(folder)
        origin = f"http://{self.site.listen}"
        super().__init__(folder, 2, TRUST_PROXY="true", PUBLIC_ORIGINS=origin, **env)

    def _serve(self, port: int) -> "subprocess.Popen[bytes]":
        socket = self.site.socket(self.ports.index(port))
        module, name, *rest = daphne(f"unix:{socket}:backlog=4096")
        beside = ("-e", f"tcp:port={port}:interface=127.0.0.1")  # for the tests' eyes
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, module, name, *beside, *rest],
                env=self.env,
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    def url(self, path: str, process: int = 0) -> str:
        return f"http://{self.site.listen}{path}"


@contextmanager
def fronted_stack(folder: Path) -> Iterator[Fronted]:
    with fresh_database() as url:
        stack = Fronted(folder, DATABASE_URL=url, REDIS_URL=REDIS)
        stack.start()
        with nginx(stack.site):
            yield stack
        stack.stop()


SLOW_SECONDS = 0.3  # for what is asked under /games/slow/
serial = itertools.count()


class Echo(socketserver.BaseRequestHandler):
    """Says what it was asked, as JSON; sets a cookie, as no shared page should.

    No two answers are the same.
    """

    def handle(self) -> None:
        said = b""
        while b"\r\n\r\n" not in said:
            said += self.request.recv(65536)
        first, *lines = said.partition(b"\r\n\r\n")[0].decode("latin1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
        if "/games/slow/" in first:
            time.sleep(SLOW_SECONDS)
        said_back = {"asked": first, "headers": headers, "serial": next(serial)}
        body = json.dumps(said_back).encode()
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
            "Set-Cookie: sessionid=secret\r\nVary: Accept-Language, Cookie\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.request.sendall(head.encode() + body)


class EchoServer(socketserver.ThreadingUnixStreamServer):
    request_queue_size = 1024
    daemon_threads = True


@contextmanager
def echo(folder: Path, **fields: Any) -> Iterator[Site]:
    """nginx before a server that says what reached it."""
    site = site_in(folder, daphnes=1, **fields)
    with EchoServer(str(site.socket(0)), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with nginx(site):
            yield site
        server.shutdown()


class Answer:
    """A response, read whole."""

    def __init__(self, response: HTTPResponse) -> None:
        self.status, self.headers = response.status, response.headers
        self.body = response.read()

    @property
    def text(self) -> str:
        return html.unescape(self.body.decode())

    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    site: Site, path: str, method: str = "GET", body: bytes = b"", **headers: str
) -> Answer:
    """One request; `accept_language=…` stands for the header of that name."""
    connection = HTTPConnection(site.listen, timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body or None, named)
    try:
        return Answer(connection.getresponse())
    finally:
        connection.close()
