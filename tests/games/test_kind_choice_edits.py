"""Questions and options keep their keys, whatever staff move."""

from typing import Any

import pytest

from core.refusals import Refused
from games.kinds.choice import KIND, ChoiceSettings

SKY = {"text": "Sky?", "options": ["*blue", "green", "red"]}
GRASS = {"text": "Grass?", "options": ["blue", "*green"]}
DRINK = {"text": "Which?", "type": "vote", "options": ["Tea", "Coffee"]}


def made(*questions: dict[str, Any]) -> ChoiceSettings:
    return ChoiceSettings.model_validate({"questions": questions})


def edited(old: ChoiceSettings, *questions: dict[str, Any]) -> ChoiceSettings:
    return KIND.carry(old, made(*questions))


def keyed(key: str, question: dict[str, Any]) -> dict[str, Any]:
    return {"key": key, **question}


def test_settings_that_nothing_moved_in_stay_as_they_were() -> None:
    old = made(SKY, GRASS)
    assert edited(old, keyed("1", SKY), keyed("2", GRASS)) == KIND.keyed(old)
    assert KIND.public(old)["version"] == "0"


def test_question_keeps_its_key_where_it_is_moved() -> None:
    new = edited(made(SKY, GRASS), keyed("2", GRASS), keyed("1", SKY))
    assert [(q["key"], q["text"]) for q in KIND.public(new)["questions"]] == [
        ("2", "Grass?"),
        ("1", "Sky?"),
    ]
    assert KIND.questions(new) == ["2", "1"]


def test_question_without_a_key_is_known_by_its_text() -> None:
    new = edited(made(SKY, GRASS), GRASS, DRINK, SKY)
    assert KIND.questions(new) == ["2", "3", "1"]


def test_key_of_a_question_that_was_removed_is_never_given_again() -> None:
    shorter = edited(made(SKY, GRASS), keyed("1", SKY))
    assert KIND.questions(shorter) == ["1"]
    longer = edited(shorter, keyed("1", SKY), DRINK)
    assert KIND.questions(longer) == ["1", "3"]
    assert KIND.questions(edited(longer, keyed("1", SKY), GRASS)) == ["1", "4"]


def test_copied_question_is_another() -> None:
    new = edited(made(SKY), keyed("1", SKY), keyed("1", SKY))
    assert KIND.questions(new) == ["1", "2"]


def test_key_that_nobody_gave_is_none() -> None:
    assert KIND.questions(edited(made(SKY), keyed("1", SKY), keyed("77", GRASS))) == [
        "1",
        "2",
    ]


def test_options_keep_their_numbers_where_they_are_moved() -> None:
    old = made(DRINK)
    tea = KIND.parse(old, "1", 0)
    new = edited(old, keyed("1", DRINK | {"options": ["Juice", "Coffee", "Tea"]}))
    assert KIND.in_words(new, "1", tea) == "Tea"
    assert KIND.shown(new, "1", tea) == [2]
    assert KIND.parse(new, "1", 2) == tea
    [counted] = KIND.reveal(new, {"1": {"0": 3, "1": 1}})["questions"]
    assert counted["votes"] == [0, 1, 3]


def test_right_option_is_right_wherever_it_stands() -> None:
    old = made(SKY)
    new = edited(old, keyed("1", SKY | {"options": ["red", "*blue"]}))
    assert new.questions[0].right_numbers == {0}
    assert KIND.parse(new, "1", 1) == KIND.parse(old, "1", 0)


def test_new_text_for_an_option_is_the_same_option() -> None:
    old = made(DRINK)
    new = edited(old, keyed("1", DRINK | {"options": ["Thai tea", "Coffee"]}))
    assert KIND.in_words(new, "1", [0]) == "Thai tea"
    assert not new.questions[0].moved


def test_number_of_an_option_that_was_removed_is_never_given_again() -> None:
    old = edited(made(SKY), keyed("1", SKY | {"options": ["*blue", "green"]}))
    new = edited(old, keyed("1", SKY | {"options": ["*blue", "green", "pink"]}))
    assert new.questions[0].order == [0, 1, 3]


def test_option_added_at_the_end_moves_nothing() -> None:
    old = made(SKY)
    new = edited(old, keyed("1", SKY | {"options": [*SKY["options"], "pink"]}))
    assert KIND.public(new)["version"] == "0"


# What clients of an older version send


@pytest.fixture
def moved() -> ChoiceSettings:
    """Tea and Coffee, after staff added Juice in front and removed Tea."""
    with_juice = {"options": ["Juice", "Tea", "Coffee"]}
    first = edited(made(SKY, DRINK), keyed("1", SKY), keyed("2", DRINK | with_juice))
    without_tea = {"options": ["Juice", "Coffee"]}
    return edited(first, keyed("1", SKY), keyed("2", DRINK | without_tea))


def sent(settings: ChoiceSettings, value: Any, version: str | None) -> list[int]:
    now = KIND.rebase(settings, "2", value, version)
    return KIND.parse(settings, "2", now)


def test_place_is_read_by_the_version_that_the_client_was_shown(
    moved: ChoiceSettings,
) -> None:
    coffee = [1]
    assert sent(moved, 1, "0") == coffee
    assert sent(moved, [2], "0;2:2.0.1") == coffee
    assert sent(moved, 1, moved.version) == coffee


def test_place_without_a_version_is_refused_where_options_moved(
    moved: ChoiceSettings,
) -> None:
    with pytest.raises(Refused) as refused:
        sent(moved, 1, None)
    assert refused.value.field == "version"
    assert KIND.rebase(moved, "1", 0, None) == 0


def test_option_that_was_removed_is_no_answer(moved: ChoiceSettings) -> None:
    for value in (0, [0], [0, 1]):
        with pytest.raises(Refused) as refused:
            sent(moved, value, "0")
        assert refused.value.field == "value"
    assert KIND.shown(moved, "2", [0, 1]) == [1]
    assert KIND.meaning(moved, "2", [0]) is None


@pytest.mark.parametrize(
    "version", ["", "1", "0;", "0;2", "0;2:a", "0;2:1.", "0;2:1;", "x" * 4000]
)
def test_what_is_no_version_is_refused_by_name(
    moved: ChoiceSettings, version: str
) -> None:
    with pytest.raises(Refused) as refused:
        sent(moved, 1, version)
    assert refused.value.field == "version"


@pytest.mark.parametrize("value", [-1, 7, "0", None, True, {}, [[0]]])
def test_place_that_never_was_is_refused(moved: ChoiceSettings, value: Any) -> None:
    with pytest.raises(Refused) as refused:
        sent(moved, value, "0")
    assert refused.value.field == "value"


def test_game_that_nobody_has_seen_begins_anew(moved: ChoiceSettings) -> None:
    fresh = KIND.carry(None, moved)
    assert KIND.questions(fresh) == ["1", "2"]
    assert fresh.version == "0"
    assert KIND.carry(fresh, fresh) == fresh


def test_copy_goes_by_its_own_questions() -> None:
    old = made(SKY, GRASS)
    assert old.version == "0"
    new = edited(
        old, keyed("2", GRASS), keyed("1", SKY | {"options": ["red", "*blue"]})
    )
    assert new.version == "0;1:2.0"
    fresh = KIND.carry(None, new)
    assert list(fresh.by_key.values()) == fresh.questions
    assert fresh.version == "0"
