"""The real configuration, on Debian's nginx."""

import asyncio
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from core.refusals import DETAILS
from gameproject.boundary import FROM_ANYBODY
from gameproject.ops.nginx import Site, command, render
from tests.fronted import Fronted, ask, echo, site_in
from tests.stack import Player

FROM_CACHE = {"HIT", "STALE", "UPDATING"}


@pytest.fixture(scope="module")
def echoing(
    runs_nginx: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with echo(tmp_path_factory.mktemp("echo"), staff=["192.0.2.0/24"]) as site:
        yield site


def test_nginx_finds_nothing_to_say(tmp_path: Path) -> None:
    done = subprocess.run(
        [*command(render(site_in(tmp_path)))[:-2], "-t"], capture_output=True, text=True
    )
    assert done.returncode == 0
    said = done.stderr.splitlines()
    assert len(said) == 2, said
    assert said[1].endswith("test is successful")


# The shared page


def test_the_page_is_the_same_for_everybody_and_comes_from_the_cache(
    fronted: Fronted,
) -> None:
    path = f"/games/{fronted.make_game('puzzle', {'accepted': ['x']})}/"
    (session,) = fronted.make_players(1)
    first = ask(fronted.site, path)
    second = ask(fronted.site, path, cookie=f"sessionid={session}")
    third = ask(fronted.site, f"{path}?utm_source=x", cookie="csrftoken=y")
    assert first.status == 200
    assert first.body == second.body == third.body
    assert [r.headers["X-Cache"] for r in (first,)] == ["MISS"]
    assert {r.headers["X-Cache"] for r in (second, third)} <= FROM_CACHE
    assert not any(r.headers["Set-Cookie"] for r in (first, second, third))


SHARED = ["/", "/login/?next=/me/", "/signup/", "/api/games", "/api/games/{slug}"]


@pytest.mark.parametrize("path", ["/games/{slug}/", *SHARED])
async def test_300_at_once_on_a_cold_page_ask_django_once(
    fronted: Fronted, path: str
) -> None:
    path = path.format(slug=fronted.make_game("puzzle", {"accepted": ["x"]}))
    # No other test uses this host, so nothing is cached under it.
    host = fronted.site.listen.replace("127.0.0.1", "localhost")
    (session,) = fronted.make_players(1)
    # A request with a session has its own list of games.
    cookies = ["", "" if path == "/api/games" else f"sessionid={session}"]
    herd = [
        asyncio.to_thread(ask, fronted.site, path, cookie=cookies[n % 2], host=host)
        for n in range(300)
    ]
    answers = await asyncio.gather(*herd)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    cache = Counter(answer.headers["X-Cache"] for answer in answers)
    assert cache["MISS"] == 1, cache
    assert set(cache) <= {"MISS", *FROM_CACHE}


async def test_a_page_that_takes_long_is_asked_for_once_all_the_same(
    echoing: Site,
) -> None:
    """It takes longer than the first two cache locks wait; the third one holds."""
    herd = [asyncio.to_thread(ask, echoing, "/games/slow/") for _player in range(60)]
    answers = await asyncio.gather(*herd)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert [answer.headers["X-Cache"] for answer in answers].count("MISS") == 1


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("", "en"),
        ("th", "th"),
        ("th-TH,en;q=0.5", "th"),
        ("fr, de;q=0.8, TH;q=0.5, en;q=0.3", "th"),
        ("fr, en-GB;q=0.8, th;q=0.5", "en"),
        ("thai, english", "en"),
    ],
)
def test_django_is_told_one_of_its_languages(
    echoing: Site, asked: str, language: str
) -> None:
    slug = "".join(c for c in asked.lower() if c.isalpha())
    answer = ask(echoing, f"/games/in-{slug}/", accept_language=asked)
    assert answer.json()["headers"]["accept-language"] == language


def test_the_two_languages_of_a_page_are_kept_apart(fronted: Fronted) -> None:
    path = f"/games/{fronted.make_game('puzzle', {'accepted': ['x']})}/"
    pages = [ask(fronted.site, path, accept_language=one) for one in ("en", "th")]
    assert b'lang="en"' in pages[0].body
    assert b'lang="th"' in pages[1].body


