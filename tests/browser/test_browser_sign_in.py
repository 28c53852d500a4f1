"""Signing in and up in a real browser: the line, and what comes after it."""

import re

import pytest
from playwright.sync_api import Page, expect

from gameproject.sign_in_line import FORMS_AT_ONCE
from tests.browsers import Cast, on_both
from tests.hashing import nobody_hashes

PASSWORD = "correct horse"
MINE = re.compile(r"\d/me/$")
ACCOUNT = "Player.objects.create_user(given['name'], given['password'])"


def fill(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.locator(".sheet form button").click()


@on_both
def test_signing_in_leads_on_to_where_one_wanted(cast: Cast) -> None:
    cast.stack.run(ACCOUNT, name="Alice Line", password=PASSWORD)
    page = cast.opens("/login/?next=/me/")
    fill(page, "Alice Line")
    page.wait_for_url(MINE)
    names = {cookie["name"] for cookie in page.context.cookies()}
    assert names >= {"sessionid", "csrftoken"}


def test_wrong_password_is_said_on_the_page_and_the_name_stays(cast: Cast) -> None:
    cast.stack.run(ACCOUNT, name="Bob Line", password=PASSWORD)
    page = cast.opens("/login/?next=/me/")
    fill(page, "Bob Line", "wrong")
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("is wrong")
    expect(page.get_by_label("Name")).to_have_value("Bob Line")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator(".sheet form button").click()
    page.wait_for_url(MINE)


def test_making_an_account_signs_in(cast: Cast) -> None:
    page = cast.opens("/signup/?next=/me/")
    fill(page, "Dan Line")
    page.wait_for_url(MINE)


@pytest.mark.parametrize(
    ("locale", "told"),
    [("en-GB", r"You are number \d+ in line"), ("th-TH", r"คุณอยู่ในคิวลำดับที่ \d+")],
)
def test_who_waits_sees_their_place_and_then_goes_on(
    cast: Cast, locale: str, told: str
) -> None:
    name = f"Eve {locale}"
    cast.stack.run(ACCOUNT, name=name, password=PASSWORD)
    context = cast.browser.new_context(locale=locale)
    page = context.new_page()
    page.goto(cast.stack.url("/login/?next=/me/"))
    with nobody_hashes(cast.stack):
        before = [context.new_page() for _place in range(FORMS_AT_ONCE)]
        for other in before:
            other.goto(cast.stack.url("/login/"))
            other.locator("[name=username]").fill("nobody")
            other.locator("[name=password]").fill("wrong")
            with other.expect_request(lambda one: one.method == "POST"):
                other.locator(".sheet form button").click()
        page.locator("[name=username]").fill(name)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator(".sheet form button").click()
        expect(page.get_by_role("status")).to_have_text(re.compile(told))
    page.wait_for_url(MINE)
    context.close()
