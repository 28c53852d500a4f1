"""The shop in the admin: items, purchases and voids."""

import io
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from PIL import Image

from checkins.checkin import CheckInRequest, check_in
from checkins.models import Item, Redemption
from checkins.shop import Purchase, redeem
from core.refusals import Refused
from games.models import Game, Pool
from games.states import State
from tests.admin_pages import errors_of, save
from tests.conftest import SETTINGS, client_of
from users.models import CoinEntry, Player

pytestmark = pytest.mark.django_db
MakeGame = Callable[..., Game]
ITEMS = "/admin/checkins/item/"
REDEMPTIONS = "/admin/checkins/redemption/"


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def game(make_game: MakeGame) -> Game:
    return make_game("checkin", title="Daily", codes=3)


@pytest.fixture
def mug(game: Game) -> Item:
    return Item.objects.create(pool=game.pools.get(), title="Mug", price=10)


@pytest.fixture
def buy(carol: Player) -> Callable[..., Redemption]:
    def buy(player: Player, item: Item) -> Redemption:
        CoinEntry.objects.adjust(player.pk, 50, "a gift", carol, timezone.now())
        at = timezone.now()
        redeem(Purchase(player.pk, item.pool.game_id, item.pk, uuid4(), at))
        return Redemption.objects.latest("pk")

    return buy


def page_of(item: Item) -> str:
    return f"{ITEMS}{item.pk}/change/"


def add(client: Client, **values: Any) -> HttpResponse:
    said = {"title": "Cap", "price": "5"} | values
    return save(client, ITEMS + "add/", "item_form", **said)


def change(client: Client, item: Item, **values: Any) -> HttpResponse:
    return save(client, page_of(item), "item_form", **values)


def seq_of(game: Game) -> int:
    return Game.objects.get(pk=game.pk).seq


def found(client: Client, url: str, **query: Any) -> list[Any]:
    return list(client.get(url, query).context["cl"].result_list)


# Pools of a check-in game


def test_pool_that_is_renamed_stays_the_pool_of_its_rewards(
    as_carol: Client, alice: Player, make_game: MakeGame
) -> None:
    days = [{"pool": "Mug"}, {"coins": 5}, {"pool": "Cup"}]
    settings = SETTINGS["checkin"] | {"days": days, "completed_pool": "Mug"}
    game = make_game("checkin", settings=settings)
    Pool.objects.make_for(game)
    mugs = game.pools.get(name="Mug")
    mugs.add(["M-1"])
    said = {"pools-0-name": "Cap", "title": "Another title"}
    page = f"/admin/games/game/{game.pk}/change/"
    assert save(as_carol, page, **said).status_code == 302
    game.refresh_from_db()
    assert [day["pool"] for day in game.settings["days"]] == ["Cap", "", "Cup"]
    assert (game.settings["completed_pool"], game.title) == ("Cap", "Another title")
    assert set(game.pools.values_list("name", flat=True)) == {"Cap", "Cup"}
    reply = check_in(CheckInRequest(alice.pk, game.pk, uuid4(), timezone.now()))
    assert reply["reward"] == {"coins": 0, "pool": "Cap", "code": "M-1"}


def test_pools_that_rewards_name_are_there_to_be_filled(
    as_carol: Client, game: Game
) -> None:
    page = f"/admin/games/game/{game.pk}/change/"
    days = {"settings_days-0-pool": "Mug", "settings_completed_pool": "Cap"}
    new = {"pools-TOTAL_FORMS": "2", "pools-1-name": "Mug", "pools-1-game": game.pk}
    for extra in (new, {}):
        assert save(as_carol, page, **days, **extra).status_code == 302
    names = sorted(pool.name for pool in game.pools.all())
    assert names == ["Cap", "Mug", "Voucher"]
    mug = game.pools.get(name="Mug")
    links = as_carol.get(page).content.decode()
    assert f"/admin/games/game/pools/{mug.pk}/import/" in links
    assert f"/admin/checkins/item/add/?pool={mug.pk}" in links


# Items


