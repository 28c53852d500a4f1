"""HTTP requests as a browser sends them: cookies, forms, JSON, and what comes back."""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPResponse
from io import BytesIO
from typing import Any, BinaryIO
from urllib.parse import urlencode

from gameproject.loadtest.client import STATUS, send_request
from gameproject.loadtest.plan import Address

SET_COOKIE = re.compile(rb"^Set-Cookie: ([^=;\s]+)=([^;\r]*)", re.I | re.M)
WITHIN = 60.0  # seconds for a response


@dataclass(frozen=True)
class Response:
    """What came, and when the last byte did, in seconds since 1970."""

    received: bytes
    ended: float

    @cached_property
    def status(self) -> int:
        """0: none came."""
        found = STATUS.match(self.received)
        return int(found[1]) if found else 0

    @property
    def cookies(self) -> dict[str, str]:
        head = self.received.partition(b"\r\n\r\n")[0]
        return {name.decode(): text.decode() for name, text in SET_COOKIE.findall(head)}

    def json(self) -> Any:
        response = HTTPResponse(Received(self.received))  # type: ignore[arg-type]
        response.begin()
        body = response.read()
        packed = response.headers.get("Content-Encoding") == "gzip"
        return json.loads(gzip.decompress(body) if packed else body)


class Received:
    """Bytes that came already, as `http.client` wants to read them."""

    def __init__(self, received: bytes) -> None:
        self.received = received

    def makefile(self, _mode: str) -> BinaryIO:
        return BytesIO(self.received)


async def get(address: Address, path: str, cookies: Mapping[str, str]) -> Response:
    head = lines(f"GET {path}", address, cookies)
    return Response(*await send_request(address, written(head, b""), WITHIN))


async def post_json(
    address: Address, path: str, cookies: Mapping[str, str], body: Any
) -> Response:
    """A write by a page of ours: with the origin and the session's CSRF token."""
    head = lines(f"POST {path}", address, cookies)
    head["X-CSRFToken"] = cookies.get("csrftoken", "")
    head |= {"Origin": address.origin, "Content-Type": "application/json"}
    sent = written(head, json.dumps(body).encode())
    return Response(*await send_request(address, sent, WITHIN))


async def post_form(
    address: Address, path: str, cookies: Mapping[str, str], fields: Mapping[str, str]
) -> Response:
    """A form of a page of ours: with the origin, as every browser sends it."""
    head = lines(f"POST {path}", address, cookies)
    head["Content-Type"] = "application/x-www-form-urlencoded"
    head["Origin"] = address.origin
    sent = written(head, urlencode(fields).encode())
    return Response(*await send_request(address, sent, WITHIN))


def lines(first: str, address: Address, cookies: Mapping[str, str]) -> dict[str, str]:
    """The request line under an empty name, and the headers of every request."""
    head = {"": f"{first} HTTP/1.1", "Host": address.netloc, "Connection": "close"}
    head["Accept-Encoding"] = "gzip"
    if cookies:
        head["Cookie"] = "; ".join(f"{name}={text}" for name, text in cookies.items())
    return head


def written(head: Mapping[str, str], body: bytes) -> bytes:
    length = {"Content-Length": str(len(body))} if body else {}
    first, *rest = {**head, **length}.items()
    named = "".join(f"{name}: {text}\r\n" for name, text in rest)
    return f"{first[1]}\r\n{named}\r\n".encode() + body
