"""Sign-in forms handled together: few statements, and each has its own outcome."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from core.gathered import Asked
from gameproject.gathering import Call, load_middleware
from tests.conftest import PASSWORD
from users.models import Player
from users.sessions import open_for, players_of
from users.signing_in import sign_in_view

pytestmark = pytest.mark.django_db
SignIn = Callable[..., list[HttpResponse]]


@pytest.fixture
def sign_in() -> SignIn:
    """Send these names and passwords in one call, as from our own page."""
    call = Call(sign_in_view, load_middleware())

    def send(*forms: tuple[str, str], session: str = "", **headers: str) -> Any:
        asked = []
        for name, password in forms:
            fields = {"username": name, "password": password}
            own = {"HTTP_ORIGIN": "http://testserver", **headers}
            request = RequestFactory().post("/login/", fields, **own)
            if session:
                request.COOKIES["sessionid"] = session
            asked.append(Asked(request))
        return call(asked)

    return send


def names_in(responses: list[HttpResponse]) -> list[str | None]:
    """The name of the player whom each response signs in, or None."""
    cookies = [response.cookies for response in responses]
    keys = [c["sessionid"].value if "sessionid" in c else "" for c in cookies]
    players = players_of(keys)
    return [players[key].name if key in players else None for key in keys]


def statements(call: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        call()
    return sum("SAVEPOINT" not in query["sql"] for query in captured.captured_queries)


def test_hundred_cost_as_many_statements_as_one(sign_in: SignIn) -> None:
    names = [f"Player {n}" for n in range(20)]
    hashed = Player.objects.create_user("Somebody", PASSWORD).password
    for name in names:
        Player.objects.create(name=name, password=hashed)
    assert statements(lambda: sign_in((names[0], PASSWORD))) == 3
    assert statements(lambda: sign_in(*[(name, PASSWORD) for name in names])) == 3


def test_each_is_let_in_or_refused_on_its_own(
    sign_in: SignIn, alice: Player, bob: Player, mallory: Player
) -> None:
    Player.objects.filter(pk=bob.pk).update(password="argon2$broken")
    responses = sign_in(
        ("Alice", PASSWORD),
        ("Bob", PASSWORD),
        ("Mallory", PASSWORD),
        ("Nobody", PASSWORD),
        ("", ""),
        ("alice", "wrong"),
        ("A LICE", PASSWORD),
    )
    assert names_in(responses) == ["Alice", None, None, None, None, None, "Alice"]
    statuses = [response.status_code for response in responses]
    assert set(statuses[1:6]) <= {200, 500}
    assert [statuses[0], statuses[6]] == [302, 302]


def test_session_of_before_ends(sign_in: SignIn, alice: Player, bob: Player) -> None:
    [before] = open_for([bob])
    assert names_in(sign_in(("Alice", PASSWORD), session=before)) == ["Alice"]
    assert not Session.objects.filter(pk=before).exists()


def test_wrong_password_leaves_the_session_of_before(
    sign_in: SignIn, alice: Player, bob: Player
) -> None:
    [before] = open_for([bob])
    sign_in(("Alice", "wrong"), session=before)
    assert players_of([before])[before] == bob


def test_what_is_wrong_is_said_in_the_language_of_each(
    sign_in: SignIn, alice: Player
) -> None:
    [thai] = sign_in(("Alice", "wrong"), HTTP_ACCEPT_LANGUAGE="th")
    [english] = sign_in(("Alice", "wrong"))
    assert "ไม่ถูกต้อง" in thai.content.decode()
    assert "The name or the password is wrong." in english.content.decode()


def test_form_of_another_site_signs_nobody_in(sign_in: SignIn, alice: Player) -> None:
    [evil] = sign_in(("Alice", PASSWORD), HTTP_ORIGIN="https://evil.example")
    assert (evil.status_code, names_in([evil])) == (403, [None])
