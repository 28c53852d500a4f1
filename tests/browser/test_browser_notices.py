"""Notices in real browsers: written by staff, read by players, gone in time."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_browser import STAFF
from tests.browsers import Cast, on_both, tally
from tests.conftest import SETTINGS
from tests.stack import Stack

HURRY = "Two minutes left! <b>Hurry</b>"


def notice(page: Page) -> Any:
    return page.get_by_role("status").get_by_text(HURRY)


def say(stack: Stack, slug: str, seconds: float) -> None:
    stack.run(
        "game = Game.objects.get(slug=given['slug'])\n"
        "game.notify(given['text'], now + timedelta(seconds=given['seconds']))",
        slug=slug,
        text=HURRY,
        seconds=seconds,
    )


@on_both
def test_staff_write_and_take_back_what_every_player_reads(cast: Cast) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"])
    session, pk = cast.stack.run(STAFF, slug=slug)
    alice = cast.opens(f"/games/{slug}/", process=0)
    bob = cast.opens(f"/games/{slug}/", process=1)
    expect(tally(bob, "here")).to_have_text("2")
    staff = cast.opens(f"/admin/games/game/{pk}/change/", session, process=1)
    staff.get_by_label("Text", exact=True).last.fill(HURRY)
    staff.get_by_label("Show it for").fill("5")
    staff.get_by_role("button", name="Show to players").click()
    for page in (alice, bob):
        expect(notice(page)).to_be_visible(timeout=2_000)
    bob.reload()
    expect(notice(bob)).to_be_visible()
    staff.get_by_role("button", name="Take it back").click()
    for page in (alice, bob):
        expect(notice(page)).to_be_hidden(timeout=2_000)


@pytest.mark.parametrize("act", ["pause(now)", "close(now)", "archive(now)"])
def test_notice_is_read_whatever_the_game_is_doing(cast: Cast, act: str) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"])
    page = cast.opens(f"/games/{slug}/")
    expect(tally(page, "here")).to_have_text("1")
    say(cast.stack, slug, 60)
    close = "game.close(now)\n" if act.startswith("archive") else ""
    code = f"game = Game.objects.get(slug=given['slug'])\n{close}game.{act}"
    cast.stack.run(code, slug=slug)
    expect(page.locator(".chip")).not_to_have_attribute("data-state", "OPEN")
    expect(notice(page)).to_be_visible()


def test_notice_goes_by_itself(cast: Cast) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"])
    page = cast.opens(f"/games/{slug}/")
    expect(tally(page, "here")).to_have_text("1")
    say(cast.stack, slug, 3)
    expect(notice(page)).to_be_visible()
    expect(notice(page)).to_be_hidden()
