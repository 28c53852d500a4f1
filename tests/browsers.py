"""Real browsers, each signed in as somebody, in front of real processes."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.stack import Stack

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-quic"),
]
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    with sync_playwright() as playwright:
        expect.set_options(timeout=8_000)
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


class Cast:
    """Browsers, each signed in as somebody, and what went wrong in them."""

    def __init__(self, browser: Browser, stack: Stack) -> None:
        self.browser, self.stack = browser, stack
        self.complaints: list[str] = []
        self.contexts: list[BrowserContext] = []

    def opens(self, path: str, session: str = "", process: int = 0) -> Page:
        context = self.browser.new_context(viewport=PHONE, locale="en-GB")  # type: ignore[arg-type]
        self.contexts.append(context)
        url = self.stack.url(path, process)
        if session:
            # As a sign-in leaves them.
            cookies = {"sessionid": session, "csrftoken": "c" * 32, "renewed": "1"}
            context.add_cookies(
                [
                    {"name": name, "value": value, "url": self.stack.url("/")}
                    for name, value in cookies.items()
                ]
            )
        context.set_default_timeout(8_000)
        page = context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(url)
        return page

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def leave(self) -> None:
        for context in self.contexts:
            context.close()
        assert self.complaints == []


@pytest.fixture
def cast(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Cast]:
    """On PostgreSQL and two processes, unless the test asks for another stack."""
    name = getattr(request, "param", "on_postgres")
    cast = Cast(browser, request.getfixturevalue(name))
    yield cast
    cast.leave()


on_both = pytest.mark.parametrize("cast", ["on_postgres", "embedded"], indirect=True)


def tally(page: Page, what: str) -> Any:
    return page.locator(f'[data-text="tally.{what}"]')
