"""Everybody arrives in the same second: one page and one socket each, little for us."""

import asyncio
import re
from urllib.request import Request, urlopen

from gameproject.loadtest.plan import Address
from gameproject.loadtest.player import Credentials, Player
from tests.fronted import Fronted

PLAYERS = 200
MAX_STATEMENTS = 60  # as promised for 1,000, and with what the clock asks meanwhile


async def test_200_arrive_cold_at_the_cost_of_a_few_statements(
    fronted: Fronted,
) -> None:
    slug = fronted.make_game("puzzle", {"accepted": ["elephant"]}, codes=5)
    address = Address.parse(fronted.url(""))
    sessions = fronted.make_players(PLAYERS)
    players = [Player(address, Credentials(0, session)) for session in sessions]
    before = statements(fronted)
    arrivals = await asyncio.gather(*(player.arrive(slug) for player in players))
    spent = statements(fronted) - before
    for player in players:
        player.drop()
    assert all(one["known"] and one["attempts"] == 1 for one in arrivals)
    assert [one["cache"] for one in arrivals].count("miss") == 1
    assert 0 < spent <= MAX_STATEMENTS


def statements(fronted: Fronted) -> float:
    """What the daphnes have sent to the database so far."""
    staff = fronted.run(
        "player = Player.objects.create_superuser(str(now.timestamp()), 'x' * 20)\n"
        "out = open_for([player])[0]"
    )
    return sum(statements_of(port, staff) for port in fronted.ports)


def statements_of(port: int, session: str) -> float:
    headers = {"Cookie": f"sessionid={session}"}
    with urlopen(Request(f"http://127.0.0.1:{port}/metrics", headers=headers)) as said:
        counts = said.read().decode()
    found = re.search(r"^gameproject_statements_total (.+)$", counts, re.M)
    assert found, counts
    return float(found[1])
