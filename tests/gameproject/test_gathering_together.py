"""Requests answered in one call: none affects another, and nothing is done twice."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.handlers.asgi import ASGIHandler
from django.utils.translation import get_language

from core import metrics
from gameproject.asgi import gathered
from gameproject.gathering import Gathering
from games.models import Guest
from live.batchers import in_thread
from live.commands import COMMANDS, Call
from tests.gathered import CSRF, ROUTES, Ask, Connection, World, replies_together
from users import renewal
from users.models import Player
from users.sessions import open_for

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 9


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def application() -> Gathering:
    return Gathering(ASGIHandler(), gathered)


def joining(world: World) -> list[Ask]:
    ask = ROUTES["join"].ask(world)
    return [ask.form(nickname=f"Nick {i} {world.n}") for i in range(MANY)]


def answering(world: World) -> list[Ask]:
    players = [Player.objects.create_user(f"Player {i} {world.n}") for i in range(MANY)]
    ask = ROUTES["answers"].ask(world)
    return [ask.with_cookies(sessionid=key) for key in open_for(players)]


def statuses(connections: Sequence[Connection]) -> list[int]:
    return [connection.answered()[0] for connection in connections]


def json_of(connection: Connection) -> Any:
    return json.loads(connection.answered()[2])


def failures() -> float:
    return metrics.failures.labels("http")._value.get()


def test_bug_with_one_is_its_own_and_others_are_counted_once(
    application: Gathering,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    settings: LazySettings,
) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "answers": ["1/1h"]}
    asks = answering(world)
    bad = Player.objects.get(name=f"Player 4 {world.n}").pk
    command = COMMANDS["answer"]

    def carry_out(calls: Sequence[Call]) -> Any:
        if any(call.player_id == bad for call in calls):
            raise ZeroDivisionError
        return command.carry_out(calls)

    monkeypatch.setitem(COMMANDS, "answer", replace(command, carry_out=carry_out))
    before = failures()
    replies = statuses(replies_together(application, asks))
    assert replies == [200] * 4 + [500] + [200] * 4
    assert failures() == before + 1


def test_bug_after_joining_makes_nobody_join_twice(
    application: Gathering, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = joining(world)
    asks[4] = asks[4].with_cookies(bad="1")
    is_personal = renewal.is_personal

    def fails(request: Any, response: Any) -> bool:
        if "bad" in request.COOKIES:
            raise ZeroDivisionError
        return is_personal(request, response)

    monkeypatch.setattr(renewal, "is_personal", fails)
    replies = statuses(replies_together(application, asks))
    assert replies == [302] * 4 + [500] + [302] * 4
    assert Guest.objects.filter(nickname__startswith="Nick").count() == MANY


def test_form_that_cant_be_read_is_refused_alone(
    application: Gathering, world: World
) -> None:
    asks = joining(world)
    kind = "multipart/form-data; boundary=b"
    asks[4] = asks[4].but(body=b"--b\r\ncut").saying(content_type=kind)
    replies = statuses(replies_together(application, asks))
    assert replies == [302] * 4 + [400] + [302] * 4


def test_json_nested_far_too_deep_is_refused_alone(
    application: Gathering, world: World
) -> None:
    asks = answering(world)
    asks[4] = asks[4].but(body=b"[" * 60_000)
    replies = statuses(replies_together(application, asks))
    assert replies == [200] * 4 + [400] + [200] * 4


def test_same_player_twice_is_one_answer_and_its_repeat(
    application: Gathering, world: World
) -> None:
    ask = ROUTES["answers"].ask(world)
    replies = [json_of(c) for c in replies_together(application, [ask, ask])]
    assert [reply["status"] for reply in replies] == ["accepted", "duplicate"]
    assert replies[0]["receipt"] == replies[1]["receipt"]


def test_each_gets_its_own_language_and_none_stays(
    application: Gathering, world: World
) -> None:
    ask = ROUTES["join"].ask(world).form(nickname="")
    asks = [ask.saying(accept_language=language) for language in ("th", "en", "th")]
    pages = [c.answered()[2].decode() for c in replies_together(application, asks)]
    shown = ["A nickname has 2 to 20 characters." in page for page in pages]
    assert shown == [False, True, False]

    async def languages() -> set[str | None]:
        return {*await asyncio.gather(*(in_thread(get_language) for _ in range(30)))}

    assert asyncio.run(languages()) == {"en"}


def test_client_that_goes_while_waiting_harms_nobody(
    application: Gathering, world: World
) -> None:
    asks = joining(world)
    connections = [Connection(ask) for ask in asks]

    async def run() -> None:
        tasks = [asyncio.create_task(c.run(application)) for c in connections]
        await asyncio.sleep(0)  # all requests are waiting
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())
    assert statuses(connections[1:]) == [302] * (MANY - 1)
    assert not connections[0].sent


def test_client_that_goes_before_its_body_asks_nothing(
    application: Gathering, world: World
) -> None:
    connection = Connection(joining(world)[0])
    connection.messages = iter([{"type": "http.disconnect"}])
    asyncio.run(connection.run(application))
    assert not connection.sent
    assert not Guest.objects.filter(nickname__startswith="Nick").exists()


def test_form_where_json_is_wanted_is_refused(
    application: Gathering, world: World
) -> None:
    """The CSRF check reads it for a token, and nobody can read it again."""
    ask = ROUTES["answers"].ask(world).saying(x_csrftoken=None)
    parts = ask.saying(content_type="multipart/form-data; boundary=b")
    head = 'Content-Disposition: form-data; name="csrfmiddlewaretoken"'
    token = f"--b\r\n{head}\r\n\r\n{CSRF}\r\n--b--"
    whole = parts.but(body=token.encode())
    chunked = whole.but(chunked=True)  # of which Django reads no form
    assert statuses(replies_together(application, [whole, chunked])) == [400, 403]


def test_form_that_can_not_be_read_at_no_address_is_not_found(world: World) -> None:
    ask = ROUTES["join"].ask(world).but(path="/nowhere/", body=b'nickname="%ff')
    bad = ask.saying(content_type="multipart/form-data").with_cookies(csrftoken=CSRF)
    assert statuses(replies_together(ASGIHandler(), [bad])) == [404]
