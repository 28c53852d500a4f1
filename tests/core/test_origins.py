"""A form in a shared page is accepted from our own origin, or with a CSRF token."""

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
of_each_form = pytest.mark.parametrize("path", FORMS)


@pytest.fixture(autouse=True)
def _alice(alice: Player) -> None: ...


def send(path: str, origin: str | None, *, token: str = "", cookie: str = "") -> Any:
    """Post the form as a browser does that follows the standards."""
    client = Client(enforce_csrf_checks=True)
    if cookie:
        client.cookies["csrftoken"] = cookie
    headers = {} if origin is None else {"Origin": origin}
    fields = {**FORMS[path], **({"csrfmiddlewaretoken": token} if token else {})}
    return client.post(f"{path}?next=/me/", fields, headers=headers)


@of_each_form
def test_our_own_page_needs_no_token(path: str) -> None:
    response = send(path, OURS)
    assert (response.status_code, response["Location"]) == (302, "/me/")
    assert response.cookies.keys() >= {"sessionid", "csrftoken"}


@of_each_form
def test_with_its_token_a_form_needs_no_origin(path: str) -> None:
    response = send(path, None, token=TOKEN, cookie=TOKEN)
    assert response.status_code == 302
    assert response.cookies.keys() >= {"sessionid", "csrftoken"}


@of_each_form
@pytest.mark.parametrize("origin", [*FOREIGN, None])
@pytest.mark.parametrize("cookie", ["", TOKEN])
def test_another_sites_page_is_refused(
    path: str, origin: str | None, cookie: str
) -> None:
    response = send(path, origin, cookie=cookie)
    assert response.status_code == 403
    assert "sessionid" not in response.cookies
    assert Player.objects.count() == 1


@of_each_form
@pytest.mark.parametrize("origin", FOREIGN)
def test_another_sites_page_is_refused_even_with_a_token(
    path: str, origin: str
) -> None:
    """A page that can set a cookie, as on a sibling domain, knows the token."""
    assert send(path, origin, token=TOKEN, cookie=TOKEN).status_code == 403


@of_each_form
def test_wrong_token_without_an_origin_is_refused(path: str) -> None:
    assert send(path, None, token="d" * 32, cookie=TOKEN).status_code == 403


@of_each_form
def test_only_public_origins_are_ours_if_they_are_set(
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


def test_signing_out_needs_a_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(Player.objects.get())
    client.cookies["csrftoken"] = TOKEN
    assert client.post("/logout/").status_code == 403
    response = client.post("/logout/", {"csrfmiddlewaretoken": TOKEN})
    assert response.status_code == 302


def test_signing_out_deletes_all_session_cookies(as_alice: Client) -> None:
    as_alice.get("/me/")
    cookies = as_alice.post("/logout/").cookies
    for name in ("sessionid", "csrftoken", "renewed"):
        assert cookies[name]["max-age"] == 0
