"""Lists of players and winners: staff are asked if the text looks like a table."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from games.models import Game
from games.states import Access, State
from tests.admin_pages import errors_of, save, values_in

MakeGame = Callable[..., Game]
WINNERS, NAMES = "settings_winners", "names"


def page_of(game: Game) -> str:
    return f"/admin/games/game/{game.pk}/change/"


@pytest.fixture
def winners(make_game: MakeGame) -> Game:
    return make_game("announce", state=State.DRAFT)


@pytest.fixture
def listed(make_game: MakeGame) -> Game:
    return make_game(state=State.DRAFT, access=Access.LISTED)


def published(game: Game) -> Any:
    return Game.objects.get(pk=game.pk).settings["winners"]


def invited(game: Game) -> list[str]:
    return list(game.invitations.order_by("pk").values_list("name", flat=True))


def asked(page: Any, field: str) -> dict[str, Any]:
    """The form's values after the question about the list, with its first choices."""
    [error] = errors_of(page)[field]
    assert "is this a table?" in error
    return values_in(page, "game_form") | {"_save": "Save"}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Name,Prize\nAnna,Mug\nBen,Cup", ["Anna, Mug", "Ben, Cup"]),
        ("ชื่อ,รางวัล\nสมชาย,แก้ว", ["สมชาย, แก้ว"]),
        ("Anna;Mug\nBen;Cup", ["Anna, Mug", "Ben, Cup"]),
        ("Anna\tMug, large\nBen\tCup", ["Anna, Mug, large", "Ben, Cup"]),
        ("1,Anna,Mug\n2,Ben,Cup", ["Anna, Mug", "Ben, Cup"]),
        ("No.,Prize,Name\n1,Mug,Anna", ["Anna, Mug"]),
        ('"Anna","Mug"\n"Ben","Cup, large"', ["Anna, Mug", "Ben, Cup, large"]),
    ],
)
def test_table_of_winners_is_understood_and_asked_about(
    as_carol: Client, winners: Game, text: str, kept: list[str]
) -> None:
    before = published(winners)
    page = save(as_carol, page_of(winners), **{WINNERS: text})
    values = asked(page, WINNERS)
    assert published(winners) == before
    assert as_carol.post(page_of(winners), values).status_code == 302
    assert published(winners) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Anna;VIP\nBen;VIP", ["Anna", "Ben"]),
        ("Anna;VIP\nBen\nEve", ["Anna", "Ben", "Eve"]),
        ("Name\nAnna\nBen", ["Anna", "Ben"]),
        ("ชื่อผู้เล่น,เบอร์\nสมชาย,081", ["สมชาย"]),
        ("1,Anna\n2,Ben", ["Anna", "Ben"]),
        ("Anna\tanna@example.com\nBen\tben@example.com", ["Anna", "Ben"]),
    ],
)
def test_table_of_players_is_understood_and_asked_about(
    as_carol: Client, listed: Game, text: str, kept: list[str]
) -> None:
    page = save(as_carol, page_of(listed), **{NAMES: text})
    values = asked(page, NAMES)
    assert invited(listed) == []
    assert as_carol.post(page_of(listed), values).status_code == 302
    assert invited(listed) == kept


@pytest.mark.parametrize(
    "text", ["Anna, a mug; a cup\nBen, voucher", "O'Neil, Mug", "Gift, Mug\nBen, Cup"]
)
def test_plain_list_of_winners_is_not_asked_about(
    as_carol: Client, winners: Game, text: str
) -> None:
    page = save(as_carol, page_of(winners), **{WINNERS: text})
    assert page.status_code == 302
    assert published(winners) == text.split("\n")


@pytest.mark.parametrize("text", ["Anna\nBen", "Gift\nPin\nNote", "O'Neil\nสมชาย ใจดี"])
def test_plain_list_of_players_is_not_asked_about(
    as_carol: Client, listed: Game, text: str
) -> None:
    assert save(as_carol, page_of(listed), **{NAMES: text}).status_code == 302
    assert invited(listed) == text.split("\n")


def test_staff_may_take_lines_as_they_stand_and_are_asked_once(
    as_carol: Client, listed: Game
) -> None:
    page = save(as_carol, page_of(listed), **{NAMES: "Anna;VIP\nBen"})
    values = asked(page, NAMES) | {"names-column-0": "line"}
    assert as_carol.post(page_of(listed), values).status_code == 302
    assert invited(listed) == ["Anna;VIP", "Ben"]
    assert save(as_carol, page_of(listed), title="Another").status_code == 302


def test_another_column_can_be_chosen(as_carol: Client, winners: Game) -> None:
    page = save(as_carol, page_of(winners), **{WINNERS: "Mug;Anna\nCup;Ben"})
    columns = {f"{WINNERS}-column-0": "1", f"{WINNERS}-column-1": "0"}
    values = asked(page, WINNERS) | columns
    assert as_carol.post(page_of(winners), values).status_code == 302
    assert published(winners) == ["Anna, Mug", "Ben, Cup"]


def test_what_a_spreadsheet_has_spoiled_is_refused_by_line(
    as_carol: Client, listed: Game
) -> None:
    page = save(as_carol, page_of(listed), **{NAMES: "Name,No\nAnna,1\n#N/A,2"})
    values = asked(page, NAMES)
    refused = as_carol.post(page_of(listed), values)
    assert errors_of(refused)[NAMES] == ["Line 3: the cell holds an error, not text."]
    assert invited(listed) == []


def test_line_without_a_name_is_refused(as_carol: Client, listed: Game) -> None:
    page = save(as_carol, page_of(listed), **{NAMES: "Anna;VIP\nBen;\nEve;VIP"})
    values = asked(page, NAMES) | {"names-column-0": "1"}
    [error] = errors_of(as_carol.post(page_of(listed), values))[NAMES]
    assert error.startswith("Line 2: the name is empty")


def test_nonsense_for_a_column_is_asked_again(as_carol: Client, winners: Game) -> None:
    page = save(as_carol, page_of(winners), **{WINNERS: "Anna;Mug\nBen;Cup"})
    values = asked(page, WINNERS)
    for junk in ("x", "", "-1", "9" * 30, "๑", "²"):
        column = {f"{WINNERS}-column-0": junk}
        again = as_carol.post(page_of(winners), values | column)
        assert errors_of(again)[WINNERS], junk
