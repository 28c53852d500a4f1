"""Sockets that die without a word, sessions that end, and browsers without cookies."""

import json
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.browsers import FLAGS, PHONE, Cast, on_both, tally
from tests.conftest import SETTINGS
from tests.stack import Stack

CODE = re.compile("CODE-")
BLOCKING = {"profile": {"default_content_setting_values": {"cookies": 2}}}


PATIENCE = 3  # seconds until a page asks whether what it sent has arrived
RENEWED = 33  # seconds after which it has renewed its cookies, if nothing else did
DOUBT = 3  # seconds that it gives a socket for a sign of life


class Network:
    """Between a page and its sockets. What is dead opens, and swallows all."""

    def __init__(self, cast: Cast, session: str) -> None:
        self.page: Page = cast.opens("/login/", session)
        self.page.clock.install()
        self.page.context.route_web_socket(re.compile("/ws/"), self._route)
        self.is_cut = self.is_dead = False
        self.sockets: list[WebSocketRoute] = []

    def _route(self, socket: WebSocketRoute) -> None:
        if self.is_cut:
            socket.close(code=1011)
        elif not self.is_dead:
            self._pass_on(socket)

    def _pass_on(self, socket: WebSocketRoute) -> None:
        """Until it is dead, which those that are opened later need not be."""
        server, place = socket.connect_to_server(), len(self.sockets)
        self.sockets.append(socket)
        self.alive = [*getattr(self, "alive", []), True]
        socket.on_message(lambda text: self.alive[place] and server.send(text))
        server.on_message(lambda text: self.alive[place] and socket.send(text))

    def dies(self) -> None:
        self.alive = [False] * len(self.alive)

    def passes(self, seconds: int) -> None:
        """So much time, at once, for the page's clock and whatever waits there."""
        self.page.clock.fast_forward(seconds * 1000)

    def is_cut_off(self) -> None:
        self.is_cut = True
        for socket in self.sockets:
            socket.close(code=1011)

    def is_back(self) -> None:
        self.is_cut = False
        self.page.evaluate("dispatchEvent(new Event('online'))")


def answers(page: Page, text: str = "elephant") -> None:
    page.get_by_label("Your answer").fill(text)
    page.get_by_role("button", name="Send").click()


def answers_in(stack: Stack, slug: str) -> int:
    count = "out = Game.objects.get(slug=given['slug']).answers.count()"
    return stack.run(count, slug=slug)


@pytest.mark.parametrize("others", ["other sockets open", "no socket lives"])
def test_answer_into_a_dead_socket_arrives_once(cast: Cast, others: str) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"], codes=2)
    network = Network(cast, *cast.stack.make_players(1))
    page = network.page
    page.goto(cast.stack.url(f"/games/{slug}/"))
    expect(tally(page, "here")).to_have_text("1")
    network.dies()
    network.is_dead = others == "no socket lives"
    answers(page)
    expect(page.get_by_text("Sending…")).to_be_visible()
    network.passes(PATIENCE)
    if network.is_dead:
        network.passes(PATIENCE)
    expect(page.get_by_text(CODE)).to_be_visible()
    assert answers_in(cast.stack, slug) == 1


def test_page_that_is_looked_at_again_tests_its_socket(cast: Cast) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"], codes=2)
    network = Network(cast, *cast.stack.make_players(1))
    page = network.page
    page.goto(cast.stack.url(f"/games/{slug}/"))
    expect(tally(page, "here")).to_have_text("1")
    network.dies()
    cast.stack.run("Game.objects.get(slug=given['slug']).pause(now)", slug=slug)
    network.passes(2)  # what was heard just now isn't doubted
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    network.passes(DOUBT)
    expect(page.get_by_text("A short pause")).to_be_visible()


SIGN_OUT = """
from django.contrib.sessions.models import Session
session = Session.objects.get(session_key=given["session"])
player = Player.objects.get(pk=session.get_decoded()["_auth_user_id"])
session.delete()
out = [player.name, open_for([player])[0]]
"""