def test_added_item_stands_in_the_shop_at_once(as_carol: Client, game: Game) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (30, 20), "green").save(picture, "PNG")
    upload = SimpleUploadedFile("cap.png", picture.getvalue(), "image/png")
    response = add(as_carol, pool=str(game.pools.get().pk), picture=upload)
    assert response.status_code == 302
    item = Item.objects.get()
    assert (item.title, item.price, item.limit) == ("Cap", 5, None)
    assert item.picture.name.endswith(".webp")
    assert seq_of(game) == game.seq + 1


def test_players_of_a_draft_are_told_nothing(
    as_carol: Client, make_game: MakeGame
) -> None:
    draft = make_game("checkin", state=State.DRAFT, codes=1)
    add(as_carol, pool=str(draft.pools.get().pk))
    assert Item.objects.get().pool.game == draft
    assert seq_of(draft) == draft.seq


def test_item_that_moves_is_told_in_both_games(
    as_carol: Client, game: Game, mug: Item, make_game: MakeGame
) -> None:
    other = make_game("checkin", codes=1)
    change(as_carol, mug, pool=str(other.pools.get().pk))
    mug.refresh_from_db()
    assert mug.pool.game == other
    assert (seq_of(game), seq_of(other)) == (game.seq + 1, other.seq + 1)


def test_only_pools_of_check_in_games_can_be_chosen(
    as_carol: Client, game: Game, make_game: MakeGame
) -> None:
    riddle = make_game("puzzle", codes=1)
    page = as_carol.get(ITEMS + "add/").content.decode()
    assert "Daily — Voucher" in page
    assert riddle.title not in page
    assert "pool" in errors_of(add(as_carol, pool=str(riddle.pools.get().pk)))


@pytest.mark.parametrize(
    ("values", "field", "text"),
    [
        ({"price": "0"}, "price", "greater than or equal to 1"),
        ({"price": "9999999999"}, "price", "less than or equal to"),
        ({"limit": "0"}, "limit", "greater than or equal to 1"),
        ({"title": ""}, "title", "required"),
        ({"pool": ""}, "pool", "required"),
        (
            {"opens_at_0": "2026-12-02", "opens_at_1": "10:00"}
            | {"closes_at_0": "2026-12-02", "closes_at_1": "10:00"},
            "closes_at",
            "must end after it begins",
        ),
        (
            {"picture": SimpleUploadedFile("cap.png", b"<svg/>")},
            "picture",
            "cap.png: This is not a picture.",
        ),
    ],
)
def test_error_stands_at_its_field(
    as_carol: Client, mug: Item, values: Any, field: str, text: str
) -> None:
    errors = errors_of(change(as_carol, mug, **values))
    assert list(errors) == [field]
    assert text in errors[field][0]


def test_list_shows_the_stock_of_the_pool(
    as_carol: Client, alice: Player, mug: Item, buy: Any
) -> None:
    buy(alice, mug)
    [item] = found(as_carol, ITEMS)
    assert (item.pool_stock.left, item.pool_stock.given) == (2, 1)
    assert "2 / 1" in as_carol.get(ITEMS).content.decode()


def test_lists_take_as_many_queries_for_many_rows(
    as_carol: Client,
    alice: Player,
    make_game: MakeGame,
    buy: Any,
    django_assert_max_num_queries: Any,
) -> None:
    for _ in range(4):
        pool = make_game("checkin", codes=2).pools.get()
        buy(alice, Item.objects.create(pool=pool, title="Mug", price=10))
    for url, most in ((ITEMS, 7), (REDEMPTIONS, 9)):
        with django_assert_max_num_queries(most):
            assert len(found(as_carol, url)) == 4


