"""Real browsers on real processes: two players and staff, each seeing the others."""

import re
from collections.abc import Callable
from operator import le
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browsers import PHONE, Cast, on_both, tally
from tests.conftest import SETTINGS
from tests.stack import Stack


@pytest.fixture
def two(cast: Cast) -> Callable[..., tuple[str, Page, Page]]:
    """A game, and two players who see each other there, on two processes."""

    def make(kind: str, codes: int = 0, **settings: Any) -> tuple[str, Page, Page]:
        slug = cast.stack.make_game(kind, SETTINGS[kind] | settings, codes)
        one, other = cast.stack.make_players(2)
        alice = cast.opens(f"/games/{slug}/", one, process=0)
        bob = cast.opens(f"/games/{slug}/", other, process=1)
        for page in (alice, bob):
            expect(tally(page, "here")).to_have_text("2")
        return slug, alice, bob

    return make


def reveal(stack: Stack, slug: str, **settings: Any) -> None:
    """Staff enter the result, close and reveal."""
    stack.run(
        "game = Game.objects.get(slug=given['slug'])\n"
        "game.settings |= given['settings']; game.edit(['settings'])\n"
        "game.close(now); results.reveal(game, now)",
        slug=slug,
        settings=settings,
    )


def test_each_sees_their_own_place_alone(two: Any) -> None:
    _slug, alice, bob = two("puzzle")
    for page in (alice, bob):
        page.get_by_label("Your answer").fill("elephant")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("Leaderboard")).to_be_visible()
    expect(alice.get_by_text("Your rank: 1 of 2")).to_be_visible(timeout=15_000)
    expect(bob.get_by_text("Your rank: 2 of 2")).to_be_visible()
    told = expect(bob.locator(".board .points").first)
    told.to_have_text("1 point", use_inner_text=True)
    bob.reload()
    expect(bob.get_by_text("Your rank: 2 of 2")).to_be_visible()


@on_both
def test_puzzle_is_won_while_the_other_watches(two: Any) -> None:
    _slug, alice, bob = two("puzzle", codes=1)
    bob.get_by_label("Your answer").fill("mouse")
    bob.get_by_role("button", name="Send").click()
    expect(bob.get_by_text("Not quite")).to_be_visible()
    alice.get_by_label("Your answer").fill("Elephant")
    alice.get_by_role("button", name="Send").click()
    expect(alice.get_by_text(re.compile("CODE-"))).to_be_visible()
    expect(tally(bob, "right")).to_have_text("1")
    expect(bob.locator(".stages .note")).to_contain_text("given away")
    assert "CODE-" not in bob.content()
    alice.reload()
    expect(alice.get_by_text(re.compile("CODE-"))).to_be_visible()


def test_number_is_guessed_changed_and_revealed(two: Any, cast: Cast) -> None:
    slug, alice, bob = two("number", codes=1)
    for page, guess in ((alice, "041"), (bob, "900"), (bob, "100")):
        page.get_by_label(re.compile("guess")).fill(guess)
        page.get_by_role("button", name=re.compile("my guess")).click()
        expect(page.locator(".guess .answer")).to_have_text(guess)
    expect(tally(alice, "answered")).to_have_text("2")
    reveal(cast.stack, slug)
    expect(alice.get_by_text("You won!")).to_be_visible()
    expect(bob.get_by_text("Not this time")).to_be_visible()
    expect(alice.get_by_text(re.compile("CODE-"))).to_be_visible()


def test_score_is_guessed_and_revealed(two: Any, cast: Cast) -> None:
    slug, alice, bob = two("score")
    for page, goals in ((alice, ("2", "1")), (bob, ("0", "0"))):
        for team, count in zip(("Lions", "Tigers"), goals):
            page.get_by_label(team, exact=True).fill(count)
        page.get_by_role("button", name="Send my score").click()
        expect(page.locator(".guess .answer")).to_have_text(" : ".join(goals))
    expect(tally(bob, "answered")).to_have_text("2")
    reveal(cast.stack, slug, final_home=2, final_away=1)
    expect(alice.get_by_text("You won!")).to_be_visible()
    expect(bob.locator(".reveal .answer")).to_have_text("2 : 1")


def test_quiz_is_played_at_ones_own_pace(two: Any) -> None:
    _slug, alice, bob = two("choice")
    alice.get_by_role("group").get_by_text("blue").click()
    alice.get_by_role("button", name="Answer", exact=True).click()
    expect(alice.get_by_text("Right!").filter(visible=True)).to_be_visible()
    expect(tally(bob, "answered")).to_have_text("1")
    alice.get_by_role("button", name="Next").click()
    alice.get_by_role("group").get_by_text("no", exact=True).click()
    alice.get_by_role("button", name="Vote").click()
    expect(alice.get_by_text("All done")).to_be_visible()
    expect(bob.get_by_role("group").get_by_text("Sky?")).to_be_visible()


