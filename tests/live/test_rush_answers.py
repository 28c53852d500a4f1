"""All players answer in the same second: each gets one reply, each code goes once."""

import asyncio
from collections import Counter
from typing import Any

from tests.stack import Stack

PLAYERS, CODES = 200, 80


async def answer_all(stack: Stack, slug: str, sessions: list[str]) -> list[Any]:
    """All connect, wait for each other, and send the winning answer; their replies."""
    everybody = asyncio.Barrier(len(sessions))

    async def play(place: int, session: str) -> dict[str, Any]:
        async with stack.socket(slug, session, process=place) as player:
            await player.hear("welcome")
            await everybody.wait()
            return await player.ask("answer", value="elephant")

    return await asyncio.gather(*(play(i, s) for i, s in enumerate(sessions)))


async def test_200_winners_share_80_codes(stack: Stack) -> None:
    slug = stack.make_game("puzzle", {"accepted": ["elephant"]}, codes=CODES)
    sessions = stack.make_players(PLAYERS)
    replies = await answer_all(stack, slug, sessions)

    assert Counter(r["type"] for r in replies) == {"answer": PLAYERS}
    assert Counter(r["status"] for r in replies) == {"accepted": PLAYERS}
    codes = [r["code"] for r in replies if "code" in r]
    assert len(codes) == len(set(codes)) == CODES
    assert sum(r.get("sold_out", False) for r in replies) == PLAYERS - CODES
    kept = stack.run(
        "game = Game.objects.get(slug=given['slug'])\n"
        "out = [game.answers.filter(verdict='right').count(), "
        "sorted(Code.objects.filter(pool__game=game).exclude(player=None)"
        ".values_list('text', flat=True))]",
        slug=slug,
    )
    assert kept == [PLAYERS, sorted(codes)]
    stack.audit()
    assert not stack.logged_errors()
