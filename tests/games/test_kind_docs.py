"""The example in `docs/kinds.md` is true."""

import re
from types import ModuleType
from typing import Any

import pytest
from django.template import Context, Template

from games.kinds.base import ONLY, Kind, Verdict
from tests.modules import ROOT
from tests.values import STRANGE, assert_refused, entry

PAGE = (ROOT / "docs" / "kinds.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)
    return found


@pytest.fixture(scope="module")
def day() -> Kind[Any]:
    module = ModuleType("day")
    exec(block("python"), module.__dict__)
    return module.KIND


def test_the_example_takes_a_day_and_nothing_else(day: Kind[Any]):
    settings = day.Settings(event="Rain")
    assert day.parse(settings, ONLY, "2026-12-31") == "2026-12-31"
    for value in (*STRANGE.values(), "2026-02-30"):
        assert_refused(day, settings, ONLY, value)


def test_the_example_grades_once_the_day_is_known(day: Kind[Any]):
    before, after = (
        day.Settings(event="Rain"),
        day.Settings(event="Rain", day="2026-12-31"),
    )
    assert day.grade(before, entry("2026-12-31")).verdict is Verdict.PENDING
    assert day.grade(after, entry("2026-12-31")).verdict is Verdict.RIGHT
    assert day.grade(after, entry("2026-12-30")).verdict is Verdict.WRONG
    assert (day.ready(before), day.ready(after)) == (False, True)
    assert day.public(before) == day.public(after)
    assert day.reveal(after, {}) == {"day": "2026-12-31"}


def test_the_example_template_shows_the_public_part(day: Kind[Any]):
    play = day.public(day.Settings(event="Rain & wind"))
    shown = Template(block("html")).render(Context({"game": {"play": play}}))
    assert "Rain &amp; wind" in shown
    assert "csrf" not in shown


def test_every_part_of_a_kind_is_documented():
    said = {
        word
        for row in re.findall(r"^\| (`.*?) \|", PAGE, re.M)
        for word in re.findall(r"`(\w+)", row)
    }
    parts = {name for name in Kind.__dict__ if not name.startswith("_")}
    parts |= {name for name in Kind.__annotations__}
    assert said == parts - {"Settings"}
