"""Of a request's headers only those on a list are believed, and each once."""

import re
from pathlib import Path
from typing import Any

import channels
import daphne
import django
import django_ratelimit
import ninja
import pytest
import servestatic
from django.conf import LazySettings

from core.addresses import first_address
from gameproject.boundary import FROM_ANYBODY, FROM_PROXY, JOINED, ONCE, Boundary
from tests.attacks.wire import exchange, request
from tests.conftest import SETTINGS
from tests.fronted import Fronted
from tests.stack import Stack

EVIL = "//evil.example"
READERS = (django, channels, daphne, ninja, servestatic, django_ratelimit)
# What proxies and servers are known to say, whoever reads it.
KNOWN = {
    *("daphne-root-path", "forwarded", "x-forwarded-for", "x-forwarded-host"),
    *("x-forwarded-port", "x-forwarded-prefix", "x-forwarded-server", "x-script-name"),
    *("x-forwarded-ssl", "x-forwarded-protocol", "x-http-method-override"),
    *("x-original-url", "x-rewrite-url", "x-host", "x-client-ip", "cf-connecting-ip"),
    *("true-client-ip", "script-name", "remote-addr", "remote-user", "proxy"),
    *("x-accel-redirect", "x-sendfile", "server-name", "server-port", "path-info"),
}
ENDS = {"client": ["10.0.0.1", 1], "server": ["localhost", 80]}
# What these are for, Twisted and nginx see to.
OF_THE_PROTOCOL = {"transfer-encoding", "content-length", "connection", "expect"}


def names_read() -> set[str]:
    """Every header whose name stands in the source of what reads a request here."""
    names = set(KNOWN)
    for module in READERS:
        for path in Path(module.__path__[0]).rglob("*.py"):
            text = path.read_text()
            names |= set(re.findall(r"\bHTTP_([A-Z][A-Z_]+)\b", text))
            names |= set(re.findall(r"[\"']((?:X-|Daphne-)\w+(?:-\w+)*)[\"']", text))
    return {name.lower().replace("_", "-") for name in names} - OF_THE_PROTOCOL


def text(names: Any) -> set[str]:
    return {name.decode() for name in names}


LEFT_OUT = names_read() - text(FROM_ANYBODY)


def test_the_sources_name_what_they_read() -> None:
    assert {"x-forwarded-host", "x-forwarded-proto", "daphne-root-path"} <= LEFT_OUT
    assert {"accept-language", "if-none-match", "referer"} <= names_read() - LEFT_OUT


async def admitted(*headers: tuple[bytes, bytes], **fields: Any) -> Any:
    """What the application is given of such a request; None if it isn't asked."""
    seen: list[dict[str, Any]] = []

    async def application(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope)

    async def send(_message: Any) -> None: ...

    scope = {
        "type": "http",
        "path": "/",
        "query_string": b"",
        "client": ["10.0.0.1", 1],
    }
    named = {"headers": list(headers), "server": ["localhost", 80]}
    await Boundary(application)({**scope, **named, **fields}, None, send)
    return seen[0] if seen else None


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("trusted", [False, True])
async def test_nothing_else_reaches_the_application(
    settings: LazySettings, kind: str, trusted: bool
) -> None:
    settings.TRUST_PROXY = trusted
    known = LEFT_OUT | text(FROM_ANYBODY)
    sent = [(name.encode(), b"localhost") for name in known]
    arrived = await admitted(*sent, type=kind, root_path="/x")
    names = {name for name, _value in arrived["headers"]}
    assert names == (FROM_ANYBODY | FROM_PROXY if trusted else FROM_ANYBODY)
    assert arrived["root_path"] == ""


@pytest.mark.parametrize(
    ("trusted", "client"), [(True, "192.0.2.7"), (False, "10.0.0.1")]
)
async def test_the_proxy_alone_says_who_asks(
    settings: LazySettings, trusted: bool, client: str
) -> None:
    settings.TRUST_PROXY = trusted
    arrived = await admitted((b"x-real-ip", b"192.0.2.7"))
    assert arrived["client"][0] == client


@pytest.mark.parametrize("name", sorted(text(ONCE | FROM_PROXY)))
async def test_header_that_stands_twice_is_refused(
    settings: LazySettings, name: str
) -> None:
    settings.TRUST_PROXY = True
    once = (name.encode(), b"localhost")
    assert await admitted(once)
    assert await admitted(once, once) is None


@pytest.mark.parametrize("name", sorted(text(JOINED)))
async def test_header_in_two_parts_is_one(name: str) -> None:
    arrived = await admitted((name.encode(), b"a"), (name.encode(), b"b"))
    whole = b"a; b" if name == "cookie" else b"a, b"
    assert arrived["headers"] == [(name.encode(), whole)]


@pytest.mark.parametrize(
    ("said", "address"),
    [
        (("192.0.2.7", "10.0.0.1"), "192.0.2.7"),
        (("junk", "10.0.0.1"), "10.0.0.1"),
        (("192.0.2.7, 10.9.9.9", "10.0.0.1"), "10.0.0.1"),
        (("::ffff:192.0.2.7",), "192.0.2.7"),
        (("fe80::1%eth0",), "fe80::1"),
        (("", "unix:"), "127.0.0.1"),
    ],
)
def test_address_is_one_or_not_believed(said: tuple[str, ...], address: str) -> None:
    assert first_address(*said) == address


# The real stack


@pytest.fixture(params=["fronted", "embedded"])
def stack(request: pytest.FixtureRequest) -> Stack:
    return request.getfixturevalue(request.param)


def answered(port: int, path: str, *headers: tuple[str, str]) -> tuple[int, Any, bytes]:
    answer = exchange(port, request(path, *headers))
    clock = ("Date", "Expires")
    said = sorted(item for item in answer.headers.items() if item[0] not in clock)
    return answer.status, said, answer.body


def test_header_that_is_not_on_the_list_has_no_effect(stack: Stack) -> None:
    slug = stack.make_game("puzzle", SETTINGS["puzzle"])
    paths = ("/me/", f"/games/{slug}/", f"/api/games/{slug}", "/metrics", "/static/x")
    usual = {path: answered(stack.ports[0], path) for path in paths}
    assert [usual[path][0] for path in paths] == [302, 200, 200, 403, 404]
    trusted = text(FROM_PROXY) if "TRUST_PROXY" in stack.env else set()
    for name in sorted(LEFT_OUT - trusted):
        for path in paths:
            said = answered(stack.ports[0], path, (name, EVIL))
            assert said == usual[path], (name, path)


@pytest.mark.parametrize(
    "headers",
    [
        (("Host", "localhost"),),
        (("X-Real-IP", "192.0.2.1"), ("X-Real-IP", "192.0.2.2")),
        (("Authorization", "Bearer a"), ("Authorization", "Bearer b")),
        (("Content-Length", "0"), ("Content-Length", "1")),
        (("Content-Type", "text/plain; charset=rot13"),),
        (("Content-Type", "text/plain; charset*=utf-7'en'x"),),
        (("Content-Type", "text/plain" + ';a="' * 500),),
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/games"])
def test_what_can_mean_two_things_is_refused(
    fronted: Fronted, path: str, headers: tuple[tuple[str, str], ...]
) -> None:
    answer = exchange(fronted.ports[0], request(path, *headers))
    assert answer.status == 400
