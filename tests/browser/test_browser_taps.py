"""What a tap too many, or one on an old page, does in a real browser."""

import re
from urllib.parse import urlsplit
from uuid import uuid4

from playwright.sync_api import Dialog, expect

from tests.browsers import Cast, on_both
from tests.conftest import SETTINGS
from tests.live.test_socket import MENU, PUT_ON_TOP

VALUES = """
game = Game.objects.get(slug=given['slug'])
out = [answer.value for answer in game.answers.all()]
"""

# What the button says as the form goes out; the page after it can still read this.
NOTE = """() => {
  const button = document.querySelector(".nickname button");
  const said = () => `${button.innerText} ${button.disabled}`;
  const note = () => sessionStorage.setItem("said", said());
  button.form.addEventListener("submit", note);
}"""


@on_both
def test_second_tap_joins_nobody_else(cast: Cast) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"])
    page = cast.opens(f"/games/{slug}/")
    sent: list[str] = []
    page.on("request", lambda one: one.method == "POST" and sent.append(one.post_data))
    page.evaluate(NOTE)
    page.get_by_label("Choose a nickname").fill("Zoë")
    page.get_by_role("button", name="Start playing").dblclick()
    expect(page.locator('[data-text="me.name"]')).to_have_text("Zoë")
    assert page.evaluate("sessionStorage.getItem('said')") == "One moment… true"
    [form] = sent
    assert re.search(r"join_id=[0-9a-f]{8}-", form)
    guests = "out = Guest.objects.filter(game__slug=given['slug']).count()"
    assert cast.stack.run(guests, slug=slug) == 1


def test_second_tap_makes_no_second_account(cast: Cast) -> None:
    page = cast.opens("/signup/")
    page.get_by_label("Name").fill(f"Dan {uuid4().hex[:8]}")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Create my account").dblclick()
    expect(page.get_by_role("link", name="My prizes")).to_be_visible()
    assert urlsplit(page.url).path == "/"


def test_nickname_that_is_taken_is_asked_for_again(cast: Cast) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"])
    for page in (cast.opens(f"/games/{slug}/"), cast.opens(f"/games/{slug}/")):
        page.get_by_label("Choose a nickname").fill("Zoë")
        page.get_by_role("button", name="Start playing").click()
        page.wait_for_url(re.compile(f"/games/{slug}/(join/)?$"))
    expect(page.get_by_text("That nickname is taken.")).to_be_visible()
    cast.complaints.clear()  # the browser notes the 400
    page.get_by_label("Choose a nickname").fill("Yan")
    page.get_by_role("button", name="Start playing").dblclick()
    expect(page.locator('[data-text="me.name"]')).to_have_text("Yan")


def test_option_that_was_tapped_stays_the_one_where_staff_put_another_on_top(
    cast: Cast,
) -> None:
    slug = cast.stack.make_game("choice", MENU)
    [session] = cast.stack.make_players(1)
    page = cast.opens(f"/games/{slug}/", session)
    page.get_by_label("Coffee").check()
    cast.stack.run(PUT_ON_TOP, slug=slug, option="Juice")
    options = page.get_by_role("radio")
    expect(options).to_have_count(3)
    expect(options.first).to_have_value("0")
    expect(page.get_by_label("Coffee")).to_be_checked()
    page.get_by_role("button", name="Vote").click()
    expect(page.get_by_text("Your vote is counted.")).to_be_visible()
    expect(page.get_by_label("Coffee")).to_be_checked()
    assert cast.stack.run(VALUES, slug=slug) == [[1]]


def test_price_that_changed_behind_the_page_is_shown_before_it_is_paid(
    cast: Cast,
) -> None:
    slug = cast.stack.make_game("checkin", SETTINGS["checkin"], codes=2)
    [session] = cast.stack.make_players(1)
    item = cast.stack.run(
        "from checkins.models import Item\n"
        "pool = Game.objects.get(slug=given['slug']).pools.get()\n"
        "out = Item.objects.create(pool=pool, title='Mug', price=5).pk",
        slug=slug,
    )
    page = cast.opens(f"/games/{slug}/", session)

    def edit_and_agree(dialog: Dialog) -> None:
        """Staff set another price while the page asks, and so stands still."""
        cast.stack.run(
            "from checkins.models import Item\n"
            "Item.objects.filter(pk=given['item']).update(price=9)",
            item=item,
        )
        dialog.accept()

    page.on("dialog", edit_and_agree)
    page.get_by_role("button", name=re.compile("Check in")).click()
    buy = page.get_by_role("button", name="Get it")
    expect(buy).to_be_enabled()
    buy.click()
    expect(page.get_by_text("The price has changed.")).to_be_visible()
    expect(page.locator('.offer [data-text="item.price"]')).to_have_text("9")
    expect(page.locator('[data-text="me.coins"]').first).to_have_text("10")
    buy.click()
    codes = page.get_by_text(re.compile("CODE-"))
    expect(codes.filter(visible=True)).to_have_count(1)
    expect(page.locator('[data-text="me.coins"]').first).to_have_text("1")
