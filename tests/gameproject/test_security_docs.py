"""docs/security.md is true: its tables are compared with the code."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from gameproject import boundary
from gameproject.ops import bounds, nginx
from gameproject.ops.serving import MAX_MESSAGE
from gameproject.ops.stopping import END_SECONDS
from games.models import Game
from tests.conftest import PASSWORD
from tests.modules import ROOT
from users import throttle
from users.auth import MAX_BODY
from users.models import Player

TEXT = (ROOT / "docs/security.md").read_text()
EXAMPLES = (ROOT / "deploy/env.example").read_text()
PAGES = [
    "/",
    "/games/{slug}/",
    "/login/",
    "/api/games",
    "/api/answers",
    "/admin/login/",
]


def table(heading: str) -> Iterator[list[str]]:
    """The rows of the table under a heading, without marks."""
    part = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in part.splitlines() if line.startswith("|")]
    for row in rows[2:]:
        yield [cell.strip().strip("`") for cell in row.strip("|").split("|")]


@pytest.mark.parametrize("page", PAGES)
def test_headers_are_those_written(
    client: Client, make_game: Callable[..., Game], page: str
) -> None:
    answer = client.get(page.format(slug=make_game().slug))
    assert [[name, answer.headers.get(name)] for name, _ in table("Headers")] == list(
        table("Headers")
    )


def test_cookies_are_those_written(client: Client, alice: Player) -> None:
    form = {"username": "Alice", "password": PASSWORD}
    cookies = client.post("/login/", form).cookies
    found = {
        name: ["yes" if cookie["httponly"] else "no", cookie["samesite"]]
        for name, cookie in cookies.items()
    }
    assert found == {name: flags for name, _what, *flags in table("Cookies")}


def test_limits_are_those_of_the_settings() -> None:
    written = {setting: default for _what, setting, default in table("Limits")}
    explained = dict(re.findall(r"^#(\w+)=(.*)$", EXAMPLES, re.MULTILINE))
    limits = {
        name: value
        for name, value in explained.items()
        if name.startswith(("LIMIT_", "SIGN_IN_FAILURES", "SOCKETS_"))
    }
    by_venue = {name for name, value in limits.items() if not value}
    assert {name for name in written if "VENUE_SIZE" in written[name]} == by_venue
    assert {name: written[name] for name in limits.keys() - by_venue} == {
        name: limits[name] for name in limits.keys() - by_venue
    }


def test_bounds_without_a_setting_are_those_written() -> None:
    flat = " ".join(TEXT.split())
    for said in (
        f"at most {MAX_BODY >> 10} KiB under the API",
        f"{bounds.MAX_BODY >> 20} MiB under `/admin/`",
        f"and {boundary.MAX_BODY >> 20} MiB elsewhere",
        f"{nginx.VENUES_AT_ONCE} × `VENUE_SIZE` requests",
        f"keeps {throttle.SPARE} for each account",
    ):
        assert said in flat


def test_bounds_of_our_server_are_those_written() -> None:
    mebi, kibi = 1 << 20, 1 << 10
    assert [bound for _what, bound in table("What only our server bounds")] == [
        f"{bounds.FRAMES_AT_ONCE}",
        f"{bounds.FRAMES_A_SECOND}",
        f"{bounds.MAX_BACKLOG // mebi} MiB",
        f"{bounds.MAX_AHEAD // kibi} KiB",
        f"{MAX_MESSAGE // kibi} KiB",
        f"{bounds.MAX_BODY // mebi} MiB",
        f"{bounds.ARRIVAL_SECONDS:.0f} s",
        f"{bounds.GOODBYE_SECONDS:.0f} s",
        f"{END_SECONDS:.0f} s",
    ]
