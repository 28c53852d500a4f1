"""No other spelling of a path leads past nginx's list of staff networks."""

from collections.abc import Iterator

import pytest

from gameproject.ops.nginx import Site
from tests.attacks.wire import exchange, request
from tests.fronted import Fronted, nginx, site_in

BASES = ["/admin/", "/admin/login/", "/admin/games/game/", "/metrics"]


@pytest.fixture(scope="module")
def closed(
    fronted: Fronted, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A second nginx before the same daphnes, which lets in nobody from here."""
    folder = tmp_path_factory.mktemp("closed")
    site = site_in(folder, daphnes=2, staff=["192.0.2.0/24"])
    for place in range(2):
        site.socket(place).symlink_to(fronted.site.socket(place))
    with nginx(site):
        yield site


def percent(text: str) -> str:
    return "".join(f"%{ord(letter):02x}" for letter in text)


def spellings(base: str) -> Iterator[str]:
    """Ways to write a path, for which nginx and Django might not agree."""
    name = base.strip("/")
    first, _slash, rest = name.partition("/")
    tail = f"/{rest}/" if rest else base[len(first) + 1 :]
    yield from (
        base,
        f"/{first}",
        f"/{first}//{rest}",
        f"//{name}/",
        f"///{first}{tail}",
    )
    for spelt in (
        first.upper(),
        first.title(),
        percent(first),
        percent(first).upper(),
        percent(first[0]) + first[1:],
        percent(percent(first[0])) + first[1:],
        f"{first[:-1]}\u0131".encode().decode("latin1"),
    ):
        yield f"/{spelt}{tail}"
    for before in (
        *(
            "/.",
            "/x/..",
            "/x/%2e%2e",
            "/%2e",
            "/x/.%2e",
            "/x%2f..",
            "/static/..",
            "/ws/..",
        ),
        *(
            "/games/../static/..",
            "/media/pictures/..",
            "/api/..",
            "/healthz/..",
            "/x/../.",
        ),
        *(
            "/;",
            "/;/..",
            "/%5c..",
            "/\\..",
            "/x\\..\\",
            "/..;",
            "/x/..;",
            "/%00",
            "/%0a",
        ),
        *(
            "/%ff",
            "/%c0%ae%c0%ae",
            "/%u002e",
            "/x?/..",
            "/x#/..",
            "/batch/..",
            "/admin",
        ),
    ):
        yield f"{before}/{first}{tail}"
    for after in (
        *(
            ".",
            "..",
            "./",
            ";",
            ";/",
            "%3b",
            "%20",
            "%09",
            "%0a",
            "%0d%0a",
            "%00",
            "%2f",
        ),
        *(
            "%5c",
            "\\",
            "?",
            "?/",
            "#",
            "%23",
            "%3f",
            "//",
            "/.",
            "/x/..",
            "%ff",
            "/../x",
        ),
        *(
            "/../games/free",
            "/..%2fgames",
            "/%2e%2e/x/",
            "/../../x/change/",
            "/1/../../y",
        ),
    ):
        yield base.rstrip("/") + after
        yield base + after
    yield from (f"http://127.0.0.1{base}", f"http://evil.example{base}", f"x:{base}")
    yield from (f"http://127.0.0.1/x/..{base}", name, f"*{base}", f"http:{base}")


ROOTS = [
    ("Daphne-Root-Path", "/x"),
    ("X-Script-Name", "/x"),
    ("X-Forwarded-Prefix", "/x"),
    ("X-Original-URL", "/admin/"),
    ("X-Rewrite-URL", "/metrics"),
]
PEERS = [
    ("X-Real-IP", "192.0.2.1"),
    ("X-Forwarded-For", "192.0.2.1"),
    ("Forwarded", "for=192.0.2.1"),
]
UPGRADE = [("Connection", "upgrade"), ("Upgrade", "websocket")]


@pytest.fixture(scope="module")
def staff(fronted: Fronted) -> tuple[str, str]:
    """The cookie of staff, to whom Django shows every page."""
    key = fronted.run(
        "carol = Player.objects.create_superuser('Carol at the edge', 'x' * 12)\n"
        "out = open_for([carol])[0]"
    )
    return ("Cookie", f"sessionid={key}")


def port_of(site: Site) -> int:
    return int(site.listen.rpartition(":")[2])


def test_staff_see_these_pages_where_they_may(
    fronted: Fronted, staff: tuple[str, str]
) -> None:
    for path in ("/admin/", "/admin/games/game/", "/metrics"):
        assert exchange(port_of(fronted.site), request(path, staff)).status == 200


@pytest.mark.parametrize("base", BASES)
def test_no_spelling_leads_past_the_list(
    closed: Site, staff: tuple[str, str], base: str
) -> None:
    home = exchange(port_of(closed), request("/")).body
    for path in spellings(base):
        answer = exchange(port_of(closed), request(path, staff))
        # To nginx `/admin/..` is the home page, which is everybody's.
        assert answer.status in (400, 403, 404) or answer.body == home, path


@pytest.mark.parametrize("headers", [ROOTS, PEERS, UPGRADE])
def test_no_header_leads_past_the_list(
    closed: Site, staff: tuple[str, str], headers: list[tuple[str, str]]
) -> None:
    for base in BASES:
        for path in (
            base,
            f"/x{base}",
            f"/ws{base}",
            f"/ws/..{base}",
            f"/games/x{base}",
        ):
            answer = exchange(port_of(closed), request(path, staff, *headers))
            assert answer.status in (400, 403, 404), (path, headers)


@pytest.mark.parametrize("method", ["POST", "HEAD", "OPTIONS", "PUT", "PROPFIND"])
def test_no_method_leads_past_the_list(
    closed: Site, staff: tuple[str, str], method: str
) -> None:
    for base in BASES:
        asked = request(base, staff, method=method, body=b"a=b")
        assert exchange(port_of(closed), asked).status == 403


# What is no text, or says where to go


@pytest.mark.parametrize(
    "base", ["/", "/games/free/", "/api/games/", "/admin/games/game/", "/static/"]
)
@pytest.mark.parametrize("junk", ["%00", "%ff", "%0a", "%ed%a0%80", "%c0%ae", "%7f"])
@pytest.mark.parametrize("through_nginx", [True, False])
def test_path_that_is_no_text_is_refused(
    fronted: Fronted, staff: tuple[str, str], base: str, junk: str, through_nginx: bool
) -> None:
    port = port_of(fronted.site) if through_nginx else fronted.ports[0]
    for path in (f"{base}{junk}", f"{base}{junk}/", f"{base}x{junk}x/change/"):
        assert exchange(port, request(path, staff)).status in (400, 404), path


@pytest.mark.parametrize("junk", ["%00", "%ff", "%0a", "%ed%a0%80"])
@pytest.mark.parametrize(
    "path",
    [
        "/?cursor=",
        "/api/games?cursor=",
        "/admin/games/game/?q=",
        "/admin/users/player/?e=",
        "/login/?next=",
        "/admin/autocomplete/?term=",
    ],
)
def test_query_that_is_no_text_is_no_fault_of_ours(
    fronted: Fronted, staff: tuple[str, str], path: str, junk: str
) -> None:
    for port in (port_of(fronted.site), fronted.ports[0]):
        status = exchange(port, request(path + junk, staff)).status
        # nginx leaves out the query of what is the same for everybody.
        left_out = path.startswith("/login/") and port == port_of(fronted.site)
        expected = [200] if left_out else [400] if junk == "%00" else range(200, 500)
        assert status in expected


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1:99999x", "a b", "\xff", "x" * 3000, "[::1", ""]
)
def test_unknown_host_is_refused_and_not_logged(fronted: Fronted, host: str) -> None:
    before = fronted.log.read_bytes()
    for port in (port_of(fronted.site), fronted.ports[0]):
        for path in ("/", "/games/free/", "/api/games", "/admin/", "/healthz"):
            assert exchange(port, request(path, host=host)).status == 400
    assert fronted.log.read_bytes() == before
