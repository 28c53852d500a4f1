"""A form in a shared page is taken from our own pages, or with a token."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from games.models import Game
from tests.conftest import PASSWORD
from users.models import Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
TOKEN = "c" * 32
OURS = "http://testserver"
FOREIGN = (
    "https://evil.example",
    "http://testserver.evil.example",
    "http://testserver:81",
    "null",
)
FORMS = {
    "/login/": {"username": "Alice", "password": PASSWORD},
    "/signup/": {"name": "Zoe", "password": PASSWORD},
}
DOORS = pytest.mark.parametrize("path", FORMS)


@pytest.fixture(autouse=True)
def _alice(alice: Player) -> None: ...


def send(path: str, origin: str | None, *, token: str = "", cookie: str = "") -> Any:
    """The form as a browser sends it that keeps to the rules."""
    client = Client(enforce_csrf_checks=True)
    if cookie:
        client.cookies["csrftoken"] = cookie
    headers = {} if origin is None else {"Origin": origin}
    fields = {**FORMS[path], **({"csrfmiddlewaretoken": token} if token else {})}
    return client.post(f"{path}?next=/me/", fields, headers=headers)


@DOORS
def test_our_own_page_needs_no_token(path: str) -> None:
    answer = send(path, OURS)
    assert (answer.status_code, answer["Location"]) == (302, "/me/")
    assert answer.cookies.keys() >= {"sessionid", "csrftoken"}


@DOORS
def test_with_its_token_a_form_needs_no_origin(path: str) -> None:
    answer = send(path, None, token=TOKEN, cookie=TOKEN)
    assert answer.status_code == 302
    assert answer.cookies.keys() >= {"sessionid", "csrftoken"}


@DOORS
@pytest.mark.parametrize("origin", [*FOREIGN, None])
@pytest.mark.parametrize("cookie", ["", TOKEN])
def test_another_sites_page_gets_nowhere(
    path: str, origin: str | None, cookie: str
) -> None:
    answer = send(path, origin, cookie=cookie)
    assert answer.status_code == 403
    assert "sessionid" not in answer.cookies
    assert Player.objects.count() == 1


@DOORS
@pytest.mark.parametrize("origin", FOREIGN)
def test_another_sites_page_gets_nowhere_with_a_token_either(
    path: str, origin: str
) -> None:
    """Whoever can plant a cookie, as a sibling's page can, knows the token."""
    assert send(path, origin, token=TOKEN, cookie=TOKEN).status_code == 403


@DOORS
def test_wrong_token_without_an_origin_gets_nowhere(path: str) -> None:
    assert send(path, None, token="d" * 32, cookie=TOKEN).status_code == 403


@DOORS
def test_only_the_sites_own_addresses_are_ours_where_they_are_set(
    path: str, settings: LazySettings
) -> None:
    settings.PUBLIC_ORIGINS = ["https://play.example"]
    assert send(path, OURS).status_code == 403
    assert send(path, "https://play.example").status_code == 302


@pytest.mark.parametrize("origin", [*FOREIGN, None, ""])
def test_nobody_joins_from_another_sites_page(
    make_game: MakeGame, origin: str | None
) -> None:
    headers = {} if origin is None else {"Origin": origin}
    client, path = Client(), f"/games/{make_game().slug}/join/"
    assert client.post(path, {"nickname": "Zoe"}, headers=headers).status_code == 403
    assert Player.objects.count() == 1


def test_signing_out_still_takes_a_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(Player.objects.get())
    client.cookies["csrftoken"] = TOKEN
    assert client.post("/logout/").status_code == 403
    said = client.post("/logout/", {"csrfmiddlewaretoken": TOKEN})
    assert said.status_code == 302


def test_signing_out_leaves_no_sign_of_a_session(as_alice: Client) -> None:
    as_alice.get("/me/")
    cookies = as_alice.post("/logout/").cookies
    for name in ("sessionid", "csrftoken", "renewed"):
        assert cookies[name]["max-age"] == 0
