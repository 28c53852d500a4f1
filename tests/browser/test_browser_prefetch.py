"""The home page fetches likely games ahead: each once, and only where that is free."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browsers import Cast, tally
from tests.conftest import SETTINGS
from tests.stack import Stack

GAMES = 20
STILL_GOOD = 300  # the size of a 304, whatever its headers, to the browser's timings


class Home:
    """A home page with twenty games, and what it asks for."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.page: Page = cast.opens("/login/")
        self.page.set_viewport_size({"width": 1280, "height": 3000})
        self.asked: Counter[str] = Counter()
        self.page.on("request", self._hear)
        self.got: set[str] = set()
        self.page.on("requestfinished", lambda request: self.got.add(request.url))

    def _hear(self, request: Any) -> None:
        if "/img/icon" not in request.url:  # the page's and the tab's, from one cache
            self.asked[request.url] += 1

    def opens(self) -> "Home":
        with self.page.expect_request("**/confetti*"):
            self.page.goto(self.cast.stack.url("/"))
        return self

    def cards(self) -> Any:
        return self.page.locator(".card")

    def games_asked(self) -> list[str]:
        return [url for url in self.asked if "/games/" in url and "/static/" not in url]

    def waits_for(self, count: int) -> None:
        self._waits_until(lambda: len(self.games_asked()) >= count)
        assert len(self.games_asked()) == count

    def has_all_it_asked(self) -> None:
        """It may have been idle before: it fetches ahead when nothing is to be done."""
        self._waits_until(lambda: self.asked.keys() <= self.got)
        assert self.asked.keys() <= self.got

    def _waits_until(self, so: Callable[[], bool]) -> None:
        for _tenth in range(100):
            if so():
                break
            self.page.wait_for_timeout(100)


@pytest.fixture(scope="module")
def _games(on_postgres: Stack) -> None:
    for _game in range(GAMES):
        on_postgres.make_game("puzzle", SETTINGS["puzzle"])


@pytest.fixture
def home(cast: Cast, _games: None) -> Home:
    return Home(cast)


def test_three_games_and_each_one_hovered_are_fetched_once(home: Home) -> None:
    home.opens()
    home.waits_for(3)
    for place, asked in ((0, 3), (2, 3), (5, 4), (7, 5), (9, 6), (5, 6)):
        home.cards().nth(place).hover()
        home.waits_for(asked)
    home.cards().nth(9).focus()
    home.page.wait_for_load_state("networkidle")
    assert {url: n for url, n in home.asked.items() if n > 1} == {}
    assert len(home.games_asked()) == 6
    first = [home.cards().nth(place).evaluate("a => a.href") for place in (0, 1, 2)]
    assert set(first) <= set(home.games_asked())


def test_fetched_game_opens_without_being_sent_again(home: Home) -> None:
    """After a second the browser asks whether the page is still good, no more."""
    home.opens()
    home.waits_for(3)
    home.has_all_it_asked()
    home.cards().first.click()
    expect(tally(home.page, "here")).to_have_text("1")
    sizes = home.page.evaluate(
        "[...performance.getEntriesByType('navigation'),"
        " ...performance.getEntriesByType('resource')]"
        f".filter((one) => one.transferSize > {STILL_GOOD}).map((one) => one.name)"
    )
    assert sizes == []


@pytest.mark.parametrize(
    "connection", ["saveData: true", "effectiveType: '3g'", "type: 'cellular'"]
)
def test_nothing_is_fetched_ahead_where_it_costs(home: Home, connection: str) -> None:
    home.page.add_init_script(
        f"Object.defineProperty(navigator, 'connection', {{value: {{{connection}}}}})"
    )
    home.opens()
    home.cards().nth(4).hover()
    home.page.wait_for_load_state("networkidle")
    assert home.games_asked() == []
