"""The layout: imports run one way, and some things have one place."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.modules import ROOT, belongs_to, imported_by, imported_in

# Each app may import those before it. The last puts them together.
ORDER = [
    *("core", "users", "games", "answers", "checkins", "live", "batch"),
    "gameproject",
]

OPENS_A_SOCKET = re.compile(r"\bnew\s+(\w+\.)?WebSocket\b")


def modules(app: str) -> Iterator[Path]:
    """The modules of an app, without its migrations."""
    for path in sorted((ROOT / app).rglob("*.py")):
        if "migrations" not in path.relative_to(ROOT).parts:
            yield path


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_package_has_its_place_in_the_order():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - {"tests"} == set(ORDER)


@pytest.mark.parametrize("app", ORDER)
def test_imports_run_one_way(app: str):
    above = [*ORDER[ORDER.index(app) + 1 :], "tests"]
    wrong = [
        f"{named(path)} imports {module}"
        for path in modules(app)
        for module in sorted(imported_by(path))
        if any(belongs_to(module, package) for package in above)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "source",
    [
        "import answers.models",
        "import answers.models as a",
        "from answers import models",
        "from answers.models import Answer",
        "def f():\n    from answers import models",
        "if TYPE_CHECKING:\n    import answers.models",
        "from ..answers import models",
    ],
)
def test_any_way_to_import_is_seen(source: str):
    assert "answers.models" in imported_in(source, ["games"])


def test_relative_imports_stay_where_they_are():
    source = "from . import events\nfrom .models import Game\nfrom .. import kinds"
    assert imported_in(source, ["games", "forms"]) == {
        *("games.forms", "games.forms.events"),
        *("games.forms.models", "games.forms.models.Game"),
        *("games", "games.kinds"),
    }


@pytest.mark.parametrize("app", ORDER)
def test_modules_are_named_for_what_they_do(app: str):
    vague = {"services", "utils", "helpers", "common", "misc"}
    stems = {path.stem for path in modules(app)} | {p.name for p in folders(app)}
    assert stems & vague == set()


def folders(app: str) -> list[Path]:
    return [path for path in (ROOT / app).rglob("*") if path.is_dir()]


def test_only_one_module_opens_a_socket():
    scripts = [*(ROOT / "static").rglob("*.js"), *(ROOT / "templates").rglob("*.html")]
    opening = [
        named(path)
        for path in scripts
        if OPENS_A_SOCKET.search(path.read_text(encoding="utf-8"))
    ]
    assert set(opening) <= {"static/js/lib/socket.js"}