def signs_in(page: Page, url: str, session: str) -> None:
    site = url.partition("games/")[0]
    page.context.clear_cookies(name="sessionid")
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": site}])
    page.goto(url)


@on_both
def test_answer_is_kept_until_its_player_is_back(cast: Cast) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"], codes=2)
    alice, bob = cast.stack.make_players(2)
    network = Network(cast, alice)
    page, url = network.page, cast.stack.url(f"/games/{slug}/")
    page.goto(url)
    expect(tally(page, "here")).to_have_text("1")
    network.is_cut_off()
    answers(page)
    expect(page.get_by_text("You’re offline. Your answer is saved")).to_be_visible()
    name, again = cast.stack.run(SIGN_OUT, session=alice)
    network.is_back()
    kept = page.get_by_text(f"What {name} sent has not arrived yet.")
    expect(kept).to_be_visible()
    signs_in(page, url, bob)
    expect(tally(page, "here")).to_have_text("1")
    expect(kept).to_be_visible()
    assert answers_in(cast.stack, slug) == 0
    signs_in(page, url, again)
    expect(page.get_by_text(CODE)).to_be_visible()
    expect(kept).to_be_hidden()
    assert answers_in(cast.stack, slug) == 1


def test_answer_is_thrown_away_only_where_somebody_says_so(cast: Cast) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"], codes=2)
    [alice] = cast.stack.make_players(1)
    network = Network(cast, alice)
    page, url = network.page, cast.stack.url(f"/games/{slug}/")
    page.goto(url)
    expect(tally(page, "here")).to_have_text("1")
    network.is_cut_off()
    answers(page)
    _name, again = cast.stack.run(SIGN_OUT, session=alice)
    network.is_back()
    page.get_by_role("button", name="Delete it").click()
    signs_in(page, url, again)
    answers(page, "mouse")
    expect(page.get_by_text("Not quite")).to_be_visible()
    assert answers_in(cast.stack, slug) == 1


def test_page_renews_the_cookies_that_the_socket_can_not(cast: Cast) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"])
    [session] = cast.stack.make_players(1)
    page = cast.opens("/login/", session)
    page.clock.install()
    context, url = page.context, cast.stack.url(f"/games/{slug}/")
    context.clear_cookies(name="renewed")
    page.goto(url)
    expect(tally(page, "here")).to_have_text("1")
    with page.expect_response(re.compile("/api/users/")):
        page.clock.fast_forward(RENEWED * 1000)
    ends = {one["name"]: one["expires"] for one in context.cookies()}
    assert ends.keys() >= {"sessionid", "csrftoken", "renewed"}
    assert ends["sessionid"] - time.time() > 60 * 24 * 3600


@pytest.mark.parametrize(
    ("locale", "told"),
    [("en-GB", "Your browser blocks cookies"), ("th-TH", "บล็อกคุกกี้")],
)
def test_browser_that_blocks_cookies_is_told_before_it_sends(
    browser: Browser, on_postgres: Stack, tmp_path: Path, locale: str, told: str
) -> None:
    slug = on_postgres.make_game("puzzle", SETTINGS["puzzle"])
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default/Preferences").write_text(json.dumps(BLOCKING))
    size: Any = PHONE
    context = browser.browser_type.launch_persistent_context(
        tmp_path,
        executable_path=shutil.which("chromium"),
        args=FLAGS,
        viewport=size,
        locale=locale,
    )
    page, sent = context.pages[0], list[str]()
    page.on("request", lambda one: one.method == "POST" and sent.append(one.url))
    for path in (f"/games/{slug}/", "/login/", "/signup/"):
        page.goto(on_postgres.url(path))
        form = page.locator("form[method=post]").filter(visible=True)
        expect(form).to_be_visible()
        for field in form.locator("input:not([type=hidden])").all():
            field.fill("correct horse")
        form.locator("button").click()
        expect(form.get_by_role("alert").get_by_text(told)).to_be_visible()
    assert sent == []
    context.close()
