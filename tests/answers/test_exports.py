"""CSV exports: streamed, safe to open, and without secrets."""

import csv
import io
import urllib.request
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone, translation

from checkins.checkin import CheckInRequest, check_in
from checkins.exports import CHECKINS, CHUNK, DANGEROUS, cell, chunks, csv_of
from checkins.models import CheckIn, Item, Redemption
from checkins.shop import Purchase, redeem, void
from games.models import Game
from tests.conftest import SETTINGS, client_of
from tests.stack import Stack
from users.models import CoinEntry, Player

MakeGame = Callable[..., Game]
CHECKINS_URL = "/admin/checkins/checkin/export/"
REDEMPTIONS_URL = "/admin/checkins/redemption/export/"


def table(client: Client, url: str, **query: str) -> list[dict[str, str]]:
    """The rows of the file by their headings."""
    response = client.get(url, query)
    assert response.status_code == 200
    return rows_of(response.getvalue())


def rows_of(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, strict=True))


# Without a database: cells


@pytest.mark.parametrize("begin", DANGEROUS)
def test_what_could_be_a_formula_is_escaped(begin: str) -> None:
    assert cell(f"{begin}1+1") == f"'{begin}1+1"


def test_every_beginning_known_to_be_dangerous_is_escaped() -> None:
    assert set("=+-@\t\r\n") <= set(DANGEROUS)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *(("Alice", "Alice"), ("a=b", "a=b"), (7, "7"), (-7, "'-7")),
        *((None, ""), (True, "yes"), (False, ""), ("ก,ข", "ก,ข")),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 5, 0, 1, 99, tzinfo=UTC), "2026-03-01T12:00:01+07:00"),
    ],
)
def test_values_are_written_as_spreadsheets_read_them(value: Any, text: str) -> None:
    assert cell(value) == text


def test_commas_quotes_and_lines_stay_inside_their_cell() -> None:
    row = ["a,b", 'say "hi"', "two\r\nlines", "a;b"]
    assert list(csv.reader(io.StringIO(csv_of([row]), newline=""))) == [row]


# Through the page


@pytest.fixture
def game(make_game: MakeGame) -> Game:
    return make_game("checkin", title="=1+1", codes=3)


@pytest.fixture
def bought(alice: Player, carol: Player, game: Game) -> Redemption:
    item = Item.objects.create(pool=game.pools.get(), title="@Mug", price=10)
    CoinEntry.objects.adjust(alice.pk, 50, "a gift", carol, timezone.now())
    redeem(Purchase(alice.pk, game.pk, item.pk, uuid4(), timezone.now()))
    return Redemption.objects.get()


def visit(player: Player, game: Game) -> None:
    check_in(CheckInRequest(player.pk, game.pk, uuid4(), timezone.now()))


def test_check_ins_are_exported(as_carol: Client, alice: Player, game: Game) -> None:
    visit(alice, game)
    [row] = table(as_carol, CHECKINS_URL)
    kept = CheckIn.objects.get()
    assert row == {
        "Game": "'=1+1",
        "Address": game.slug,
        "Player": "Alice",
        "Player number": str(alice.pk),
        "Date": kept.date.isoformat(),
        "Day": "1",
        "Run": "1",
        "Made up": "",
        "Coins": "10",
        "Code": "",
        "Code for all days": "",
        "Time": timezone.localtime(kept.at).isoformat(timespec="seconds"),
    }


def test_file_is_named_and_never_kept(as_carol: Client, db: None) -> None:
    response = as_carol.get(CHECKINS_URL)
    today = timezone.localdate().isoformat()
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="check-ins-{today}.csv"' in response["Content-Disposition"]
    assert "no-store" in response["Cache-Control"]
    assert rows_of(response.getvalue()) == []


def test_redemptions_are_exported_with_what_became_of_them(
    as_carol: Client, carol: Player, bought: Redemption
) -> None:
    [row] = table(as_carol, REDEMPTIONS_URL)
    assert (row["Item"], row["Player"]) == ("'@Mug", "Alice")
    assert (row["Code"], row["Price"]) == (bought.code.text, "10")
    assert (row["Void since"], row["Voided by"]) == ("", "")
    void(bought, carol, timezone.now())
    [row] = table(as_carol, REDEMPTIONS_URL)
    assert row["Void since"].endswith("+07:00")
    assert row["Voided by"] == "Carol"


def test_export_is_narrowed_like_the_list(
    as_carol: Client, alice: Player, bob: Player, game: Game, make_game: MakeGame
) -> None:
    other = make_game("checkin")
    for player, where in ((alice, game), (bob, game), (alice, other)):
        visit(player, where)
    assert len(table(as_carol, CHECKINS_URL)) == 3
    assert len(table(as_carol, CHECKINS_URL, game__id__exact=str(game.pk))) == 2
    assert len(table(as_carol, CHECKINS_URL, q="ＡＬＩＣＥ")) == 2
    assert len(table(as_carol, CHECKINS_URL, p="2")) == 3
    [row] = table(as_carol, CHECKINS_URL, q="bob", game__id__exact=str(game.pk))
    assert row["Player"] == "Bob"


def test_list_leads_to_its_export(as_carol: Client, db: None) -> None:
    for url in (CHECKINS_URL, REDEMPTIONS_URL):
        page = as_carol.get(url.removesuffix("export/"), {"q": "bob"})
        assert 'href="export/?q=bob"' in page.content.decode()


