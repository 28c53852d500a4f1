"""Shared pages that a script makes one's own, and that do without."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browsers import Cast, on_both
from tests.conftest import SETTINGS
from tests.stack import Stack

INVITED = """
from users.models import CoinEntry
from users.sessions import open_for
from django.db import transaction
from uuid import uuid4
alice = Player.objects.create_user(f"Alice {uuid4().hex[:4]}", "correct horse")
with transaction.atomic():
    held = Player.lock_many([alice.pk])[alice.pk]
    CoinEntry.objects.record(
        held, 1234, CoinEntry.Reason.ADJUSTED, key=uuid4().hex, at=now
    )
game = Game.objects.create(
    slug=f"ours-{alice.pk}", title="For the invited", kind="puzzle",
    settings={"accepted": ["x"]}, access="listed",
    closes_at=now + timedelta(minutes=30),
)
game.invite([alice.name])
game.open(now)
out = [alice.name, open_for([alice])[0], game.slug]
"""


def invited(stack: Stack) -> tuple[str, str, str]:
    """A player with coins who is on a list: name, session, and the game's slug."""
    name, session, slug = stack.run(INVITED)
    return name, session, slug


def asked_by(page: Page) -> list[str]:
    asked: list[str] = []
    page.on("request", lambda one: asked.append(f"{one.method} {one.url}"))
    return asked


@on_both
def test_home_shows_name_coins_and_own_games_for_one_request(cast: Cast) -> None:
    cast.stack.make_game("puzzle", SETTINGS["puzzle"])
    name, session, slug = invited(cast.stack)
    page = cast.opens("/me/", session)
    asked = asked_by(page)
    page.goto(cast.stack.url("/"))
    expect(page.locator('[data-text="me.name"]')).to_have_text(name)
    expect(page.locator('[data-text="me.coins"]')).to_have_text("1,234")
    card = page.locator(f'a.card[href="/games/{slug}/"]')
    expect(card).to_contain_text("For the invited")
    expect(card.get_by_text("Open now")).to_be_visible()
    expect(card.get_by_role("timer")).to_contain_text("29:")
    assert [one for one in asked if one.startswith("POST")] == [
        f"POST {cast.stack.url('/api/batch')}"
    ]
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    expect(card).to_have_count(0)


def test_stranger_asks_for_nothing_personal(cast: Cast) -> None:
    page = cast.opens("/login/")
    asked = asked_by(page)
    page.goto(cast.stack.url("/"))
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    expect(page.get_by_role("link", name="My prizes")).to_be_hidden()
    assert [one for one in asked if "/api/" in one] == []


def test_game_of_ones_own_opens_in_time(cast: Cast) -> None:
    _name, session, slug = invited(cast.stack)
    cast.stack.run(
        "game = Game.objects.get(slug=given['slug'])\n"
        "game.state, game.opens_at = 'SCHEDULED', now + timedelta(minutes=30)\n"
        "game.closes_at = None\n"
        "game.save()",
        slug=slug,
    )
    page = cast.opens("/login/", session)
    page.clock.install()
    page.goto(cast.stack.url("/"))
    card = page.locator(f'a.card[href="/games/{slug}/"]')
    expect(card.get_by_text("Coming soon")).to_be_visible()
    expect(card.get_by_role("timer")).to_contain_text("29:")
    page.clock.fast_forward(30 * 60 * 1000)
    expect(card.get_by_text("Open now")).to_be_visible()
    expect(card.get_by_role("timer")).to_have_count(0)


@pytest.fixture
def plain(cast: Cast) -> Any:
    """Opens pages in a browser that runs no script."""

    def opens(path: str, session: str = "") -> Page:
        context = cast.browser.new_context(java_script_enabled=False, locale="en-GB")
        cast.contexts.append(context)
        if session:
            cookie = {"name": "sessionid", "value": session}
            context.add_cookies([{**cookie, "url": cast.stack.url("/")}])  # type: ignore[typeddict-item]
        page = context.new_page()
        page.goto(cast.stack.url(path))
        return page

    return opens


@on_both
def test_without_a_script_ones_own_page_says_it_all(cast: Cast, plain: Any) -> None:
    name, session, slug = invited(cast.stack)
    page = plain("/", session)
    page.get_by_role("link", name="My prizes").click()
    expect(page.get_by_text(f"You are signed in as {name}.")).to_be_visible()
    expect(page.get_by_text("1,234 coins")).to_be_visible()
    own = page.get_by_role("link", name="For the invited")
    assert own.get_attribute("href") == f"/games/{slug}/"
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="My prizes").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@on_both
def test_without_a_script_one_signs_in_and_is_led_on(cast: Cast, plain: Any) -> None:
    name, _session, _slug = invited(cast.stack)
    page = plain("/me/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("is wrong")).to_be_visible()
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(cast.stack.url("/me/"))
    expect(page.get_by_text(f"You are signed in as {name}.")).to_be_visible()


def test_an_account_is_made_on_the_way(cast: Cast) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"])
    page = cast.opens(f"/login/?next=/games/{slug}/")
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Name").fill(f"New {slug}")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Create my account").click()
    expect(page).to_have_url(cast.stack.url(f"/games/{slug}/"))


def test_whoever_is_signed_in_already_is_told_and_led_on(cast: Cast) -> None:
    name, session, slug = invited(cast.stack)
    page = cast.opens(f"/login/?next=/games/{slug}/", session)
    expect(page.locator(".already")).to_contain_text(name)
    page.get_by_role("link", name="Continue").click()
    expect(page).to_have_url(cast.stack.url(f"/games/{slug}/"))


def test_guest_is_told_what_goes_along(cast: Cast) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"])
    page = cast.opens(f"/games/{slug}/")
    page.get_by_label("Choose a nickname").fill("Zoë")
    page.get_by_role("button", name="Start playing").click()
    expect(page.locator(".player")).to_be_visible()
    for path in ("/login/", "/signup/"):
        page.goto(cast.stack.url(path))
        expect(page.get_by_text("You’re playing as the guest")).to_contain_text("Zoë")
        expect(page.locator(".already")).to_be_hidden()
