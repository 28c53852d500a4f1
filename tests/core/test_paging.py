"""Pages of a list: every row once, and none left out without notice."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from answers.models import Answer
from checkins.models import CheckIn, Item
from checkins.shop import Purchase, redeem
from games.models import Game
from games.states import Access, State
from users.models import CoinEntry, Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
MORE = re.compile(r'href="(\?cursor=[^"]+)"')


@pytest.fixture(autouse=True)
def _no_rate_limits(settings: LazySettings) -> None:
    """No rate limit applies here: `test_rate_limits.py` tests those."""
    settings.RATE_LIMITS = {what: ["1000/s"] for what in settings.RATE_LIMITS}


class Lists:
    """Adds rows to each of the lists that alice may read."""

    def __init__(self, make_game: MakeGame, alice: Player, carol: Player) -> None:
        self.make_game, self.alice = make_game, alice
        self.daily = make_game("checkin", slug="daily", codes=20, state=State.DRAFT)
        self.puzzle = make_game("puzzle", slug="puzzle", state=State.DRAFT)
        pool = self.daily.pools.get()
        self.mug = Item.objects.create(pool=pool, title="Mug", price=1)
        CoinEntry.objects.adjust(alice.pk, 1000, "a gift", carol, timezone.now())

    def add(self, name: str, count: int) -> None:
        for _row in range(count):
            getattr(self, name)()

    def games(self) -> None:
        self.make_game()

    def answers(self) -> None:
        Answer.objects.create(
            game=self.puzzle,
            player=self.alice,
            question=str(Answer.objects.count()),
            key=uuid4(),
            value="mouse",
            verdict="wrong",
            submitted_at=timezone.now(),
        )

    def checkins(self) -> None:
        done = CheckIn.objects.count()
        CheckIn.objects.create(
            game=self.daily,
            player=self.alice,
            day=done + 1,
            date=date(2026, 1, 1) + timedelta(days=done),
            key=uuid4(),
            at=timezone.now(),
        )

    def redemptions(self) -> None:
        self.daily.state = State.OPEN
        self.daily.save()
        ids = (self.alice.pk, self.daily.pk, self.mug.pk)
        redeem(Purchase(*ids, uuid4(), timezone.now()))


@pytest.fixture
def lists(make_game: MakeGame, alice: Player, carol: Player) -> Lists:
    return Lists(make_game, alice, carol)


NAMES = ["games", "answers", "checkins", "redemptions"]
of_each_list = pytest.mark.parametrize("name", NAMES)


def ask(client: Client, name: str, **query: Any) -> dict[str, Any]:
    response = client.get(f"/api/{name}?{urlencode(query)}")
    assert response.status_code == 200, response.content
    return response.json()


def pages(client: Client, name: str, **query: Any) -> Iterator[list[Any]]:
    """Every page of a list, each found by the `next` of the one before."""
    cursor: str | None = ""
    while cursor is not None:
        page = ask(client, name, cursor=cursor, **query)
        yield page[name]
        cursor = page["next"]


@of_each_list
def test_pages_hold_every_row_once_and_in_order(
    as_alice: Client, lists: Lists, name: str
) -> None:
    lists.add(name, 7)
    whole = ask(as_alice, name)
    assert (len(whole[name]), whole["next"]) == (7, None)
    found = list(pages(as_alice, name, limit=3))
    assert [len(page) for page in found] == [3, 3, 1]
    assert [row for page in found for row in page] == whole[name]


@of_each_list
def test_full_last_page_has_no_next(as_alice: Client, lists: Lists, name: str) -> None:
    lists.add(name, 4)
    assert [len(page) for page in pages(as_alice, name, limit=2)] == [2, 2]


@of_each_list
def test_page_stays_the_same_while_rows_are_added(
    as_alice: Client, lists: Lists, name: str
) -> None:
    lists.add(name, 5)
    cursor = ask(as_alice, name, limit=2)["next"]
    before = ask(as_alice, name, limit=2, cursor=cursor)
    lists.add(name, 3)
    assert ask(as_alice, name, limit=2, cursor=cursor) == before


@of_each_list
def test_page_of_any_length_takes_the_same_statements(
    as_alice: Client, lists: Lists, name: str
) -> None:
    lists.add(name, 12)
    cursor = ask(as_alice, name, limit=1)["next"]
    costs = set()
    for limit in (1, 5, 10):
        with CaptureQueriesContext(connection) as sql:
            ask(as_alice, name, limit=limit, cursor=cursor)
        costs.add(len(sql))
    assert len(costs) == 1


BAD = [
    ("cursor", "x"),
    ("cursor", "-1"),
    ("cursor", "9" * 19),
    ("cursor", "1\0"),
    ("cursor", "١"),
    ("limit", "0"),
    ("limit", "201"),
    ("limit", "x"),
    ("limit", ""),
    ("limit", "9" * 40),
]


@of_each_list
@pytest.mark.parametrize(("field", "value"), BAD)
def test_bad_page_is_refused_by_field(
    as_alice: Client, name: str, field: str, value: str
) -> None:
    response = as_alice.get(f"/api/{name}?{urlencode({field: value})}")
    assert (response.status_code, response.json()["error"]["field"]) == (400, field)


@of_each_list
def test_cursor_beyond_the_end_is_an_empty_page(as_alice: Client, name: str) -> None:
    cursor = "5-0" if name == "games" else "0"
    assert ask(as_alice, name, cursor=cursor) == {name: [], "next": None}


of_one_game = pytest.mark.parametrize(
    ("name", "game"), [("answers", "puzzle"), ("checkins", "daily")]
)


@of_one_game
def test_list_of_one_game_has_pages_too(
    as_alice: Client, lists: Lists, name: str, game: str
) -> None:
    lists.add(name, 3)
    assert [len(p) for p in pages(as_alice, name, game=game, limit=2)] == [2, 1]
    assert list(pages(as_alice, name, game="other")) == [[]]


@pytest.mark.parametrize("game", ["A B", "a\0", "x" * 61])
def test_game_that_is_no_slug_is_refused(as_alice: Client, game: str) -> None:
    response = as_alice.get(f"/api/answers?{urlencode({'game': game})}")
    assert (response.status_code, response.json()["error"]["field"]) == (400, "game")


def test_pages_of_games_follow_the_order_of_interest(
    client: Client, make_game: MakeGame
) -> None:
    states = [State.CLOSED, State.OPEN, State.SCHEDULED, State.OPEN, State.PAUSED]
    made = [make_game(slug=f"g-{i}", state=state) for i, state in enumerate(states)]
    expected = [made[place].slug for place in (3, 1, 4, 2, 0)]
    found = list(pages(client, "games", limit=2))
    assert [game["slug"] for page in found for game in page] == expected


def test_listed_games_are_on_the_pages_of_those_on_the_list_alone(
    client: Client, as_alice: Client, as_bob: Client, make_game: MakeGame
) -> None:
    make_game(slug="ours", access=Access.LISTED).invite(["alice"])
    for _game in range(3):
        make_game()
    sizes = [
        [len(page) for page in pages(who, "games", limit=2)]
        for who in (as_alice, as_bob, client)
    ]
    assert sizes == [[2, 2], [2, 1], [2, 1]]


def test_second_page_of_games_is_linked_everywhere(
    client: Client, make_game: MakeGame
) -> None:
    first = make_game(slug="the-first")
    for _game in range(100):
        make_game()
    caches["strict"].clear()
    page = ask(client, "games")
    assert len(page["games"]) == 100
    wanted = {"requests": [{"type": "games"}]}
    batch = client.post("/api/batch", wanted, content_type="application/json").json()
    assert batch["results"][0]["data"] == page
    assert ask(client, "games", cursor=page["next"])["games"][0]["slug"] == first.slug
    home = client.get("/").content.decode()
    assert first.get_absolute_url() not in home
    [more] = MORE.findall(home)
    rest = client.get(f"/{more}").content.decode()
    assert first.get_absolute_url() in rest
    assert "?cursor=" not in rest


@of_one_game
def test_batch_has_the_cursor_of_the_second_page(
    as_alice: Client, lists: Lists, name: str, game: str
) -> None:
    lists.add(name, 101)
    wanted = {"requests": [{"type": name}, {"type": name, "id": game}]}
    batch = as_alice.post("/api/batch", wanted, content_type="application/json").json()
    for result in batch["results"]:
        assert result["data"] == ask(as_alice, name)
    cursor = batch["results"][0]["data"]["next"]
    assert len(ask(as_alice, name, cursor=cursor)[name]) == 1


def test_older_answers_are_on_the_second_page(as_alice: Client, lists: Lists) -> None:
    lists.add("answers", 101)
    pages = [as_alice.get("/me/").content.decode()]
    [more] = MORE.findall(pages[0])
    pages.append(as_alice.get(f"/me/{more}").content.decode())
    assert [page.count("<time") for page in pages] == [100, 1]


@pytest.mark.parametrize("path", ["/", "/me/"])
def test_page_with_a_bad_cursor_is_not_found(as_alice: Client, path: str) -> None:
    assert as_alice.get(f"{path}?cursor=x").status_code == 404
    assert as_alice.get(f"{path}?utm_source=x").status_code == 200
