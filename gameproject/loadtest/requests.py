"""HTTP requests as a browser sends them, with cookies, forms and JSON."""

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
RESPONSE_SECONDS = 60.0


@dataclass(frozen=True)
class Response:
    """A response, and when its last byte arrived, in s since 1970."""

    received: bytes
    ended: float

    @cached_property
    def status(self) -> int:
        """0: no response."""
        status = STATUS.match(self.received)
        return int(status[1]) if status else 0

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
    """Received bytes, as `http.client` reads them."""

    def __init__(self, received: bytes) -> None:
        self.received = received

    def makefile(self, _mode: str) -> BinaryIO:
        return BytesIO(self.received)


async def get(address: Address, path: str, cookies: Mapping[str, str]) -> Response:
    head = headers(f"GET {path}", address, cookies)
    return Response(
        *await send_request(address, serialize(head, b""), RESPONSE_SECONDS)
    )


async def post_json(
    address: Address, path: str, cookies: Mapping[str, str], body: Any
) -> Response:
    """A write by a page of the site: with its origin and the session's CSRF token."""
    head = headers(f"POST {path}", address, cookies)
    head["X-CSRFToken"] = cookies.get("csrftoken", "")
    head |= {"Origin": address.origin, "Content-Type": "application/json"}
    sent = serialize(head, json.dumps(body).encode())
    return Response(*await send_request(address, sent, RESPONSE_SECONDS))


async def post_form(
    address: Address, path: str, cookies: Mapping[str, str], fields: Mapping[str, str]
) -> Response:
    """A form of a page of the site: with its origin, as every browser sends it."""
    head = headers(f"POST {path}", address, cookies)
    head["Content-Type"] = "application/x-www-form-urlencoded"
    head["Origin"] = address.origin
    sent = serialize(head, urlencode(fields).encode())
    return Response(*await send_request(address, sent, RESPONSE_SECONDS))


def headers(first: str, address: Address, cookies: Mapping[str, str]) -> dict[str, str]:
    """The request line under an empty name, and the headers of every request."""
    head = {"": f"{first} HTTP/1.1", "Host": address.netloc, "Connection": "close"}
    head["Accept-Encoding"] = "gzip"
    if cookies:
        head["Cookie"] = "; ".join(f"{name}={text}" for name, text in cookies.items())
    return head


def serialize(head: Mapping[str, str], body: bytes) -> bytes:
    length = {"Content-Length": str(len(body))} if body else {}
    first, *rest = {**head, **length}.items()
    named = "".join(f"{name}: {text}\r\n" for name, text in rest)
    return f"{first[1]}\r\n{named}\r\n".encode() + body