@pytest.mark.parametrize(
    "path", ["/", "/login/", "/signup/", "/games/shared/", "/api/games/shared"]
)
def test_the_shared_page_takes_no_cookie_and_gives_none(
    echoing: Site, path: str
) -> None:
    answer = ask(echoing, f"{path}?next=/me/&a=1", cookie="sessionid=mine")
    assert "cookie" not in answer.json()["headers"]
    assert answer.json()["asked"] == f"GET {path} HTTP/1.1"
    assert answer.headers["Set-Cookie"] is None
    again = ask(echoing, path, cookie="sessionid=another; csrftoken=x")
    assert again.body == answer.body


def test_the_list_of_strangers_is_kept_for_strangers(echoing: Site) -> None:
    first = ask(echoing, "/api/games", cookie="csrftoken=x; device=y")
    assert "cookie" not in first.json()["headers"]
    assert ask(echoing, "/api/games").body == first.body


@pytest.mark.parametrize("path", ["/api/games", "/api/games/token"])
def test_whoever_shows_a_token_is_asked_about_it(echoing: Site, path: str) -> None:
    for token in ("one", "two"):
        answer = ask(echoing, path, authorization=f"Bearer {token}")
        assert answer.json()["headers"]["authorization"] == f"bearer {token}"
        assert answer.headers["X-Cache"] is None


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path", ["/", "/login/?next=/me/", "/signup/", "/api/games", "/api/games/x"]
)
def test_what_is_more_than_a_look_reaches_django_whole(
    echoing: Site, path: str, method: str
) -> None:
    cookie, origin = "sessionid=mine", f"http://{echoing.listen}"
    answer = ask(echoing, path, method, b"a=b", cookie=cookie, origin=origin)
    assert answer.json()["asked"] == f"{method} {path} HTTP/1.1"
    said = {"cookie": cookie, "origin": origin, "content-length": "3"}
    assert said.items() <= answer.json()["headers"].items()
    assert answer.headers["X-Cache"] is None


def test_a_form_that_no_daphne_takes_is_refused_in_our_own_words(
    runs_nginx: None, tmp_path: Path
) -> None:
    with echo(tmp_path) as site:
        site.socket(0).unlink()
        away = ask(site, "/login/", "POST", b"a=b")
    assert (away.status, away.headers["Retry-After"]) == (503, "2")
    assert str(DETAILS["unavailable"]) in away.text


@pytest.mark.parametrize(
    "path",
    [
        *("/me/", "/games/x/join/", "/api/users/1", "/api/answers", "/logout/"),
        *("/?cursor=1-2", "/api/games", "/api/games?limit=1"),
    ],
)
def test_what_is_personal_is_never_kept(echoing: Site, path: str) -> None:
    for player in ("alice", "bob"):
        answer = ask(echoing, path, cookie=f"sessionid={player}")
        assert answer.json()["headers"]["cookie"] == f"sessionid={player}"
        assert answer.headers["Set-Cookie"] == "sessionid=secret"
        assert answer.headers["X-Cache"] is None


# Headers and limits


@pytest.mark.parametrize(
    ("path", "said_by_nginx"),
    [
        ("/me/", {"x-real-ip": "127.0.0.1", "x-forwarded-proto": "http"}),
        ("/ws/games/x/", {"x-real-ip": "127.0.0.1", "x-forwarded-proto": "http"}),
        ("/games/forged/", {"x-forwarded-proto": "http"}),
    ],
)
def test_forged_headers_do_not_reach_django(
    echoing: Site, path: str, said_by_nginx: dict[str, str]
) -> None:
    names = ("X_Forwarded_For", "X_Real_IP", "X_Forwarded_Proto", "X_Forwarded_Host")
    forged = dict.fromkeys((*names, "Forwarded", "Daphne_Root_Path"), "evil.example")
    arrived = ask(echoing, path, **forged).json()["headers"]
    assert "evil.example" not in str(arrived)
    assert said_by_nginx.items() <= arrived.items()
    assert arrived["host"] == echoing.listen


def test_what_a_browser_says_reaches_django(echoing: Site) -> None:
    names = [name for name in FROM_ANYBODY if name != b"content-length"]
    said = {name.decode(): "said" for name in names} | {"host": echoing.listen}
    asked = {k.replace("-", "_"): v for k, v in said.items()}
    arrived = ask(echoing, "/me/", **asked)
    assert said.items() <= arrived.json()["headers"].items()


def test_a_header_of_9_kib_is_refused(fronted: Fronted) -> None:
    answer = ask(fronted.site, "/", x_much="x" * 9 * 1024)
    assert answer.status == 400


