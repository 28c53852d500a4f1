"""What is carried out together shares no fate: a bad item fails alone."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.stack import Stack

PUZZLE = {"accepted": ["elephant"]}
PLAYERS = 30

# A key that can't be one; in a cookie it is quoted, and read as a NUL and letters.
ODD_KEYS = [
    r'"\000aaaaaaaaaaaaaaaa"',
    '"' + r"\377" * 32 + '"',
    "a" * 4000,
    "'; --",
    "A" * 32,
    "-" * 32,
]


def nested(depth: int) -> Any:
    return {"a": nested(depth - 1)} if depth else 1


@pytest.fixture
def crowd(stack: Stack) -> Iterator[tuple[Stack, str, list[str]]]:
    slug = stack.make_game("puzzle", PUZZLE, codes=PLAYERS)
    before = stack.log.stat().st_size
    yield stack, slug, stack.make_players(PLAYERS)
    with stack.log.open() as log:
        log.seek(before)
        assert "Traceback" not in log.read()


async def welcomed(stack: Stack, slug: str, session: str) -> bool:
    """Whether whoever comes with this cookie is known."""
    async with stack.socket(slug, session) as player:
        return (await player.hear("welcome"))["me"] is not None


async def test_odd_sessions_spoil_no_arrival(
    crowd: tuple[Stack, str, list[str]],
) -> None:
    stack, slug, sessions = crowd
    coming = [*sessions[:15], *ODD_KEYS * 2, *sessions[15:]]
    known = await asyncio.gather(*(welcomed(stack, slug, key) for key in coming))
    assert [key for key, is_known in zip(coming, known) if is_known] == sessions


@pytest.mark.parametrize("key", ODD_KEYS)
@pytest.mark.parametrize("path", ["/", "/me/", "/login/", "/admin/", "/api/answers"])
def test_odd_session_is_a_stranger_on_every_page(
    stack: Stack, path: str, key: str
) -> None:
    answer = requests.get(
        stack.url(path),
        headers={"Cookie": f"sessionid={key}"},
        allow_redirects=False,
        timeout=30,
    )
    assert answer.status_code in (200, 302, 401)
    assert "csrftoken" not in answer.cookies or path in ("/login/",)


BAD_VALUES = {
    "deep": nested(600),
    "surrogate": "\ud800",
    "many": [0] * 2000,
    "not finite": float("nan"),
}


@pytest.mark.parametrize("bad", BAD_VALUES.values(), ids=BAD_VALUES.keys())
async def test_bad_answers_spoil_no_other(
    crowd: tuple[Stack, str, list[str]], bad: Any
) -> None:
    stack, slug, sessions = crowd
    async with AsyncExitStack() as sockets:
        players = [
            await sockets.enter_async_context(stack.socket(slug, session))
            for session in sessions
        ]
        for player in players:
            await player.hear("welcome")
        replies = await asyncio.gather(
            *(
                player.ask("answer", value=bad if place % 3 == 0 else "elephant")
                for place, player in enumerate(players)
            )
        )
    refused = [reply for reply in replies[::3] if reply["type"] == "error"]
    assert {reply["code"] for reply in refused} <= {"invalid", "too_large"}
    assert len(refused) == len(replies[::3])
    good = [reply for place, reply in enumerate(replies) if place % 3]
    assert {reply.get("status") for reply in good} == {"accepted"}
    assert len({reply["code"] for reply in good}) == len(good)


@pytest.mark.parametrize("bad", [*map(json.dumps, BAD_VALUES.values()), "[" * 20_000])
def test_bad_answer_over_http_is_refused_by_name(
    crowd: tuple[Stack, str, list[str]], bad: str
) -> None:
    stack, slug, sessions = crowd
    body = f'{{"game": "{slug}", "id": "{uuid4()}", "value": {bad}}}'
    answer = requests.post(
        stack.url("/api/answers"),
        body,
        cookies={"sessionid": sessions[0], "csrftoken": "c" * 32},
        headers={"X-CSRFToken": "c" * 32, "Content-Type": "application/json"},
        timeout=30,
    )
    assert (answer.status_code, answer.json()["error"]["code"]) in (
        (400, "invalid"),
        (413, "too_large"),
    )


async def test_id_of_another_game_spoils_no_other(
    crowd: tuple[Stack, str, list[str]],
) -> None:
    stack, slug, sessions = crowd
    elsewhere, used = stack.make_game("puzzle", PUZZLE), str(uuid4())
    async with stack.socket(elsewhere, sessions[0]) as mallory:
        await mallory.hear("welcome")
        await mallory.say({"type": "answer", "id": used, "value": "mouse"})
        assert (await mallory.reply_to(used))["status"] == "accepted"
    async with AsyncExitStack() as sockets:
        players = [
            await sockets.enter_async_context(stack.socket(slug, session))
            for session in sessions
        ]
        for player in players:
            await player.hear("welcome")
        await players[0].say({"type": "answer", "id": used, "value": "mouse"})
        asked = [player.ask("answer", value="elephant") for player in players[1:]]
        refused, *replies = await asyncio.gather(players[0].reply_to(used), *asked)
    assert (refused["code"], refused["field"]) == ("invalid", "id")
    assert {reply["status"] for reply in replies} == {"accepted"}


async def test_odd_id_gets_a_reply(stack: Stack) -> None:
    slug = stack.make_game("puzzle", PUZZLE)
    async with stack.socket(slug) as player:
        await player.hear("welcome")
        for odd in ("\ud800", "x", "", "é" * 36):
            await player.say(json.dumps({"type": "answer", "id": odd, "value": 1}))
            reply = await player.hear("error")
            assert (reply["id"], reply["field"]) == (odd, "id")


async def test_socket_in_a_deleted_game_ends_and_others_hear_on(stack: Stack) -> None:
    gone, slug = stack.make_game("puzzle", PUZZLE), stack.make_game("puzzle", PUZZLE)
    async with stack.socket(gone) as stranger, stack.socket(slug) as other:
        await stranger.hear("welcome")
        await other.hear("welcome")
        stack.run("Game.objects.get(slug=given['slug']).delete()", slug=gone)
        assert await stranger.end() == 4404
        tally = await other.hear("tally", here=1)
        async with stack.socket(slug) as another:
            await another.hear("welcome")
            assert (await other.hear("tally", here=2))["seq"] > tally["seq"]
