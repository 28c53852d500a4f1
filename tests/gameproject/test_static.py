"""Static files from a CDN: each address is hashed, under its origin, kept for ever.

The CDN is the same server under another name, which to a browser is another origin.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.contrib.admin import site
from playwright.sync_api import expect

from gameproject.static import HashedStaticFiles
from tests.browsers import Cast, tally
from tests.conftest import SETTINGS
from tests.stack import Stack

HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")
IMPORT = re.compile(
    r"""^\s*(?:import|export)\s*(?:[\w*{},\s]*?\bfrom\s*)?["']([^"']+)["']""", re.M
)
URL = re.compile(r"""url\(["']?(?!data:|#)([^"')]+)""")
COMMENT = re.compile(r"/\*.*?\*/", re.S)
TRANSLATIONS = "/admin/jsi18n/"  # made on demand, in the reader's language
LISTS = [f"{model._meta.label_lower.replace('.', '/')}/" for model in site._registry]
ADMIN = ["", "login/", "password_change/", "answers/answer/verify/", "nope/"]
ADMIN += LISTS + [f"{path}add/" for path in LISTS]
OF_GAME = ["change/", "preview/", "history/", "delete/"]
STAFF = """
staff = Player.objects.create_superuser("Staff", "a long password")
out = open_for([staff])[0], list(Game.objects.values_list("pk", flat=True))
"""


@pytest.fixture(scope="module")
def with_cdn(
    runs_servers: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("cdn")
    database = f"sqlite:///{folder}/db.sqlite3"
    stack = Stack(folder, 1, DATABASE_URL=database, REDIS_URL="")
    stack.env["CDN_URL"] = f"http://localhost:{stack.ports[0]}"
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def games(with_cdn: Stack) -> list[str]:
    return [with_cdn.make_game(kind, SETTINGS[kind]) for kind in SETTINGS]


class Named(HTMLParser):
    """The addresses that a page has its browser fetch, or its scripts import."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        named = [said.get("src"), said.get("data-script")]
        named += [said.get("href")] if tag == "link" else []
        self.addresses += filter(None, named)


def ask(stack: Stack, path: str, **headers: str) -> tuple[str, Any]:
    """The text and the headers of an answer, whatever its status."""
    try:
        answer = urlopen(Request(stack.url(path), headers=headers))
    except HTTPError as error:
        answer = error
    return answer.read().decode(), answer.headers


def static_files(stack: Stack, *endings: str) -> list[Path]:
    folder = Path(stack.env["DATA_DIR"]) / "static"
    files = [path for path in folder.rglob("*") if HASHED.search(path.name)]
    return [path for path in files if path.suffix in endings]


def test_every_address_in_every_page_is_hashed_and_on_the_cdn(
    with_cdn: Stack, games: list[str]
) -> None:
    session, pks = with_cdn.run(STAFF)
    pages = ["/", "/login/", "/signup/", "/me/", "/unknown/", "/api/docs"]
    pages += [f"/games/{slug}/" for slug in games]
    pages += [f"/admin/{path}" for path in ADMIN]
    pages += [f"/admin/games/game/{pk}/{path}" for pk in pks for path in OF_GAME]
    for path in pages:
        text, _headers = ask(with_cdn, path, Cookie=f"sessionid={session}")
        named = Named(text).addresses
        assert named, path
        for address in set(named) - {TRANSLATIONS}:
            assert address.startswith(f"{with_cdn.env['CDN_URL']}/static/"), address
            assert HASHED.search(address), (path, address)


def test_every_import_of_a_module_is_hashed_and_there(with_cdn: Stack) -> None:
    imports = 0
    for module in static_files(with_cdn, ".js"):
        for name in IMPORT.findall(COMMENT.sub("", module.read_text())):
            assert name.startswith("."), (module, name)
            assert HASHED.search(name), (module, name)
            assert (module.parent / name).is_file(), (module, name)
            imports += 1
    assert imports > 20


def test_every_address_in_a_style_sheet_is_hashed_and_there(with_cdn: Stack) -> None:
    addresses = 0
    for sheet in static_files(with_cdn, ".css"):
        for name in URL.findall(COMMENT.sub("", sheet.read_text())):
            path = name.partition("#")[0]
            assert HASHED.search(path), (sheet, name)
            assert (sheet.parent / path).is_file(), (sheet, name)
            addresses += 1
    assert addresses > 5


def test_static_files_are_kept_for_ever_and_open_to_every_origin(
    with_cdn: Stack,
) -> None:
    folder = Path(with_cdn.env["DATA_DIR"])
    for file in static_files(with_cdn, ".js", ".css", ".svg"):
        _text, headers = ask(with_cdn, f"/{file.relative_to(folder)}")
        assert "immutable" in headers["Cache-Control"], file
        assert "max-age=315360000" in headers["Cache-Control"], file
        assert headers["Access-Control-Allow-Origin"] == "*", file


def test_policy_lets_the_cdn_in_and_nobody_else(
    with_cdn: Stack, games: list[str]
) -> None:
    _text, headers = ask(with_cdn, f"/games/{games[0]}/")
    policy = headers["Content-Security-Policy"]
    assert f"script-src 'self' {with_cdn.env['CDN_URL']};" in policy
    assert "connect-src 'self';" in policy


@pytest.mark.parametrize("cast", ["with_cdn"], indirect=True)
def test_games_are_played_with_modules_of_another_origin(
    cast: Cast, games: list[str]
) -> None:
    [session] = cast.stack.make_players(1)
    page = cast.opens("/", session)
    for slug in games:
        page.goto(cast.stack.url(f"/games/{slug}/"))
        expect(tally(page, "here")).to_have_text("1")
    loaded = page.evaluate(
        "performance.getEntriesByType('resource').map((one) => one.name)"
    )
    files = [address for address in loaded if "/static/" in address]
    assert files
    assert all(one.startswith(cast.stack.env["CDN_URL"]) for one in files)


def test_address_is_worked_out_anew_where_files_were_collected(tmp_path: Path) -> None:
    storage = HashedStaticFiles(location=tmp_path, base_url="/static/")
    addresses = []
    for hashed in ("a.111111111111.css", "a.222222222222.css"):
        storage.hashed_files = {"a.css": hashed}
        storage.save_manifest()
        addresses += [storage.url("a.css"), storage.url("a.css")]
    one, two = "/static/a.111111111111.css", "/static/a.222222222222.css"
    assert addresses == [one, one, two, two]