def test_a_large_body_is_refused_in_our_own_words(fronted: Fronted) -> None:
    answer = ask(fronted.site, "/api/answers", "POST", b"x" * 200 * 1024)
    assert answer.status == 413
    assert answer.json()["error"]["code"] == "too_large"


def test_static_files_are_kept_for_ever(fronted: Fronted) -> None:
    path = f"/games/{fronted.make_game('puzzle', {'accepted': ['x']})}/"
    page = ask(fronted.site, path).body.decode()
    start = page.index("/static/css/")
    style = ask(fronted.site, page[start : page.index('"', start)])
    assert style.status == 200
    assert style.headers["Content-Type"] == "text/css"
    assert style.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["/admin/", "/admin/games/game/", "/metrics"])
def test_staff_pages_can_be_closed_to_strangers(
    echoing: Site, fronted: Fronted, path: str
) -> None:
    closed = ask(echoing, path)
    assert (closed.status, str(DETAILS["forbidden"]) in closed.text) == (403, True)
    assert str(DETAILS["forbidden"]) not in ask(fronted.site, "/admin/").text


# Sockets


def test_of_a_handshake_only_what_is_needed_reaches_django(echoing: Site) -> None:
    needed = {
        "upgrade": "websocket",
        "connection": "upgrade",
        "origin": "http://site.example",
        "cookie": "sessionid=mine",
        "sec-websocket-key": "a key",
        "sec-websocket-version": "13",
    }
    asked = {name.replace("-", "_"): value for name, value in needed.items()}
    answer = ask(
        echoing, "/ws/games/x/", **asked, user_agent="x", sec_websocket_extensions="x"
    )
    ours = {"host", "x-real-ip", "x-forwarded-proto"}
    arrived = answer.json()["headers"]
    assert {k: v for k, v in arrived.items() if k not in ours} == needed


async def test_a_socket_through_nginx_is_welcomed(fronted: Fronted) -> None:
    slug = fronted.make_game("puzzle", {"accepted": ["x"]})
    (session,) = fronted.make_players(1)
    async with fronted.socket(slug, session) as player:
        welcome = await player.hear("welcome")
    assert welcome["me"]["eligible"]


async def test_players_of_a_dead_daphne_come_back_on_the_other(
    fronted: Fronted,
) -> None:
    slug = fronted.make_game("puzzle", {"accepted": ["x"]})
    sessions = fronted.make_players(8)
    async with AsyncExitStack() as stack:
        players = [
            await stack.enter_async_context(fronted.socket(slug, session))
            for session in sessions
        ]
        for player in players:
            await player.hear("welcome")
        fronted.daphnes[0].kill()
        fronted.daphnes[0].wait()
        lost = [player for player in players if await is_lost(player)]
    assert 0 < len(lost) < len(players)
    for session in sessions:
        async with fronted.socket(slug, session) as player:
            assert (await player.hear("welcome"))["me"]
    fronted.restart(0)


async def test_a_daphne_that_is_back_takes_players_at_once(fronted: Fronted) -> None:
    """nginx counts a socket as a success only when it ends. It must not wait for that
    before it uses a process again that had failed."""
    slug = fronted.make_game("puzzle", {"accepted": ["x"]})
    async with AsyncExitStack() as stack:
        for place in (0, 1):
            fronted.daphnes[place].kill()
            fronted.daphnes[place].wait()
            await rush(stack, fronted, slug)
            fronted.restart(place)
        await rush(stack, fronted, slug)


async def rush(stack: AsyncExitStack, fronted: Fronted, slug: str) -> None:
    """Twenty players connect at once, are welcomed and stay."""
    coming = [welcomed(stack, fronted.socket(slug)) for _player in range(20)]
    await asyncio.gather(*coming)


async def welcomed(stack: AsyncExitStack, player: Player) -> None:
    await (await stack.enter_async_context(player)).hear("welcome")


async def is_lost(player) -> bool:
    """Whether the player's socket has ended, so that no command gets a reply."""
    try:
        await player.ask("resync")
    except ConnectionClosed:
        return True
    return False


def test_with_every_daphne_away_a_page_is_stale_and_the_api_says_so(
    runs_nginx: None,
    tmp_path: Path,
) -> None:
    with echo(tmp_path) as site:
        kept = ask(site, "/games/kept/")
        site.socket(0).unlink()
        assert ask(site, "/games/kept/").body == kept.body
        away = ask(site, "/api/games")
    assert away.status == 503
    assert away.headers["Retry-After"] == "2"
    assert away.json()["error"]["code"] == "unavailable"
