"""Forms as a browser posts them, one after the other or all in the same moment."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

from tests.stack import Stack

Found = TypeVar("Found")
TOKEN = "c" * 32  # a CSRF token is the browser's word on itself


@dataclass(frozen=True)
class Page:
    """What came back."""

    status: int
    headers: dict[str, str]
    cookies: dict[str, str]
    text: str

    @property
    def session(self) -> str:
        return self.cookies.get("sessionid", "")


def post(
    stack: Stack,
    path: str,
    fields: dict[str, str],
    cookies: dict[str, str] | None = None,
    process: int = 0,
    address: str = "",
) -> Page:
    """`address` is whose the form is, said as a proxy that the stack trusts says it."""
    origin = urlsplit(stack.url(path, process)).netloc
    place = (
        f"127.0.0.1:{stack.ports[process % len(stack.ports)]}" if address else origin
    )
    sent = {"csrftoken": TOKEN, **(cookies or {})}
    headers = {
        "Host": origin,
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": f"http://{origin}",
        "Cookie": "; ".join(f"{name}={value}" for name, value in sent.items()),
    }
    if address:
        headers["X-Real-IP"] = address
    body = urlencode({"csrfmiddlewaretoken": TOKEN, **fields})
    with closing(HTTPConnection(place, timeout=30)) as connection:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        jar: SimpleCookie = SimpleCookie()
        for line in response.headers.get_all("Set-Cookie", []):
            jar.load(line)
        return Page(
            response.status,
            dict(response.headers),
            {name: one.value for name, one in jar.items()},
            response.read().decode(),
        )


def at_once(calls: Sequence[Callable[[], Found]]) -> list[Found]:
    """All these calls in the same moment, a thread each; what they return."""
    together = threading.Barrier(len(calls))

    def call(one: Callable[[], Found]) -> Found:
        together.wait()
        return one()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(call, calls))