def test_filter_that_is_none_leads_back(as_carol: Client, db: None) -> None:
    assert as_carol.get(CHECKINS_URL, {"game__id__exact": "x"}).status_code == 302


def test_export_holds_no_secret(
    as_carol: Client, alice: Player, carol: Player, bought: Redemption
) -> None:
    visit(alice, bought.item.pool.game)
    unclaimed = bought.item.pool.codes.unclaimed()
    secrets = [code.text for code in unclaimed] + [alice.password, carol.password]
    for url in (CHECKINS_URL, REDEMPTIONS_URL):
        content = as_carol.get(url).getvalue().decode()
        assert not [one for one in secrets if one in content]


# Who may


def test_players_export_nothing(as_alice: Client) -> None:
    for url in (CHECKINS_URL, REDEMPTIONS_URL):
        assert as_alice.get(url).status_code == 302


def test_staff_export_what_they_may_see(bob: Player) -> None:
    bob.is_staff = True
    bob.save()
    bob.user_permissions.set(Permission.objects.filter(codename="view_checkin"))
    client = client_of(bob)
    assert client.get(CHECKINS_URL).status_code == 200
    assert client.get(REDEMPTIONS_URL).status_code == 403
    assert client.post(CHECKINS_URL).status_code == 405


# Many rows


def many(player: Player, game: Game, count: int) -> None:
    first = date(2000, 1, 1)
    CheckIn.objects.bulk_create(
        CheckIn(
            game=game,
            player=player,
            day=number + 1,
            date=first + timedelta(days=number),
            key=uuid4(),
            at=timezone.now(),
        )
        for number in range(count)
    )


def test_rows_are_read_a_thousand_at_a_time(
    alice: Player, game: Game, django_assert_num_queries: Any
) -> None:
    many(alice, game, 2 * CHUNK + 1)
    with django_assert_num_queries(4):
        sizes = [len(chunk) for chunk in chunks(CheckIn.objects.all())]
    assert sizes == [CHUNK, CHUNK, 1]


def test_nothing_is_read_before_it_is_sent(
    alice: Player, game: Game, django_assert_num_queries: Any
) -> None:
    many(alice, game, 2 * CHUNK)
    parts = CHECKINS.parts(CheckIn.objects.all())
    with django_assert_num_queries(0):
        next(parts)
    with django_assert_num_queries(1):  # none has a code to look for
        assert next(parts).count(b"\r\n") == CHUNK


# As it is served


def staff_session(stack: Stack) -> str:
    return stack.run(
        "from django.contrib.auth.hashers import make_password\n"
        "carol = Player.objects.create(name=f'Staff {Player.objects.count()}',"
        " password=make_password(None), is_staff=True, is_superuser=True)\n"
        "[out] = open_for([carol])"
    )


def fetch(stack: Stack, game: int, language: str = "en") -> bytes:
    address = stack.url(f"{CHECKINS_URL}?game__id__exact={game}")
    headers = {"Cookie": f"sessionid={staff_session(stack)}"}
    request = urllib.request.Request(
        address, headers={**headers, "Accept-Language": language}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.read()


def id_of(stack: Stack, slug: str) -> int:
    return stack.run("out = Game.objects.get(slug=given['slug']).pk", slug=slug)


def test_export_is_served_from_the_event_loop_in_my_language(stack: Stack) -> None:
    days = [{"pool": "Mug"}, {"coins": 1}]
    game = id_of(
        stack, stack.make_game("checkin", SETTINGS["checkin"] | {"days": days})
    )
    stack.run(
        "from checkins.checkin import CheckInRequest, check_in\n"
        "guest = Player.objects.create_user('Export %d' % given['game'])\n"
        "check_in(CheckInRequest(guest.pk, given['game'], given['id'], now))",
        game=game,
        id=str(uuid4()),
    )
    [english] = rows_of(fetch(stack, game))
    assert english["Code"] == "owed"
    with translation.override("th"):
        thai = [str(title) for title, _value in CHECKINS.columns]
        owed = translation.gettext("owed")
    [row] = rows_of(fetch(stack, game, "th"))
    assert (list(row), row[thai[9]]) == (thai, owed)
    assert "StreamingHttpResponse" not in stack.log.read_text()


def test_hundred_thousand_rows_are_served(on_postgres: Stack) -> None:
    game = id_of(on_postgres, on_postgres.make_game("checkin", SETTINGS["checkin"]))
    # Four players, each as many days as their column has room for.
    on_postgres.run(
        "from django.db import connection\n"
        "guests = [Player.objects.create_guest(f'Export {n}').pk for n in range(4)]\n"
        "with connection.cursor() as cursor:\n"
        "    cursor.execute('INSERT INTO checkins_checkin (game_id, player_id, run,"
        " day, date, key, at, made_up, coins, completes) SELECT %s, p, 1, n,"
        " date \\'2000-01-01\\' + n, gen_random_uuid(), now(), false, 0, false"
        " FROM unnest(%s) AS p, generate_series(1, 25000) AS n',"
        " [given['game'], guests])",
        game=game,
    )
    content = fetch(on_postgres, game)
    assert content.count(b"\r\n") == 100_001
    on_postgres.run(
        "from django.db import connection\n"
        "with connection.cursor() as cursor:\n"
        "    cursor.execute('DELETE FROM checkins_checkin WHERE game_id = %s',"
        " [given['game']])",
        game=game,
    )
