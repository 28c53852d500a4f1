"""No pattern or parser over a client's bytes takes more than linear time.

Sixteen times the bytes may take 64 times as long: four times of what linear is, a
quarter of what quadratic is. A time is this thread's own, and the least of several.
"""

import ast
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import django.core.exceptions
import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from batch.api import ReadRequestIn
from core.addresses import client_address
from core.calendars import YEAR, in_common_era
from core.http_cache import GZIP, takes_gzip
from core.origins import is_ours
from core.paging import Page
from core.rates import WRITTEN
from core.refusals import Refused
from gameproject.boundary import DOTS, UNREADABLE
from gameproject.ops.upgrades import HANDSHAKE, handshake_in
from gameproject.sign_in_line import ID
from gameproject.urls import urlpatterns
from gameproject.waiting import CHECKS, SHARED
from games.api import Slug
from games.kinds.choice import VERSION, order_in
from games.models.game import slug_validator
from games.paging import GamesPage
from games.tables.cells import SPOILED
from live.consumer import check_command, read_frame, session_key_of
from tests.modules import ROOT
from users.names import AM
from users.pages import next_page
from users.session_store import KEY, is_key

APPS = (
    *("answers", "batch", "checkins", "core", "games", "gameproject", "live"),
    "users",
)
SMALL, LARGE, MOST = 256, 4096, 64  # repetitions, and how much longer it may take
FEW, MORE = 6, 16  # repetitions that show a pattern whose time doubles with each


class Sluggish(BaseModel):
    slug: Slug


def is_place(text: str) -> None:
    ID.fullmatch(text.encode(errors="ignore"))


def is_slug(text: str) -> None:
    with suppress(django.core.exceptions.ValidationError):
        slug_validator(text)


def resolved(text: str) -> None:
    for pattern in urlpatterns:
        pattern.pattern.match(text)


# Each pattern in our modules, with what clients may have it look at. One that sees
# only what we or staff write is listed with nothing.
PATTERNS: dict[tuple[str, str], Callable[[str], Any] | None] = {
    ("games/models/game.py", r"^[a-z0-9]+(-[a-z0-9]+)*$"): is_slug,
    ("games/api.py", r"^[a-z0-9-]*$"): lambda text: Sluggish(slug=text),
    ("batch/api.py", r"^[a-z0-9-]*$"): lambda text: ReadRequestIn(type="game", id=text),
    ("games/paging.py", r"^([0-5]-[0-9]{1,18})?$"): lambda text: GamesPage(cursor=text),
    ("core/paging.py", r"^[0-9]{0,18}$"): lambda text: Page(cursor=text),
    ("gameproject/urls.py", r"^media/pictures/(?P<name>[0-9a-f]{20}[^/]*\.webp)$"): (
        resolved
    ),
    ("gameproject/ops/upgrades.py", HANDSHAKE.pattern.decode()): (
        lambda text: HANDSHAKE.fullmatch(text.encode())
    ),
    **{
        ("users/names.py", pattern.pattern): pattern.search
        for pattern in AM  # what was put in shape before
    },
    ("games/kinds/number.py", r"^[0-9]*$"): None,  # what staff typed
    ("core/calendars.py", YEAR.pattern): in_common_era,
    ("core/rates.py", WRITTEN.pattern): None,  # settings
    ("users/session_store.py", KEY.pattern): is_key,
    ("gameproject/boundary.py", UNREADABLE.pattern): UNREADABLE.search,
    ("gameproject/boundary.py", DOTS.pattern): DOTS.search,
    ("core/http_cache.py", GZIP.pattern): GZIP.search,
    ("games/tables/cells.py", SPOILED.pattern): SPOILED.fullmatch,  # what staff upload
    ("gameproject/asgi.py", ""): None,
    ("gameproject/asgi.py", r"/games/(?P<slug>[a-z0-9-]{1,60})/join/"): None,
    ("gameproject/asgi.py", r"/api/answers"): None,
    ("gameproject/asgi.py", r"/api/checkins"): None,
    ("gameproject/asgi.py", r"/api/redemptions"): None,
    ("gameproject/asgi.py", r"/(?:api/)?batch"): None,
    ("gameproject/asgi.py", r"/me/"): None,
    ("gameproject/waiting.py", CHECKS.pattern): CHECKS.fullmatch,
    ("gameproject/waiting.py", SHARED.pattern): SHARED.fullmatch,
    ("gameproject/sign_in_line.py", ID.pattern.decode()): is_place,
    ("gameproject/ops/nginx.py", "@([A-Z_]+)@"): None,  # our own templates
    # What a deployer writes.
    ("gameproject/variables.py", r"\s*\S.*"): None,
    ("gameproject/variables.py", r"https?://[\w.:\[\]-]+"): None,
    ("gameproject/variables.py", r"\*|\.?[\w-]+(\.[\w-]+)*|\[[0-9a-fA-F:.]+\]"): None,
    ("gameproject/variables.py", r"(redis|rediss|unix)://\S+|"): None,
    ("gameproject/variables.py", r"[\w-]+"): None,
    ("gameproject/variables.py", r"https?://[\w.:/\[\]-]+|"): None,
    ("games/kinds/choice.py", VERSION.pattern): lambda text: order_in(text, "1"),
}
# A rehearsal is a client itself.
NOT_SERVED = "gameproject/loadtest/"