def test_winner_sees_their_own_line_alone(cast: Cast) -> None:
    slug = cast.stack.make_game("announce", SETTINGS["announce"])
    sessions = cast.stack.run(
        "people = [Player.objects.get_or_create(name=n, name_key=n.lower(), "
        "defaults={'password': '!'})[0] for n in ('Alice', 'Bob')]\n"
        "Winner.objects.make_for(Game.objects.get(slug=given['slug']))\n"
        "out = open_for(people)",
        slug=slug,
    )
    alice, bob = (cast.opens(f"/games/{slug}/", one) for one in sessions)
    expect(alice.get_by_text("bicycle")).to_be_visible()
    expect(bob.get_by_text("balloon")).to_be_visible()
    expect(tally(alice, "here")).to_have_text("2")
    for page, secret in ((alice, "balloon"), (bob, "bicycle")):
        assert secret not in page.content()


def test_check_in_gives_coins_on_every_device(cast: Cast) -> None:
    slug = cast.stack.make_game("checkin", SETTINGS["checkin"])
    [session] = cast.stack.make_players(1)
    phone = cast.opens(f"/games/{slug}/", session, process=0)
    laptop = cast.opens(f"/games/{slug}/", session, process=1)
    expect(tally(laptop, "here")).to_have_text("2")
    phone.get_by_role("button", name=re.compile("Check in")).click()
    for page in (phone, laptop):
        expect(page.locator('[data-text="me.coins"]').first).to_have_text("10")


def test_guest_joins_and_plays(cast: Cast) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"], codes=1)
    page = cast.opens(f"/games/{slug}/")
    page.get_by_label("Choose a nickname").fill("Zoë")
    page.get_by_role("button", name="Start playing").click()
    page.get_by_label("Your answer").fill("elephant")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text(re.compile("CODE-"))).to_be_visible()
    page.goto(cast.stack.url("/me/"))
    expect(page.get_by_text(re.compile("CODE-"))).to_be_visible()


def test_longest_name_leaves_the_top_in_order_on_a_phone(cast: Cast) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"])
    guest = cast.opens(f"/games/{slug}/")
    guest.get_by_label("Choose a nickname").fill("W" * 32)
    guest.get_by_role("button", name="Start playing").click()
    expect(guest.locator(".player")).to_be_visible()
    assert is_in_order(guest)
    guest.goto(cast.stack.url("/"))
    expect(guest.get_by_role("link", name="My prizes")).to_be_visible()
    assert is_in_order(guest)


def is_in_order(page: Page) -> bool:
    """Whether nothing at the top lies on its neighbour or leads out of the window."""
    boxes = page.evaluate(
        "[...document.querySelectorAll('.brand *, .account > *')]"
        ".map((part) => part.getBoundingClientRect())"
        ".filter(({ width }) => width > 1).map(({ left, right }) => [left, right])"
    )
    starts, ends = zip(*boxes)
    return all(map(le, ends, [*starts[1:], PHONE["width"]]))


def test_arriving_costs_one_page_and_one_socket(cast: Cast) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"])
    [session] = cast.stack.make_players(1)
    page = cast.opens("/me/", session)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.goto(cast.stack.url(f"/games/{slug}/"))
    expect(tally(page, "here")).to_have_text("1")
    own = [url for url in asked if "/static/" not in url]
    assert own == [
        cast.stack.url(f"/games/{slug}/"),
        cast.stack.url(f"/ws/games/{slug}/").replace("http", "ws", 1),
    ]


def test_answer_given_while_the_line_was_down_arrives_once(
    cast: Cast, on_postgres: Stack
) -> None:
    stack = on_postgres
    slug = stack.make_game("puzzle", SETTINGS["puzzle"], codes=2)
    [session] = stack.make_players(1)
    page = cast.opens(f"/games/{slug}/", session)
    expect(tally(page, "here")).to_have_text("1")
    stack.restart(0)
    page.get_by_label("Your answer").fill("elephant")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text(re.compile("CODE-"))).to_be_visible(timeout=20_000)
    away = ("WebSocket", "ERR_CONNECTION_REFUSED")
    cast.complaints = [c for c in cast.complaints if not any(a in c for a in away)]
    count = "out = Game.objects.get(slug=given['slug']).answers.count()"
    assert stack.run(count, slug=slug) == 1


STAFF = """
staff = Player.objects.filter(name_key="staff").first()
staff = staff or Player.objects.create_superuser("Staff", "a long password")
out = [open_for([staff])[0], Game.objects.get(slug=given["slug"]).pk]
"""


def test_staff_act_in_the_admin_and_every_page_follows(two: Any, cast: Cast) -> None:
    slug, alice, bob = two("puzzle")
    session, pk = cast.stack.run(STAFF, slug=slug)
    staff = cast.opens(f"/admin/games/game/{pk}/change/", session, process=1)
    staff.get_by_role("button", name="Pause").click()
    for page in (alice, bob):
        expect(page.get_by_text("A short pause")).to_be_visible()
    staff.get_by_role("button", name="Resume").click()
    for page in (alice, bob):
        expect(page.get_by_label("Your answer")).to_be_enabled()
    staff.get_by_role("button", name=re.compile("^Close")).click()
    staff.get_by_role("button", name=re.compile("Close")).click()
    for page in (alice, bob):
        expect(page.get_by_text("The game is closed").first).to_be_visible()


def test_description_of_the_api_opens_under_the_strict_policy(cast: Cast) -> None:
    page = cast.opens("/api/docs")
    expect(page.get_by_text("/api/answers").first).to_be_visible()
