"""The limit on failed sign-ins, which can't be used to lock others out."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import signing
from django.test import Client
from django.test.client import ClientHandler

from core import token_buckets
from core.cache import outage
from core.token_buckets import Local
from tests.conftest import PASSWORD
from users.models import Player

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("runs_servers")]
HERE, THERE = "198.51.100.7", "198.51.100.8"
DOORS = pytest.mark.parametrize("path", ["/login/", "/admin/login/"])


@pytest.fixture(autouse=True)
def _slow_refill(settings: LazySettings) -> None:
    """No attempt comes back while a test runs."""
    settings.SIGN_IN_FAILURES = {"account": "10/1d", "address": "300/1d"}


HANDLER = ClientHandler(enforce_csrf_checks=False)


def stranger() -> Client:
    """A browser that was never here; all share one handler, which loads slowly."""
    client = Client()
    client.handler = HANDLER
    return client


def sign_in(
    client: Client,
    name: str,
    password: str = PASSWORD,
    path: str = "/login/",
    address: str = HERE,
) -> Any:
    fields = {"username": name, "password": password}
    return client.post(path, fields, REMOTE_ADDR=address)


def fail(name: str, times: int, path: str = "/login/", address: str = HERE) -> int:
    """How many of these wrong passwords of a stranger were checked."""
    pages = [
        sign_in(stranger(), name, "wrong", path, address) for _time in range(times)
    ]
    return sum("password is wrong" in page.content.decode() for page in pages)


def browser_of(name: str, path: str = "/login/") -> Client:
    """A browser in which somebody signed in to the account, and out again."""
    client = stranger()
    assert sign_in(client, name, path=path).status_code == 302
    client.post("/logout/")
    assert "_auth_user_id" not in client.session
    return client


@DOORS
@pytest.mark.parametrize("name", ["Carol", "Nobody"])
def test_ten_passwords_of_an_account_are_looked_at(
    carol: Player, path: str, name: str
) -> None:
    assert fail(name, 15, path) == 10
    limited = sign_in(stranger(), name, PASSWORD, path)
    assert limited.status_code == 429
    assert 0 < int(limited["Retry-After"]) <= 24 * 3600 / 10
    assert "Too many attempts" in limited.content.decode()


@DOORS
def test_who_signs_in_has_used_up_nothing(carol: Player, path: str) -> None:
    for _time in range(15):
        assert sign_in(stranger(), "Carol", path=path).status_code == 302
    assert fail("Carol", 15, path) == 10


@DOORS
def test_known_browser_is_not_locked_out_by_strangers(carol: Player, path: str) -> None:
    known = browser_of("Carol", path)
    fail("Carol", 15, path)
    assert sign_in(stranger(), "Carol", path=path).status_code == 429
    assert sign_in(known, "c arol", path=path).status_code == 302


def test_known_browser_has_a_limit_of_its_own(alice: Player) -> None:
    known = browser_of("Alice")
    pages = [sign_in(known, "Alice", "wrong") for _time in range(11)]
    assert [page.status_code for page in pages] == [200] * 10 + [429]
    assert sign_in(stranger(), "Alice").status_code == 302


def test_all_known_browsers_together_have_a_limit(
    alice: Player, settings: LazySettings
) -> None:
    settings.SIGN_IN_FAILURES = {"account": "1/1d", "address": "300/1d"}
    browsers = [browser_of("Alice") for _time in range(12)]
    pages = [sign_in(known, "Alice", "wrong") for known in browsers]
    assert [page.status_code for page in pages] == [200] * 10 + [429] * 2


def test_browser_is_known_for_the_accounts_it_was_signed_in_to(
    alice: Player, bob: Player
) -> None:
    known = browser_of("Alice")
    sign_in(known, "Bob")
    known.post("/logout/")
    fail("Alice", 15)
    fail("Bob", 15)
    assert sign_in(known, "Alice").status_code == 302
    known.post("/logout/")
    assert sign_in(known, "Bob").status_code == 302


def test_browser_is_not_known_for_another_account(alice: Player, bob: Player) -> None:
    known = browser_of("Alice")
    fail("Bob", 15)
    assert sign_in(known, "Bob").status_code == 429


def test_account_made_here_is_known_here() -> None:
    client = stranger()
    client.post("/signup/", {"name": "Dan", "password": PASSWORD}, REMOTE_ADDR=HERE)
    client.post("/logout/")
    fail("Dan", 15)
    assert sign_in(client, "Dan").status_code == 302


def test_strangers_lock_nobody_out_at_another_address(alice: Player) -> None:
    fail("Alice", 50)
    assert sign_in(stranger(), "Alice", address=THERE).status_code == 302


def test_account_has_a_limit_over_all_addresses(
    alice: Player, settings: LazySettings
) -> None:
    settings.SIGN_IN_FAILURES = {"account": "2/1d", "address": "300/1d"}
    known = browser_of("Alice")
    tried = [fail("Alice", 5, address=f"10.0.0.{place}") for place in range(15)]
    assert tried == [2] * 10 + [0] * 5
    assert sign_in(known, "Alice").status_code == 302


def test_venue_goes_on_after_a_stranger_used_up_its_failures(
    alice: Player, bob: Player, settings: LazySettings
) -> None:
    settings.SIGN_IN_FAILURES = {"account": "10/1d", "address": "20/1d"}
    assert sum(fail(f"x{place}", 10) for place in range(2)) == 20
    for place in range(30):
        assert fail(f"y{place}", 1) == 1
    assert fail("Alice", 9) == 3
    assert sign_in(stranger(), "Alice").status_code == 429
    assert sign_in(stranger(), "Bob").status_code == 302
    assert sign_in(stranger(), "Bob", address=THERE).status_code == 302


def test_address_has_a_last_limit(alice: Player, settings: LazySettings) -> None:
    settings.SIGN_IN_FAILURES = {"account": "10/1d", "address": "5/1d"}
    settings.VENUE_SIZE = 4
    known = browser_of("Alice")
    assert sum(fail(f"x{place}", 1) for place in range(30)) == 5 + 3 * 4
    assert sign_in(known, "Alice").status_code == 302


@pytest.mark.parametrize(
    "said", ["", "x", "x:y:z", "W10:1w:x", "\u00e9", "x" * 4000, "\0"]
)
def test_cookie_that_we_did_not_sign_knows_nobody(alice: Player, said: str) -> None:
    forger = stranger()
    forger.cookies["device"] = said
    for _time in range(10):
        sign_in(forger, "Alice", "wrong")
    assert sign_in(forger, "Alice").status_code == 429


def test_cookie_signed_for_something_else_knows_nobody(alice: Player) -> None:
    forger = stranger()
    forger.cookies["device"] = signing.dumps(["id", [alice.pk]], salt="elsewhere")
    fail("Alice", 10)
    assert sign_in(forger, "Alice").status_code == 429


def test_cookie_of_a_browser_is_kept_from_scripts_and_other_sites(
    alice: Player, settings: LazySettings
) -> None:
    for secure in (True, False):
        settings.SESSION_COOKIE_SECURE = secure
        cookie = sign_in(stranger(), "Alice").cookies["device"]
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
        assert bool(cookie["secure"]) is secure
        assert "Alice" not in cookie.value
    assert "device" not in sign_in(stranger(), "Alice", "wrong").cookies


@pytest.fixture
def _redis_away(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """Redis can't be reached."""
    monkeypatch.setattr(token_buckets, "local", Local())
    settings.CACHES = {
        name: {**cache, "LOCATION": "redis://127.0.0.1:1/0"}
        for name, cache in settings.CACHES.items()
    }
    yield
    outage.away = False
    token_buckets.shared.come_back()


@pytest.mark.usefixtures("_redis_away")
def test_signing_in_and_its_limit_go_on_without_redis(alice: Player) -> None:
    assert sign_in(stranger(), "Alice").status_code == 302
    assert fail("Alice", 15) == 10
    assert sign_in(stranger(), "Alice").status_code == 429
