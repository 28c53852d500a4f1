"""Strangers at the doors, many at once: those inside play on, and a venue gets in."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from uuid import uuid4

from tests.conftest import SETTINGS
from tests.forms import Page, at_once, post
from tests.fronted import Fronted
from tests.stack import Stack

PLAYERS = 20
SIGN_UPS = 80


async def nothing() -> None:
    """The run without an attack."""


async def acknowledged(stack: Stack, attack: Callable[[], Awaitable[None]]) -> int:
    """How many of the players inside have their answer kept while this goes on."""
    slug = stack.make_game("puzzle", SETTINGS["puzzle"])
    sessions = stack.make_players(PLAYERS)

    async def play(place: int, began: asyncio.Event) -> bool:
        async with stack.socket(slug, sessions[place], process=place) as player:
            await player.hear("welcome")
            await began.wait()
            replies = [await player.ask("answer", value="mouse") for _time in range(3)]
            return all(reply["type"] == "answer" for reply in replies)

    began = asyncio.Event()
    players = [asyncio.create_task(play(place, began)) for place in range(PLAYERS)]
    attacking = asyncio.create_task(attack())
    began.set()
    kept = sum(await asyncio.gather(*players))
    await attacking
    return kept


def sign_up(stack: Stack, place: int) -> Page:
    fields = {"name": uuid4().hex, "password": "correct horse"}
    return post(stack, "/signup/", fields, process=place)


def most_memory(stack: Stack) -> float:
    """The MiB that the largest of the daphnes has had at once."""
    files = [Path(f"/proc/{one.pid}/status").read_text() for one in stack.daphnes]
    found = [re.search(r"VmHWM:\s+(\d+) kB", text) for text in files]
    return max(int(match[1]) for match in found if match) / 1024


async def test_rush_of_sign_ups_leaves_players_their_answers(
    on_postgres: Stack,
) -> None:
    statuses: Counter[int] = Counter()

    async def attack() -> None:
        calls = [partial(sign_up, on_postgres, place) for place in range(SIGN_UPS)]
        pages = await asyncio.to_thread(at_once, calls)
        statuses.update(page.status for page in pages)

    assert await acknowledged(on_postgres, nothing) == PLAYERS
    before = most_memory(on_postgres)
    assert await acknowledged(on_postgres, attack) == PLAYERS
    assert statuses == {302: SIGN_UPS}
    assert most_memory(on_postgres) - before < 100


def join(stack: Fronted, slug: str, address: str, place: int) -> Page:
    fields = {"nickname": uuid4().hex[:20]}
    return post(stack, f"/games/{slug}/join/", fields, {}, place, address)


def test_three_thousand_join_from_one_address_and_no_more(fronted: Fronted) -> None:
    slug = fronted.make_game("puzzle", SETTINGS["puzzle"])
    venue, elsewhere = "198.51.100.7", "198.51.100.8"
    fronted.run(
        "from core.rate_limits import of_address\n"
        "out = of_address('joins').take(given['address'], n=2990)",
        address=venue,
    )
    calls = [partial(join, fronted, slug, venue, place) for place in range(30)]
    pages = at_once(calls)
    assert Counter(page.status for page in pages) == {302: 10, 429: 20}
    assert all("Retry-After" in page.headers for page in pages if page.status == 429)
    assert join(fronted, slug, elsewhere, 0).status == 302
    guests = fronted.run(
        "out = Guest.objects.filter(game__slug=given['slug']).count()", slug=slug
    )
    assert guests == 11


WRONG = 80  # at once
PASSWORD = "correct horse"


def sign_in(
    stack: Fronted,
    name: str,
    place: int = 0,
    *,
    address: str,
    password: str = PASSWORD,
    path: str = "/login/",
    device: str = "",
) -> Page:
    fields = {"username": name, "password": password}
    cookies = {"device": device} if device else {}
    return post(stack, path, fields, cookies, place, address)


def make_accounts(stack: Stack) -> tuple[str, str]:
    """A member of staff and a player; their names."""
    names = [uuid4().hex, uuid4().hex]
    stack.run(
        "staff, player = given['names']\n"
        "Player.objects.create_superuser(staff, given['password'])\n"
        "Player.objects.create_user(player, given['password'])",
        names=names,
        password=PASSWORD,
    )
    return names[0], names[1]


def test_wrong_passwords_at_once_are_few_and_lock_nobody_else_out(
    fronted: Fronted,
) -> None:
    """Carol signed in before, bob never did; mallory sits in the same venue."""
    carol, bob = make_accounts(fronted)
    venue, elsewhere = "203.0.113.7", "203.0.113.8"
    staff = {"path": "/admin/login/", "address": venue}
    known = sign_in(fronted, carol, **staff).cookies["device"]
    began = time.monotonic()
    wrong = partial(sign_in, fronted, carol, address=venue, password="wrong")
    pages = at_once([partial(wrong, place) for place in range(WRONG)])
    came_back = (time.monotonic() - began) // 30
    tried = [page.status for page in pages].count(200)
    assert 10 <= tried <= 10 + came_back
    assert {page.status for page in pages} == {200, 429}
    fronted.run(
        "from users.throttle import address_limit\n"
        "out = address_limit().take(given['address'], n=300 - given['tried'])",
        address=venue,
        tried=tried,
    )
    assert sign_in(fronted, carol, **staff, device=known).status == 302
    assert sign_in(fronted, carol, address=elsewhere).status == 302
    assert sign_in(fronted, bob, address=venue).status == 302
