"""Whoever is let out is out: their sockets end, and their session opens nothing."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.stack import Stack, free_port, fresh_database, wait_until_served

PUZZLE = {"accepted": ["elephant"]}
SIGNED_OUT = 4401
TOKEN = "c" * 32

WAYS = {
    "the session is deleted": "session.delete()",
    "the session is over": "session.expire_date = now; session.save()",
    "a new password": "player.set_password('another one'); player.save()",
    "a ban": "player.ban()",
}
FIND = """
from django.contrib.sessions.models import Session
session = Session.objects.get(session_key=given["session"])
player = Player.objects.get(pk=given["player"])
"""


def sign_out(stack: Stack, session: str) -> None:
    """As the button on the page does."""
    answer = requests.post(
        stack.url("/logout/"),
        {"csrfmiddlewaretoken": TOKEN},
        cookies={"sessionid": session, "csrftoken": TOKEN},
        headers={"Origin": stack.url("")},
        allow_redirects=False,
        timeout=30,
    )
    assert answer.status_code == 302


def is_signed_in(stack: Stack, session: str) -> bool:
    """Whether one's own page opens, and not the one for signing in."""
    answer = requests.get(
        stack.url("/me/"),
        cookies={"sessionid": session},
        allow_redirects=False,
        timeout=30,
    )
    assert answer.status_code in (200, 302)
    return answer.status_code == 200


@pytest.mark.parametrize("way", [*WAYS, "sign-out"])
async def test_socket_ends_with_the_session(stack: Stack, way: str) -> None:
    slug = stack.make_game("puzzle", PUZZLE, codes=2)
    out, other = stack.make_players(2)
    async with (
        stack.socket(slug, out) as alice,
        stack.socket(slug, other, process=1) as bob,
    ):
        me = (await alice.hear("welcome"))["me"]
        await bob.hear("welcome")
        if way == "sign-out":
            sign_out(stack, out)
        else:
            stack.run(FIND + WAYS[way], session=out, player=me["id"])
        assert await alice.end() == SIGNED_OUT
        assert (await bob.ask("answer", value="elephant"))["status"] == "accepted"
    assert not is_signed_in(stack, out)
    assert is_signed_in(stack, other)
    async with stack.socket(slug, out) as alice:
        assert (await alice.hear("welcome"))["me"] is None


async def test_a_session_that_stays_keeps_its_socket(stack: Stack) -> None:
    """Of a player with two, one is deleted; of another, the password is the same."""
    slug = stack.make_game("puzzle", PUZZLE, codes=2)
    [out, stays] = stack.run(
        "player = Player.objects.create_user('Two sessions ' + given['slug'])\n"
        "out = open_for([player, player])",
        slug=slug,
    )
    async with stack.socket(slug, out) as phone, stack.socket(slug, stays) as laptop:
        me = (await phone.hear("welcome"))["me"]
        await laptop.hear("welcome")
        code = FIND + "player.ban(); player.restore(); session.delete()"
        stack.run(code, session=out, player=me["id"])
        assert await phone.end() == SIGNED_OUT
        assert (await laptop.ask("answer", value="elephant"))["status"] == "accepted"


async def test_stranger_with_the_cookie_of_an_ended_session_stays(stack: Stack) -> None:
    """As in a browser that was signed out from elsewhere."""
    slug = stack.make_game("puzzle", PUZZLE)
    out, other = stack.make_players(2)
    stack.run(FIND.split("player")[0] + "session.delete()", session=out)
    async with stack.socket(slug, out) as stranger, stack.socket(slug, other) as bob:
        assert (await stranger.hear("welcome"))["me"] is None
        await bob.hear("welcome")
        for _time in range(2):  # tallies come a second apart, as the ends are read
            async with stack.socket(slug):
                await bob.hear("tally", here=3)
            await bob.hear("tally", here=2)
        assert (await stranger.ask("resync"))["me"] is None


@pytest.fixture
def own_redis() -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """A Redis that the test may freeze."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--save", "", "--bind", "127.0.0.1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_until_served(port)
    yield f"redis://127.0.0.1:{port}/0", process
    process.send_signal(signal.SIGCONT)
    process.terminate()
    process.wait(20)


async def test_sign_out_holds_while_redis_is_frozen(
    tmp_path: Path, own_redis: tuple[str, Any]
) -> None:
    url, redis = own_redis
    with fresh_database() as database:
        stack = Stack(tmp_path, 1, DATABASE_URL=database, REDIS_URL=url)
        stack.start()
        slug = stack.make_game("puzzle", PUZZLE)
        out, other = stack.make_players(2)
        assert is_signed_in(stack, out)
        async with stack.socket(slug, out) as alice, stack.socket(slug, other) as bob:
            await alice.hear("welcome")
            await bob.hear("welcome")
            redis.send_signal(signal.SIGSTOP)
            sign_out(stack, out)
            assert await alice.end() == SIGNED_OUT
            assert (await bob.ask("answer", value="mouse"))["status"] == "accepted"
            assert not is_signed_in(stack, out)
            redis.send_signal(signal.SIGCONT)
            assert not is_signed_in(stack, out)
        stack.stop()