def patterns_in(source: str) -> Iterator[str]:
    """Every pattern in a source: of `re`, of validators, fields and routes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called.startswith("re.") or called in ("RegexValidator", "re_path"):
                yield constant(node.args[0])
            yield from (constant(k.value) for k in node.keywords if is_pattern(k))


def is_pattern(keyword: ast.keyword) -> bool:
    return keyword.arg in ("pattern", "regex")


def constant(node: ast.expr) -> str:
    value = ast.literal_eval(node)
    return value.decode() if isinstance(value, bytes) else value


def test_every_pattern_of_ours_is_listed_here() -> None:
    found = {
        (name, pattern)
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if not (name := str(path.relative_to(ROOT))).startswith(NOT_SERVED)
        if "/migrations/" not in name
        for pattern in patterns_in(path.read_text(encoding="utf-8"))
    }
    assert found == PATTERNS.keys()


# Parsers of what clients send, as they stand behind nginx or alone


def asked(**meta: str) -> HttpRequest:
    return RequestFactory().get("/", **meta)


def posted(text: str) -> HttpRequest:
    return RequestFactory().post("/login/", {"next": text})


PARSERS: dict[str, Callable[[str], Any]] = {
    "handshake": lambda text: handshake_in(text.encode()),
    "frame": read_frame,
    "command": lambda text: check_command({"type": text, "id": text}),
    "type": lambda text: check_command({"type": text, "id": str(uuid4())}),
    "session": lambda text: session_key_of({"headers": [(b"cookie", text.encode())]}),
    "origin": lambda text: is_ours(text, text[::-1]),
    "gzip": lambda text: takes_gzip(asked(HTTP_ACCEPT_ENCODING=text)),
    "next": lambda text: next_page(posted(text)),
    "address": lambda text: client_address(asked(HTTP_X_REAL_IP=text)),
}

# nginx's own, with PCRE; of those in use here Python's take the same steps.
NGINX = sorted(
    {
        found[1] or found[2]
        for path in (ROOT / "deploy/nginx").glob("*.conf")
        for found in re.finditer(r'"~\*?(.+?)"|location ~\*? (.+) {', path.read_text())
    }
    | {
        found[1]
        for path in (ROOT / "deploy/nginx").glob("*.conf")
        for found in re.finditer(r"^ +~\*?(\^\S+)", path.read_text(), re.M)
    }
)


def as_python(pattern: str) -> re.Pattern[str]:
    """A pattern of nginx's; Python writes the names of its parts in another way."""
    return re.compile(re.sub(r"\(\?<(\w+)>", r"(?P<\1>", pattern), re.IGNORECASE)


CLIENTS = {
    **{
        f"{name} {pattern}": act
        for (name, pattern), act in PATTERNS.items()
        if act is not None
    },
    **PARSERS,
    **{f"nginx {pattern}": as_python(pattern).search for pattern in NGINX},
}

# What patterns may stumble over: their own letters, and whatever ends a part of them.
PIECES = [
    *"aA0-_:;=,.?/ \"'\\{[\x80é",
    *("\r\n", "a: b\r\n", "a:\r\n", "Upgrade: websocket\r\n", "en,", "th;q=0.1,", "a-"),
    *("gzip", "gzip;q=0,", ".0123456789ab", "a=b; ", 'a="\\', "[[", '{"a":', "%41"),
    *("\u0e4d\u0e48", "\u0ecd", "/games/a", "1", "0-1", "//", "\t"),
]
HEADS = [
    *("", "/", "GET /", "GET /?", "GET / HTTP/1.1\r\n", '"', '{"a":"', "sessionid="),
    *("GET / HTTP/1.1\r\nUpgrade: websocket\r\n", "media/pictures/", "/games/", "en"),
    "http://",
]
TAILS = ["", "\r\n\r\n", "z: \x80\r\n\r\n", "\x00", "!", '"', ".webp", "/", ".css!"]


def seconds(act: Callable[[str], Any], text: str) -> float:
    """The least that it takes, of some runs: the machine may be busy."""
    spent = []
    for _run in range(5):
        began = time.thread_time_ns()
        for _time in range(3):
            with suppress(Refused, ValidationError, ValueError):
                act(text)
        spent.append(time.thread_time_ns() - began)
    return min(spent)


def grows(act: Callable[[str], Any], head: str, unit: str, tail: str) -> float:
    """How many times as long 16 times as many units take.

    First a few: a pattern whose time doubles with each never comes to the many.
    """

    def spent(times: int) -> float:
        return seconds(act, head + unit * times + tail) + FLOOR

    few = spent(MORE) / spent(FEW)
    return few if few > MOST else spent(LARGE) / spent(SMALL)


FLOOR = 2_000  # ns, which a clock may miss


@pytest.mark.parametrize("name", CLIENTS)
@example(
    head="GET / HTTP/1.1\r\nUpgrade: websocket\r\n",
    unit="a: b\r\n",
    tail="z: \x80\r\n\r\n",
)
@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(
    head=st.sampled_from(HEADS),
    unit=st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map("".join),
    tail=st.sampled_from(TAILS),
)
def test_sixteen_times_the_bytes_take_not_many_times_as_long(
    name: str, head: str, unit: str, tail: str
) -> None:
    assert grows(CLIENTS[name], head, unit, tail) <= MOST


@pytest.mark.parametrize(
    ("pattern", "unit", "tail"),
    [
        (r"(?:a+)+!", "a", ""),
        (r"(?:[-\w]+: ?[ -~]*\r\n)+\r\n", "a: b\r\n", "z: \x80\r\n\r\n"),
        (r"a*a*!", "a", ""),
    ],
)
def test_pattern_that_takes_more_would_be_found(
    pattern: str, unit: str, tail: str
) -> None:
    assert grows(re.compile(pattern).match, "", unit, tail) > MOST
