"""The pages: shared if possible, personal if necessary."""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import caches
from django.db import OperationalError
from django.test import Client, RequestFactory
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from gameproject.middleware import Refusals
from games.models import Game
from games.states import Access, State
from users.models import CoinEntry, Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]


def page(client: Client, game: Game, **headers: str) -> Any:
    return client.get(f"/games/{game.slug}/", **headers)


def test_game_page_is_the_same_bytes_for_everybody(
    client: Client, as_alice: Client, as_carol: Client, make_game: MakeGame
) -> None:
    game = make_game()
    pages = [page(who, game) for who in (client, as_alice, as_carol)]
    assert len({one.content for one in pages}) == 1
    for one in pages:
        assert not one.cookies
        assert "Cookie" not in one.get("Vary", "")
        assert "public" in one["Cache-Control"]
        assert b"csrf" not in one.content


@pytest.mark.parametrize("kind", ["puzzle", "number", "score", "choice", "announce"])
def test_game_page_holds_no_secret(
    client: Client, make_game: MakeGame, kind: str
) -> None:
    # A moment of its own, in whose milliseconds no secret turns up by chance.
    opened = datetime(2026, 1, 1, tzinfo=UTC)
    game = make_game(kind, codes=2, opens_at=opened)
    text = page(client, game).content.decode()
    for secret in ("elephant", "ช้าง", "042", "*blue", "bicycle", "CODE-"):
        assert secret not in text


@pytest.mark.parametrize(("kind", "text"), [("choice", "Sky?"), ("announce", "a***")])
def test_questions_are_not_seen_before_the_game_opens(
    client: Client, make_game: MakeGame, kind: str, text: str
) -> None:
    shown = page(client, make_game(kind)).content.decode()
    early = page(client, make_game(kind, state=State.SCHEDULED)).content.decode()
    assert text in shown
    assert text not in early


