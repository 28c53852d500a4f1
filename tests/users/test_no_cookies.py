"""A browser without cookies is told so, and no guest is made twice."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from games.models import Game, Guest
from users.models import Player

MakeGame = Callable[..., Game]
ALLOW = {
    "en": "Allow cookies for this site",
    "th": "โปรดอนุญาตคุกกี้สำหรับเว็บไซต์นี้",
}
PERHAPS = {
    "en": "your browser blocks cookies. Allow them",
    "th": "หากคุณเพิ่งเลือกชื่อนี้เอง",
}
LANGUAGES = pytest.mark.parametrize("language", ["en", "th"])
ORIGIN = {"HTTP_ORIGIN": "http://testserver"}


def join(game: Game, nickname: str, client: Client | None = None, **more: Any) -> Any:
    """As a new browser, unless a client is given."""
    address = f"/games/{game.slug}/join/"
    return (client or Client()).post(address, {"nickname": nickname}, **ORIGIN, **more)


@LANGUAGES
@pytest.mark.parametrize("path", ["/login/", "/signup/", "/admin/login/"])
def test_form_that_comes_without_a_cookie_says_what_to_do(
    db: None, language: str, path: str
) -> None:
    form = {"username": "Alice", "name": "Alice", "password": "correct horse"}
    client = Client(enforce_csrf_checks=True)
    answer = client.post(path, form, headers={"accept-language": language})
    assert answer.status_code == 403
    assert ALLOW[language] in answer.content.decode()
    assert not Player.objects.exists()


def test_page_that_is_too_old_says_so(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "c" * 32
    answer = client.post("/login/", {"username": "Alice", "password": "x"})
    assert "The page was open for too long" in answer.content.decode()
    assert ALLOW["en"] not in answer.content.decode()


@LANGUAGES
def test_plain_form_joins_and_its_repeat_makes_no_second_guest(
    make_game: MakeGame, language: str
) -> None:
    game = make_game()
    assert join(game, "Zoe").status_code == 302
    again = join(game, "Zoe", headers={"accept-language": language})
    assert again.status_code == 400
    assert PERHAPS[language] in again.content.decode()
    assert Guest.objects.count() == Player.objects.count() == 1


def test_whoever_shows_a_cookie_is_told_only_that_the_name_is_taken(
    make_game: MakeGame,
) -> None:
    game, other = make_game(), Client()
    other.cookies["csrftoken"] = "c" * 32
    join(game, "Zoe")
    said = join(game, "Zoe", other).content.decode()
    assert "That nickname is taken." in said
    assert PERHAPS["en"] not in said
    assert PERHAPS["en"] not in join(game, "Z").content.decode()


@LANGUAGES
@pytest.mark.parametrize("path", ["/login/", "/signup/", "/games/{slug}/"])
def test_every_form_that_lets_in_can_say_it(
    client: Client, make_game: MakeGame, path: str, language: str
) -> None:
    path = path.format(slug=make_game().slug)
    page = client.get(path, headers={"accept-language": language}).content.decode()
    assert page.count("data-no-cookies hidden") == 1
    assert ALLOW[language] in page
