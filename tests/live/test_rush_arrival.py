"""All players arrive in the same second: a page and a socket each, few statements."""

import asyncio
import re
from urllib.request import Request, urlopen

from gameproject.loadtest.plan import Address
from gameproject.loadtest.player import Credentials, Player
from tests.fronted import Fronted

PLAYERS = 200
MAX_STATEMENTS = 60  # the bound for 1,000, with what the scheduler asks meanwhile


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
    assert all(a["known"] and a["attempts"] == 1 for a in arrivals)
    assert [a["cache"] for a in arrivals].count("miss") == 1
    assert 0 < spent <= MAX_STATEMENTS


def statements(fronted: Fronted) -> float:
    """The number of statements that all processes have sent so far."""
    staff = fronted.run(
        "player = Player.objects.create_superuser(str(now.timestamp()), 'x' * 20)\n"
        "out = open_for([player])[0]"
    )
    return sum(statements_of(port, staff) for port in fronted.ports)


def statements_of(port: int, session: str) -> float:
    headers = {"Cookie": f"sessionid={session}"}
    request = Request(f"http://127.0.0.1:{port}/metrics", headers=headers)
    with urlopen(request) as response:
        metrics = response.read().decode()
    count = re.search(r"^gameproject_statements_total (.+)$", metrics, re.M)
    assert count, metrics
    return float(count[1])
