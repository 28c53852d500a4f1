"""Sockets: how many one may hold, and what ends one that says nothing of use."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed

from live.consumer import FLOODED, MAX_FUTILE, REPLACED, UNREADABLE
from tests.stack import Player, Stack

PUZZLE = {"accepted": ["elephant"]}


NO_COMMANDS = MAX_FUTILE + 1
JUNK = {
    "no json": NO_COMMANDS // UNREADABLE + 1,
    "[]": NO_COMMANDS // UNREADABLE + 1,
    b"\x00": NO_COMMANDS // UNREADABLE + 1,
    "{}": NO_COMMANDS,
    '{"type":"answer","id":"7"}': NO_COMMANDS,
}


@pytest.mark.parametrize("junk", JUNK)
async def test_socket_that_only_sends_junk_is_closed_after_some(
    embedded: Stack, junk: Any
) -> None:
    slug = embedded.make_game("puzzle", PUZZLE)
    async with embedded.socket(slug) as player:
        await player.hear("welcome")
        for _time in range(JUNK[junk]):
            await player.ws.send(junk)
            assert (await player.hear("error"))["code"] == "invalid"
        with pytest.raises(ConnectionClosed):
            await player.hear("nothing more")
        assert player.ws.close_code == FLOODED


async def test_command_among_junk_keeps_the_socket_open(embedded: Stack) -> None:
    slug = embedded.make_game("puzzle", PUZZLE)
    [session] = embedded.make_players(1)
    async with embedded.socket(slug, session) as player:
        for _time in range(2):
            for _junk in range(NO_COMMANDS // 2 + 1):
                await player.ws.send("{}")
                await player.hear("error")
            assert (await player.ask("resync"))["type"] == "welcome"


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A daphne that lets in three sockets a session and twelve an address."""
    folder = tmp_path_factory.mktemp("narrow")
    stack = Stack(
        folder,
        1,
        DATABASE_URL=f"sqlite:///{folder}/db.sqlite3",
        REDIS_URL="",
        TRUST_PROXY="true",
        SOCKETS_PER_SESSION="3",
        SOCKETS_PER_ADDRESS="12",
    )
    stack.start()
    yield stack
    stack.stop()


async def let_in(stack: Stack, slug: str, session: str, address: str) -> Player:
    player = stack.socket(slug, session)
    headers: Any = player._connecting.additional_headers
    headers["X-Real-IP"] = address
    return await player.__aenter__()


async def is_open(player: Player) -> bool:
    try:
        return (await player.ask("resync"))["type"] == "welcome"
    except ConnectionClosed:
        return False


async def test_newest_sockets_of_a_session_take_the_place_of_its_oldest(
    narrow: Stack,
) -> None:
    slug = narrow.make_game("puzzle", PUZZLE)
    mallory, alice = narrow.make_players(2)
    other = await let_in(narrow, slug, alice, "10.0.0.1")
    many = [await let_in(narrow, slug, mallory, "10.0.0.1") for _time in range(7)]
    assert [await is_open(one) for one in many] == [False] * 4 + [True] * 3
    assert {one.ws.close_code for one in many[:4]} == {REPLACED}
    assert await is_open(other)
    for one in (other, *many):
        await one.ws.close()


async def test_address_that_holds_too_many_sockets_is_let_in_when_one_goes(
    narrow: Stack,
) -> None:
    slug = narrow.make_game("puzzle", PUZZLE)
    keys = [uuid4().hex for _socket in range(12)]  # of no session there is
    crowd = [await let_in(narrow, slug, key, "10.0.0.2") for key in keys]
    assert all([await is_open(one) for one in crowd])
    late = await let_in(narrow, slug, "", "10.0.0.2")
    refused = await late.hear("error")
    assert (refused["code"], refused["retry_after"] > 0) == ("rate_limited", True)
    with pytest.raises(ConnectionClosed):
        await late.hear("nothing more")
    assert late.ws.close_code == FLOODED
    elsewhere = await let_in(narrow, slug, "", "10.0.0.3")
    assert await is_open(elsewhere)
    await crowd[0].ws.close()
    while not await is_open(again := await let_in(narrow, slug, "", "10.0.0.2")):
        pass
    for one in (*crowd, elsewhere, again):
        await one.ws.close()