def test_item_nobody_bought_can_be_deleted(
    as_carol: Client, game: Game, mug: Item
) -> None:
    assert as_carol.post(f"{ITEMS}{mug.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Item.objects.exists()
    assert seq_of(game) == game.seq + 1


def test_item_once_bought_is_hidden_instead(
    as_carol: Client, alice: Player, mug: Item, buy: Any
) -> None:
    buy(alice, mug)
    assert as_carol.post(f"{ITEMS}{mug.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [mug.pk], "post": "yes"}
    as_carol.post(ITEMS, chosen)
    with pytest.raises(Refused):
        mug.discard()
    change(as_carol, mug, hidden="on")
    assert not Item.objects.shown().exists()
    assert Item.objects.exists()


# Redemptions


def test_redemptions_are_found_by_code_player_item_and_void(
    as_carol: Client, alice: Player, bob: Player, mug: Item, buy: Any
) -> None:
    cap = Item.objects.create(pool=mug.pool, title="Cap", price=5)
    first, second = buy(alice, mug), buy(bob, cap)
    assert found(as_carol, REDEMPTIONS, q=second.code.text.lower()) == [second]
    assert found(as_carol, REDEMPTIONS, q="al ice") == [first]
    assert found(as_carol, REDEMPTIONS, item__id__exact=cap.pk) == [second]
    by_game = {"item__pool__game__id__exact": mug.pool.game_id}
    assert found(as_carol, REDEMPTIONS, **by_game) == [second, first]
    press_void(as_carol, first)
    assert found(as_carol, REDEMPTIONS, void="yes") == [first]
    assert found(as_carol, REDEMPTIONS, void="no") == [second]


def void_page(redemption: Redemption) -> str:
    return f"{REDEMPTIONS}{redemption.pk}/void/"


def press_void(client: Client, redemption: Redemption) -> list[str]:
    """Press the button of the confirmation page; the messages that staff see."""
    page = client.post(void_page(redemption), follow=True)
    return [str(message) for message in page.context["messages"]]


def test_voiding_is_asked_first(
    as_carol: Client, alice: Player, mug: Item, buy: Any
) -> None:
    bought = buy(alice, mug)
    assert f"/{bought.pk}/void/" in page_for(as_carol, bought)
    asked = as_carol.get(void_page(bought)).content.decode()
    assert "10 coins are refunded" in asked
    assert bought.code.text in asked
    bought.refresh_from_db()
    assert bought.refund is None


def page_for(client: Client, redemption: Redemption) -> str:
    page = client.get(f"{REDEMPTIONS}{redemption.pk}/change/")
    assert page.status_code == 200
    return page.content.decode()


def test_voiding_refunds_once_and_is_noted(
    as_carol: Client, carol: Player, alice: Player, mug: Item, buy: Any
) -> None:
    bought = buy(alice, mug)
    assert press_void(as_carol, bought) == ["Voided. 10 coins were refunded."]
    again = press_void(as_carol, bought)
    assert again == ["Already voided. Nothing was changed."]
    bought.refresh_from_db()
    alice.refresh_from_db()
    assert (bought.voided_by, alice.coins) == (carol, 50)
    assert CoinEntry.objects.filter(reason=CoinEntry.Reason.REFUND).count() == 1
    [entry] = LogEntry.objects.filter(object_id=str(bought.pk))
    assert entry.get_change_message() == "Voided. 10 coins were refunded."
    assert f"/{bought.pk}/void/" not in page_for(as_carol, bought)
    assert as_carol.get(void_page(bought)).status_code == 302


def test_only_who_may_change_redemptions_voids(
    alice: Player, bob: Player, mug: Item, buy: Any
) -> None:
    bought = buy(alice, mug)
    bob.is_staff = True
    bob.save()
    bob.user_permissions.set(Permission.objects.filter(codename="view_redemption"))
    assert f"/{bought.pk}/void/" not in page_for(client_of(bob), bought)
    assert client_of(bob).post(void_page(bought)).status_code == 403
    assert client_of(alice).post(void_page(bought)).status_code == 302
    assert not Redemption.objects.exclude(refund=None).exists()


def test_redemptions_are_only_read(
    as_carol: Client, alice: Player, mug: Item, buy: Any
) -> None:
    page = f"{REDEMPTIONS}{buy(alice, mug).pk}/"
    assert as_carol.post(page + "change/", {"price": "1"}).status_code == 403
    assert as_carol.post(page + "delete/", {"post": "yes"}).status_code == 403
    assert as_carol.get(REDEMPTIONS + "add/").status_code == 403
