"""Floods: each is cut off at its bound, and the others are served as without it."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from websockets.frames import Frame, Opcode

from gameproject.loadtest.client import handshake
from gameproject.loadtest.plan import Address
from gameproject.ops.bounds import FRAME_BYTES, FRAMES_AT_ONCE
from tests.fronted import Fronted
from tests.stack import Stack

PUZZLE = {"accepted": ["elephant"]}
OTHERS, QUESTIONS = 10, 4
MANY = 5 * FRAMES_AT_ONCE


def place_of(stack: Stack) -> tuple[str, int]:
    found = urlsplit(stack.url("/"))
    assert found.hostname
    assert found.port
    return found.hostname, found.port


@contextmanager
def raw(stack: Stack, path: str, session: str = "") -> Iterator[socket.socket]:
    """A socket after its handshake, without a client that keeps to the protocol."""
    place = place_of(stack)
    with closing(socket.create_connection(place, 30)) as line:
        line.sendall(handshake(Address.parse(stack.url("")), path, session))
        said = b""
        while b"\r\n\r\n" not in said:
            said += line.recv(1)
        yield line


def frame(opcode: Opcode, payload: bytes, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=True)


def heard(line: socket.socket, until: bytes = b"never said") -> bytes:
    """All that is said until the end, or until this."""
    said = b""
    with suppress(ConnectionError):
        while until not in said and (data := line.recv(1 << 20)):
            said += data
    return said


FLOODS = {
    "letters": frame(Opcode.TEXT, b"1") * MANY,
    "nothing": frame(Opcode.TEXT, b"") * MANY,
    "pings": frame(Opcode.PING, b"x" * 125) * MANY,
    "pongs": frame(Opcode.PONG, b"") * MANY,
    "fragments": frame(Opcode.TEXT, b"1", False)
    + frame(Opcode.CONT, b"1", False) * MANY
    + frame(Opcode.CONT, b"1"),
    "large": frame(Opcode.TEXT, b"x" * 7 * FRAME_BYTES) * (FRAMES_AT_ONCE // 8 + 1),
}


async def others_are_served(stack: Stack, slug: str, flood: Any = None) -> int:
    """The replies that the other players have while a flood goes on."""
    sessions = stack.make_players(OTHERS)
    over = asyncio.Event()

    async def play(place: int, session: str) -> int:
        async with stack.socket(slug, session, place) as player:
            await player.hear("welcome")
            replies = [await player.ask("resync") for _time in range(QUESTIONS)]
            return sum(reply["type"] == "welcome" for reply in replies)

    async def flooding() -> None:
        while flood and not over.is_set():
            await asyncio.to_thread(flood)

    attack = asyncio.create_task(flooding())
    served = await asyncio.gather(*(play(i, s) for i, s in enumerate(sessions)))
    over.set()
    await attack
    return sum(served)


@pytest.mark.parametrize("name", FLOODS)
async def test_flood_of_frames_ends_its_socket_and_nobody_elses(
    stack: Stack, name: str
) -> None:
    slug = stack.make_game("puzzle", PUZZLE)
    path = f"/ws/games/{slug}/"
    replies: list[int] = []
    id_ = str(uuid4()).encode()
    last = b'{"type":"resync","id":"%s"}' % id_

    def flood() -> None:
        with raw(stack, path) as line:
            with suppress(ConnectionError):
                line.sendall(FLOODS[name] + frame(Opcode.TEXT, last))
            said = heard(line, until=id_)
            assert id_ not in said
            replies.append(said.count(b'"error"') + said.count(b"x" * 125))

    assert await others_are_served(stack, slug, flood) == OTHERS * QUESTIONS
    assert max(replies) <= FRAMES_AT_ONCE
    assert not stack.logged_errors()


async def test_client_that_keeps_to_the_limits_is_never_cut_off(stack: Stack) -> None:
    """As much as the limits allow, and a ping a command."""
    slug = stack.make_game("puzzle", PUZZLE)
    [session] = stack.make_players(1)
    async with stack.socket(slug, session) as player:
        await player.hear("welcome")
        for _time in range(FRAMES_AT_ONCE // 2 - 1):
            await player.ask("answer", value="mouse")
            await (await player.ws.ping())
        assert (await player.ask("fly"))["code"] in ("invalid", "rate_limited")


# Handshakes

BACKTRACKING = (
    b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n" + b"a: b\r\n" * 40 + b"z: \x80\r\n\r\n"
)


async def test_handshake_that_fits_no_pattern_stops_nobody(stack: Stack) -> None:
    slug = stack.make_game("puzzle", PUZZLE)

    def flood() -> None:
        with closing(socket.create_connection(place_of(stack), 30)) as line:
            line.sendall(BACKTRACKING)
            assert line.recv(12) == b"HTTP/1.1 400"

    assert await others_are_served(stack, slug, flood) == OTHERS * QUESTIONS


def test_second_handshake_before_the_first_is_answered_is_none(stack: Stack) -> None:
    slug = stack.make_game("puzzle", PUZZLE)
    asked = handshake(Address.parse(stack.url("")), f"/ws/games/{slug}/", "")
    with closing(socket.create_connection(place_of(stack), 30)) as line:
        line.sendall(asked)
        line.sendall(asked)
        line.shutdown(socket.SHUT_WR)
        assert heard(line).count(b"101 Switching") <= 1
    assert not stack.logged_errors()


@pytest.mark.parametrize("value", ["\xff", "chat, \u00e9", "%ff", "chat"])
def test_odd_subprotocol_is_no_error_of_ours(
    embedded: Stack, fronted: Fronted, value: str
) -> None:
    for stack in (embedded, fronted):
        slug = stack.make_game("puzzle", PUZZLE)
        line = f"Sec-WebSocket-Protocol: {value}\r\n\r\n".encode("latin1")
        asked = handshake(Address.parse(stack.url("")), f"/ws/games/{slug}/", "")
        with closing(socket.create_connection(place_of(stack), 30)) as one:
            one.sendall(asked.removesuffix(b"\r\n") + line)
            said = one.recv(12)
        # nginx passes on no subprotocol: nobody here speaks any.
        is_taken = stack is fronted or value.isascii()
        assert said == (b"HTTP/1.1 101" if is_taken else b"HTTP/1.1 400")
        assert not stack.logged_errors()
