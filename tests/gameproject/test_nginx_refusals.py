"""nginx's own refusals: our sentences, as JSON or a page by the path; its logs."""

from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from django.test import RequestFactory
from django.utils.translation import override

from core.http_cache import takes_gzip
from core.refusals import DETAILS, STATUS
from gameproject.ops.nginx import REFUSED, Site
from tests.attacks.wire import at_once, exchange, request
from tests.fronted import Answer, ask, echo

JSON = ("/api/games", "/batch")
PAGES = ("/", "/games/free/", "/admin/", "/ws/games/free/", "/static/x.css", "/media/x")


@pytest.fixture(scope="module")
def site(runs_nginx: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """nginx before an echo, without a staff network, and with a venue of two."""
    folder = tmp_path_factory.mktemp("refusing")
    with echo(folder, staff=["192.0.2.0/24"], venue=2) as site:
        yield site


@pytest.fixture(scope="module")
def away(runs_nginx: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """nginx whose process is gone."""
    with echo(tmp_path_factory.mktemp("away")) as site:
        site.socket(0).unlink()
        yield site


def port_of(site: Site) -> int:
    return int(site.listen.rpartition(":")[2])


def assert_said(
    answer: Answer, code: str, *, as_json: bool, language: str = "en"
) -> None:
    """Check for our sentence and headers that forbid caching."""
    with override(language):
        detail = str(DETAILS[code])
    assert b"nginx" not in answer.body
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    waits = code in ("unavailable", "rate_limited")
    assert answer.headers["Retry-After"] == ("2" if waits else None)
    if as_json:
        assert answer.headers["Content-Type"] == "application/json"
        error = answer.json()["error"]
        assert (error["code"], error["detail"]) == (code, detail)
    else:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert f"<h1>{detail}</h1>" in answer.text
        assert f'lang="{language}"' in answer.text


REQUESTS: list[tuple[str, int, str, bytes]] = [
    ("a header too long", 400, "invalid", request("@", ("X-Much", "x" * 9000))),
    ("two hosts", 400, "invalid", request("@", ("Host", "b"))),
    ("a method that is none", 405, "invalid", request("@", method="TRACE")),
    ("a coding that is none", 501, "invalid", request("@", ("Transfer-Encoding", "x"))),
    ("a length that is none", 400, "invalid", request("@", ("Content-Length", "x"))),
    (
        "a body too large",
        413,
        "too_large",
        request("@", ("Content-Length", "9" * 8)),
    ),
]


@pytest.mark.parametrize("path", [*JSON, *PAGES])
@pytest.mark.parametrize(
    ("status", "code", "asked"),
    [row[1:] for row in REQUESTS],
    ids=[row[0] for row in REQUESTS],
)
def test_what_nginx_refuses_it_says_in_our_words(
    site: Site, path: str, status: int, code: str, asked: bytes
) -> None:
    answer = exchange(port_of(site), asked.replace(b"@", path.encode(), 1))
    assert answer.status == status
    assert_said(answer, code, as_json=path in JSON)


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        (400, b"G@T / HTTP/1.1\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\n\r\n"),
        (400, request("/%00")),
        (400, request("/api/%00")),
        (400, request("/x/../../x")),
        (414, request("/" + "x" * 9000)),
        (505, b"GET / HTTP/9.9\r\nHost: a\r\n\r\n"),
        (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n"),
    ],
)
def test_what_nginx_can_not_read_is_answered_by_a_page(
    site: Site, status: int, asked: bytes
) -> None:
    answer = exchange(port_of(site), asked)
    assert answer.status == status
    assert_said(answer, "invalid", as_json=False)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/admin/", 403, "forbidden"),
        ("/admin", 403, "forbidden"),
        ("/metrics", 403, "forbidden"),
        ("/static/", 404, "not_found"),
        ("/static/css", 404, "not_found"),
        ("/static/nope.css", 404, "not_found"),
        ("/media/pictures/" + "0" * 20 + ".webp", 404, "not_found"),
        ("/refused/page", 404, "not_found"),
    ],
)
@pytest.mark.parametrize("language", ["en", "th"])
def test_closed_or_missing_path_says_so_in_the_readers_language(
    site: Site, path: str, status: int, code: str, language: str
) -> None:
    (site.static / "css").mkdir(parents=True, exist_ok=True)
    answer = ask(site, path, accept_language=language)
    assert answer.status == status
    assert_said(answer, code, as_json=False, language=language)


@pytest.mark.parametrize(
    "path", [*JSON, "/", "/games/free/", "/admin/", "/ws/games/x/"]
)
def test_with_every_daphne_away_each_path_says_so(away: Site, path: str) -> None:
    answer = ask(away, path)
    assert answer.status == 503
    assert_said(answer, "unavailable", as_json=path in JSON)


def test_every_refusal_of_nginx_is_one_of_the_closed_list() -> None:
    assert {*REFUSED, "invalid"} <= STATUS.keys()


# Limits per address


def test_an_address_has_four_venues_at_a_time_and_no_more(site: Site) -> None:
    answers = at_once(
        site.listen, "/api/games/slow/", 40
    )  # the echo is slow for this path
    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) == {200, 429}
    assert statuses[200] >= 4 * site.venue
    for answer in answers:
        if answer.status == 429:
            assert_said(answer, "rate_limited", as_json=True)


def test_a_thousand_from_one_address_at_once_are_a_venue(away: Site) -> None:
    answers = at_once(away.listen, "/games/free/", 1000)
    # There is no process; and no request was refused as one too many.
    assert Counter(answer.status for answer in answers) == {503: 1000}


# Compression


@pytest.mark.parametrize(
    ("asked", "packed"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.8, *;q=0.1", True),
        ("gzip; q=0.001", True),
        ("gzip;q=1", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("identity;q=1, gzip;q=0", False),
        ("xgzip, gzipx", False),
        ("*;q=0", False),
        ("", False),
    ],
)
def test_who_does_not_take_gzip_gets_none(
    site: Site, rf: RequestFactory, asked: str, packed: bool
) -> None:
    slug = f"packed-{abs(hash(asked))}"
    arrived = ask(site, f"/games/{slug}/", accept_encoding=asked).json()["headers"]
    assert arrived.get("accept-encoding", "") == ("gzip" if packed else "")
    assert takes_gzip(rf.get("/", headers={"Accept-Encoding": asked})) is packed


# Logs


def test_log_names_the_path_that_was_asked_for(site: Site) -> None:
    connection = HTTPConnection(site.listen, timeout=30)
    for path in ("/admin/closed/?a=b", "/admin/next/"):
        connection.request(
            "GET", path
        )  # nginx reads it after it has logged the previous one
        connection.getresponse().read()
    connection.close()
    assert '"GET /admin/closed/" 403 ' in (site.logs / "access.log").read_text()


def test_no_log_holds_a_query_or_a_long_line(site: Site, away: Site) -> None:
    secret = "secret-in-a-query"
    for one in (site, away):
        for path in ("/", "/games/free/", "/api/x", "/static/x", "/admin/", "/ws/x"):
            ask(one, f"{path}?{secret}")
            exchange(port_of(one), request(f"{path}{'/%01' * 1500}?{secret}"))
            exchange(port_of(one), request(f"{path}?{secret}", ("Content-Length", "x")))
            exchange(port_of(one), request(path, method="A" * 3000))
        logs = [log.read_text() for log in one.logs.glob("*.log")]
        lines = "\n".join(logs).splitlines()
        assert len(lines) > 10
        assert secret not in "".join(lines)
        assert max(map(len, lines)) < 1200
