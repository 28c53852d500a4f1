"""The winners' list: everybody sees masked names, each winner their own line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.refusals import Refused
from games.kinds.announce import KIND as announce
from games.kinds.announce import AnnounceSettings, mask
from games.models import Game
from users.names import normalize_display, normalize_key

WINNERS = ["Alice Smith, a bicycle", "ก้อง, ตั๋วหนัง, สองใบ", "B, a balloon"]


def winners(*lines: str) -> AnnounceSettings:
    return AnnounceSettings(winners=list(lines or WINNERS))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Alice", "A***"),
        ("Al", "A***"),
        ("Alice Margaret Elizabeth Smith", "A***"),
        ("ก้อง", "ก้***"),
        ("กิ๊ก", "กิ๊***"),
        ("เก่ง", "เ***"),
        ("É" + "lan", "É***"),
        ("e\u0301lan", "e\u0301***"),
    ],
)
def test_a_name_shows_its_first_letter_with_its_marks(name: str, shown: str):
    assert mask(name) == shown


@pytest.mark.parametrize("name", ["B", "ก", "ก้", "กิ๊", "e\u0301", ""])
def test_a_name_of_one_letter_shows_nothing(name: str):
    assert mask(name) == "***"


@given(st.text(min_size=1, max_size=40).map(normalize_display).filter(normalize_key))
def test_a_whole_name_is_never_shown(name: str):
    assert mask(name).endswith("***")
    assert len(mask(name).removesuffix("***")) < len(name)


def test_players_see_masked_names_in_order():
    assert announce.public(winners()) == {"winners": ["A***", "ก้***", "***"]}


def test_prizes_are_never_public():
    shown = json.dumps(announce.public(winners()), ensure_ascii=False)
    for secret in ("bicycle", "ตั๋ว", "balloon", "Smith", "lice"):
        assert secret not in shown
    assert announce.reveal(winners(), {}) == {}


@pytest.mark.parametrize("account", ["Alice Smith", "alice smith", "ALICESMITH"])
def test_winners_see_their_own_line_however_they_write_their_name(account: str):
    own = announce.mine(winners(), normalize_key(account))
    assert own == {"name": "Alice Smith", "prize": "a bicycle"}


def test_a_prize_may_hold_commas():
    own = announce.mine(winners(), normalize_key("ก้อง"))
    assert own == {"name": "ก้อง", "prize": "ตั๋วหนัง, สองใบ"}


@pytest.mark.parametrize("account", ["Alice", "Alice Smith Jr", "กอง", "", "***", "a"])
def test_others_see_no_line(account: str):
    assert announce.mine(winners(), normalize_key(account)) is None


def test_invisible_characters_around_a_name_change_nothing():
    settings = winners("\u200bAlice\u200b , a bicycle")
    assert announce.public(settings) == {"winners": ["A***"]}
    assert announce.mine(settings, "alice") == {"name": "Alice", "prize": "a bicycle"}


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["Alice"],
        ["Alice,"],
        ["Alice,  "],
        [", a bicycle"],
        ["\u200b, a bicycle"],
        [""],
        ["Alice, a bicycle", "ALICE, a balloon"],
        ["Alice Smith, a bicycle", "alicesmith, a balloon"],
        ["น้ำ, a bicycle", "นํ้า, a balloon"],
        ["x" * 300 + ", a bicycle"],
        [f"player{i}, a bicycle" for i in range(2001)],
    ],
)
def test_lists_that_leave_a_doubt_are_refused(lines: list[str]):
    with pytest.raises(ValidationError):
        AnnounceSettings(winners=lines)


def test_winners_list_takes_no_answers() -> None:
    assert not announce.takes_answers
    with pytest.raises(Refused) as refused:
        Game(kind="announce").question_kind  # noqa: B018
    assert (refused.value.code, refused.value.field) == ("invalid", "value")
