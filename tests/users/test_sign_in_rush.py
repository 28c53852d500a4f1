"""Two hundred players sign in at once: all succeed, wrong passwords are counted."""

import asyncio
import re
from collections import Counter
from urllib.parse import urlencode

from tests.stack import Stack

MANY = 200
PASSWORD = "correct horse"
TOKEN = "c" * 32
ACCOUNTS = """
from django.contrib.auth.hashers import make_password
from uuid import uuid4
names = [uuid4().hex for _ in range(given["count"])]
hashed = make_password(given["password"])
Player.objects.bulk_create(Player(name=n, name_key=n, password=hashed) for n in names)
out = names
"""


async def send(stack: Stack, process: int, **fields: str) -> str:
    """The head and the page of the response to a sign-in form."""
    port = stack.ports[process % len(stack.ports)]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = urlencode({**fields, "csrfmiddlewaretoken": TOKEN}).encode()
    head = (
        f"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Cookie: csrftoken={TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    said = await reader.read()
    writer.close()
    return said.decode()


def status_of(said: str) -> int:
    return int(said.split(" ", 2)[1])


async def test_everybody_who_signs_in_at_once_gets_in(stack: Stack) -> None:
    names = stack.run(ACCOUNTS, count=MANY, password=PASSWORD)
    answers = await asyncio.gather(
        *[
            send(stack, n, username=name, password=PASSWORD)
            for n, name in enumerate(names)
        ]
    )
    assert Counter(map(status_of, answers)) == {302: MANY}
    sessions = {re.search("sessionid=([a-z0-9]{32})", said)[1] for said in answers}
    players = "from users.sessions import players_of\n"
    players += "out = sorted(p.name for p in players_of(given['keys']).values())"
    assert stack.run(players, keys=list(sessions)) == sorted(names)
    assert stack.logged_errors() == ""


async def test_wrong_passwords_that_come_at_once_are_counted(stack: Stack) -> None:
    """About ten of them are checked: one more every half minute."""
    [name] = stack.run(ACCOUNTS, count=1, password=PASSWORD)
    answers = await asyncio.gather(
        *[send(stack, n, username=name, password="wrong") for n in range(40)]
    )
    statuses = Counter(map(status_of, answers))
    assert statuses.keys() == {200, 429}
    assert 10 <= statuses[200] < 20
    late = await send(stack, 0, username=name, password=PASSWORD)
    assert status_of(late) == 429