def test_game_page_comes_from_the_cache(
    client: Client,
    make_game: MakeGame,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    game = make_game()
    page(client, game)
    with django_assert_num_queries(0):
        assert page(client, game).status_code == 200


def test_page_is_packed_once_for_those_who_take_it(
    client: Client, make_game: MakeGame
) -> None:
    game = make_game()
    plain = page(client, game)
    small = page(client, game, HTTP_ACCEPT_ENCODING="gzip, br")
    assert small["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.content) == plain.content
    assert len({plain["ETag"], small["ETag"]}) == 2
    assert "Accept-Encoding" in plain["Vary"]


def test_unchanged_page_is_not_sent_again(client: Client, make_game: MakeGame) -> None:
    game = make_game()
    first = page(client, game)
    again = page(client, game, HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")


def test_change_by_staff_is_on_the_page_at_once(
    client: Client,
    make_game: MakeGame,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    game, paused = make_game(), b'"state": "PAUSED"'
    for path in (f"/games/{game.slug}/", f"/api/games/{game.slug}", "/api/games"):
        assert paused not in client.get(path).content
    assert b'data-state="OPEN"' in client.get("/").content
    with django_capture_on_commit_callbacks(execute=True):
        game.pause(timezone.now())
    for path in (f"/games/{game.slug}/", f"/api/games/{game.slug}", "/api/games"):
        assert paused in client.get(path).content
    assert b'data-state="PAUSED"' in client.get("/").content


def test_old_address_is_gone_at_once(
    client: Client,
    make_game: MakeGame,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    game = make_game(slug="old")
    assert client.get("/games/old/").status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        game.slug = "new"
        game.edit(["slug"])
    assert client.get("/games/old/").status_code == 404
    assert client.get("/games/new/").status_code == 200


@pytest.mark.parametrize("state", [State.DRAFT, State.ARCHIVED])
def test_unseen_game_has_no_page(
    client: Client, make_game: MakeGame, state: State
) -> None:
    assert page(client, make_game(state=state)).status_code == 404
    assert client.get("/games/unknown/").status_code == 404


def test_page_speaks_the_browsers_language(client: Client, make_game: MakeGame) -> None:
    game = make_game()
    english = page(client, game, HTTP_ACCEPT_LANGUAGE="en-GB,en;q=0.9")
    thai = page(client, game, HTTP_ACCEPT_LANGUAGE="th-TH,th;q=0.9")
    assert 'lang="en"' in english.content.decode()
    assert 'lang="th"' in thai.content.decode()


@pytest.fixture
def three_games(alice: Player, make_game: MakeGame) -> None:
    make_game(title="For all")
    make_game(title="For some", access=Access.LISTED).invite(["alice"])
    make_game(title="A draft", state=State.DRAFT)
    caches["strict"].clear()


def shown(text: str) -> list[str]:
    return [title for title in ("For all", "For some", "A draft") if title in text]


@pytest.mark.usefixtures("three_games")
def test_home_shows_everybodys_games_to_everybody(
    client: Client, as_alice: Client
) -> None:
    for who in (client, as_alice):
        assert shown(who.get("/").content.decode()) == ["For all"]


@pytest.mark.usefixtures("three_games")
def test_games_one_is_on_the_list_of_come_in_the_batch_and_on_ones_own_page(
    as_alice: Client, as_bob: Client
) -> None:
    for who, own in ((as_alice, ["For some"]), (as_bob, [])):
        wanted = {"requests": [{"type": "user"}, {"type": "games"}]}
        me, games = who.post("/api/batch", wanted, "application/json").json()["results"]
        assert me["data"]["name"] in ("Alice", "Bob")
        listed = [g["title"] for g in games["data"]["games"] if g["access"] == "listed"]
        assert listed == own
        assert shown(who.get("/me/").content.decode()) == own


def test_ones_own_page_says_who_one_is_and_signs_out(
    as_alice: Client, alice: Player
) -> None:
    reason, now = CoinEntry.Reason.ADJUSTED, timezone.now()
    CoinEntry.objects.record(alice, 1234, reason, key="a gift", at=now)
    page = as_alice.get("/me/").content.decode()
    assert "Alice" in page
    assert "1,234" in page
    assert 'action="/logout/"' in page


SHARED = ("/", "/login/", "/login/?next=/me/", "/signup/", "/games/{slug}/")


@pytest.mark.parametrize("path", SHARED)
@pytest.mark.parametrize("language", ["en", "th"])
def test_shared_page_is_the_same_bytes_for_stranger_and_signed_in(
    client: Client, as_alice: Client, make_game: MakeGame, path: str, language: str
) -> None:
    path = path.format(slug=make_game().slug)
    said = {"Accept-Language": language, "Cookie": "csrftoken=" + "c" * 32}
    pages = [
        who.get(path, headers=headers)
        for who in (client, as_alice)
        for headers in ({"Accept-Language": language}, said)
    ]
    assert len({(one.content, one["ETag"]) for one in pages}) == 1
    for one in pages:
        assert one.status_code == 200
        assert f'lang="{language}"' in one.content.decode()
        assert one["Cache-Control"] == "public, max-age=1"
        assert "Cookie" not in one.get("Vary", "")
        assert not one.cookies
        for word in (b'csrfmiddlewaretoken" value', b"Alice", b"/me/?"):
            assert word not in one.content


@pytest.mark.parametrize("path", SHARED)
def test_shared_page_asks_the_database_nothing_once_it_is_kept(
    as_alice: Client,
    make_game: MakeGame,
    django_assert_num_queries: DjangoAssertNumQueries,
    path: str,
) -> None:
    path = path.format(slug=make_game().slug)
    first = as_alice.get(path)
    with django_assert_num_queries(0):
        again = as_alice.get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_form_that_is_shared_leads_to_no_address_of_its_own(client: Client) -> None:
    for path in ("/login/", "/signup/"):
        text = client.get(path).content.decode()
        assert '<form method="post">' in text
        assert 'name="next"' not in text


def test_pages_carry_a_strict_policy(client: Client, make_game: MakeGame) -> None:
    for path in ("/", "/login/", page(client, make_game()).request["PATH_INFO"]):
        policy = client.get(path)["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy


def test_no_page_has_script_or_style_in_it(
    client: Client, as_alice: Client, make_game: MakeGame
) -> None:
    game = make_game("choice")
    for path in ("/", "/login/", "/signup/", "/me/", f"/games/{game.slug}/", "/nope/"):
        text = as_alice.get(path, follow=True).content.decode()
        assert " style=" not in text
        assert "<style" not in text
        for tag in text.split("<script")[1:]:
            head = tag.partition(">")[0]
            assert "src=" in head or "application/json" in head


def test_outage_is_told_without_asking_the_database_who_asks(
    rf: RequestFactory,
) -> None:
    def away() -> Player:
        raise OperationalError("couldn't get a connection")

    request = rf.get("/me/")
    request.user = SimpleLazyObject(away)  # type: ignore[assignment]
    page = Refusals(lambda _request: None).process_exception(
        request, OperationalError("couldn't get a connection")
    )
    assert page is not None
    assert (page.status_code, page["Retry-After"]) == (503, "2")
