"""A network that blocks sockets: the page works over HTTP, and goes back by itself."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Response, WebSocketRoute, expect

from tests.browsers import Cast, on_both, tally
from tests.conftest import SETTINGS
from tests.stack import Stack

CODE = re.compile("CODE-")


PATIENCE = EVERY = 5  # seconds until the page asks over HTTP, and between its polls


class Blocked:
    """A page whose sockets are closed at once, and what it asks over HTTP.

    Its clock goes on when told, so that nobody sits out what the page waits.
    """

    def __init__(self, cast: Cast, session: str) -> None:
        self.cast = cast
        self.page: Page = cast.opens("/login/", session)
        self.page.wait_for_load_state("networkidle")  # it asks who is there
        self.page.clock.install()
        self.open = False
        self.said: list[tuple[str, str, int]] = []
        self.page.context.route_web_socket(re.compile("/ws/"), self._route)
        self.page.on("response", self._hear)

    def _route(self, socket: WebSocketRoute) -> None:
        if self.open:
            socket.connect_to_server()
        else:
            socket.close(code=1011)

    def _hear(self, response: Response) -> None:
        path = response.url.removeprefix(self.cast.stack.url(""))
        if path.startswith(("/api/", "/batch")):
            self.said.append((response.request.method, path, response.status))

    def goes_to(self, slug: str) -> Page:
        self.page.goto(self.cast.stack.url(f"/games/{slug}/"))
        self.passes(PATIENCE)
        expect(
            self.page.get_by_text("Live updates don’t work on this network")
        ).to_be_visible()
        return self.page

    def count(self, method: str, path: str, status: int) -> int:
        return self.said.count((method, path, status))

    def passes(self, seconds: int) -> None:
        """So much time, at once, for the page's clock and whatever waits there."""
        self.page.clock.fast_forward(seconds * 1000)

    def polls_until(self, path: str, status: int) -> None:
        """Until the path is answered like this, by the fifth poll."""
        for _poll in range(5):
            with self.page.expect_response(f"**{path}"):
                self.passes(EVERY)
            if self.count("GET", path, status):
                return
        raise AssertionError(f"never {path} {status}: {self.said}")


@pytest.fixture
def blocked(cast: Cast) -> Callable[[], Blocked]:
    def make() -> Blocked:
        [session] = cast.stack.make_players(1)
        return Blocked(cast, session)

    return make


def act(stack: Stack, slug: str, code: str) -> Any:
    return stack.run(f"game = Game.objects.get(slug=given['slug'])\n{code}", slug=slug)


@on_both
def test_answer_over_http_wins_the_code(cast: Cast, blocked: Any) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"], codes=1)
    player = blocked()
    page = player.goes_to(slug)
    assert player.said == [("POST", "/api/batch", 200)]
    expect(page.locator('[data-text="me.name"]')).to_be_visible()
    page.get_by_label("Your answer").fill("mouse")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Not quite")).to_be_visible()
    page.get_by_label("Your answer").fill("Elephant")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text(CODE)).to_be_visible()
    assert player.count("POST", "/api/answers", 200) == 2
    assert player.count("POST", "/api/batch", 200) == 1
    page.reload()
    expect(page.get_by_text(CODE)).to_be_visible()


def test_pause_is_seen_by_polling(cast: Cast, blocked: Any) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"])
    player = blocked()
    page = player.goes_to(slug)
    player.polls_until(f"/api/games/{slug}", 304)
    act(cast.stack, slug, "game.pause(now)")
    player.passes(EVERY)
    expect(page.get_by_text("A short pause")).to_be_visible()
    assert player.count("POST", "/api/batch", 200) == 1


def test_notice_is_read_by_polling_and_goes_by_itself(cast: Cast, blocked: Any) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"])
    player = blocked()
    page = player.goes_to(slug)
    act(cast.stack, slug, "game.notify('Hurry!', now + timedelta(minutes=10))")
    player.passes(EVERY)
    notice = page.get_by_role("status").get_by_text("Hurry!")
    expect(notice).to_be_visible()
    player.passes(10 * 60)
    expect(notice).to_be_hidden()


def test_reveal_tells_each_their_own(cast: Cast, blocked: Any) -> None:
    slug = cast.stack.make_game("number", SETTINGS["number"], codes=1)
    player = blocked()
    page = player.goes_to(slug)
    page.get_by_label(re.compile("guess")).fill("042")
    page.get_by_role("button", name=re.compile("my guess")).click()
    expect(page.locator(".guess .answer")).to_have_text("042")
    act(cast.stack, slug, "game.close(now); results.reveal(game, now)")
    player.passes(EVERY)
    expect(page.get_by_text("You won!")).to_be_visible()
    expect(page.get_by_text(CODE)).to_be_visible()


def test_day_is_checked_in_over_http(cast: Cast, blocked: Any) -> None:
    slug = cast.stack.make_game("checkin", SETTINGS["checkin"])
    page = blocked().goes_to(slug)
    page.get_by_role("button", name=re.compile("Check in")).click()
    expect(page.locator('[data-text="me.coins"]').first).to_have_text("10")


def test_guest_joins_without_a_socket(cast: Cast) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"], codes=1)
    guest = Blocked(cast, "")
    page = guest.goes_to(slug)
    page.get_by_label("Choose a nickname").fill("Zoë")
    page.get_by_role("button", name="Start playing").click()
    expect(page.locator('[data-text="me.name"]')).to_have_text("Zoë")
    page.get_by_label("Your answer").fill("elephant")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text(CODE)).to_be_visible()


def test_page_goes_back_to_the_socket_once_it_opens(cast: Cast, blocked: Any) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"])
    player = blocked()
    page = player.goes_to(slug)
    player.open = True
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(tally(page, "here")).to_have_text("1")
    expect(page.get_by_text("Live updates don’t work on this network")).to_be_hidden()
