"""The example in `docs/kinds.md` works."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.template import Context, Template

from games.kinds.base import ONLY, Kind, QuestionKind, Verdict
from tests.modules import ROOT
from tests.values import STRANGE, assert_refused, entry

PAGE = (ROOT / "docs" / "kinds.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)
    return found


@pytest.fixture(scope="module")
def day() -> QuestionKind[Any]:
    module = ModuleType("day")
    exec(block("python"), module.__dict__)
    return module.KIND


def test_the_example_takes_a_day_and_nothing_else(day: QuestionKind[Any]):
    settings = day.Settings(event="Rain")
    assert day.parse(settings, ONLY, "2026-12-31") == "2026-12-31"
    for value in (*STRANGE.values(), "2026-02-30"):
        assert_refused(day, settings, ONLY, value)


def test_the_example_grades_once_the_day_is_known(day: QuestionKind[Any]):
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


def test_the_example_template_shows_the_public_part(day: QuestionKind[Any]):
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
    parts = {
        name
        for base in (Kind, QuestionKind)
        for name in (*base.__dict__, *base.__annotations__)
        if not name.startswith("_")
    }
    assert said == parts - {"Settings"}


NOT_CODE = shutil.ignore_patterns(".*", "var", "tests", "docs", "*.pyc")
# Publishes a game of the new kind, opens its page, and answers.
PLAY = """
from django.test import Client
from django.utils import timezone
from games.models import Game
from users.models import Player
from uuid import uuid4

game = Game.objects.create(slug="d", kind="day", title="D", settings={"event": "Rain"})
game.schedule(timezone.now())
page = Client().get("/games/d/").content.decode()
assert 'type="date"' in page and "Rain" in page, page
alice = Client()
alice.force_login(Player.objects.create(name="Alice"))
said = {"game": "d", "id": str(uuid4()), "value": "2026-12-31"}
reply = alice.post("/api/answers", said, "application/json").json()
assert (reply["status"], reply["verdict"]) == ("accepted", "pending"), reply
"""


def test_kind_is_played_once_its_file_and_its_template_are_there(
    runs_servers: None, tmp_path: Path
) -> None:
    copy = shutil.copytree(ROOT, tmp_path / "code", ignore=NOT_CODE)
    (copy / "games/kinds/day.py").write_text(block("python"))
    (copy / "templates/games/kinds/day.html").write_text(block("html"))
    data = f"sqlite:///{tmp_path}/db.sqlite3"
    env = {"DATA_DIR": str(tmp_path), "DATABASE_URL": data, "REDIS_URL": ""}
    for command in (
        ["makemigrations", "--check", "-v0"],
        ["migrate", "-v0"],
        ["collectstatic", "--noinput", "-v0"],
        ["shell", "-v0", "-c", PLAY],
    ):
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=copy,
            env={**os.environ, **env, "ALLOWED_HOSTS": "testserver"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
