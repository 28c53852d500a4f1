"""Sockets that die without a word, sessions that end, and browsers without cookies."""

import re
import time

from tests.browsers import Cast
from tests.conftest import SETTINGS


def test_page_renews_the_cookies_that_the_socket_can_not(cast: Cast) -> None:
    slug = cast.stack.make_game("puzzle", SETTINGS["puzzle"])
    [session] = cast.stack.make_players(1)
    page = cast.opens("/login/", session)
    context, url = page.context, cast.stack.url(f"/games/{slug}/")
    context.clear_cookies(name="renewed")
    context.add_init_script("Math.random = () => 0")
    with page.expect_response(re.compile("/api/users/")):
        page.goto(url)
    ends = {one["name"]: one["expires"] for one in context.cookies()}
    assert ends.keys() >= {"sessionid", "csrftoken", "renewed"}
    assert ends["sessionid"] - time.time() > 60 * 24 * 3600
