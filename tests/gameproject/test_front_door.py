"""The pages that a newcomer reads first name only what exists."""

import re
import tomllib
from pathlib import Path

import pytest

from games.kinds import kinds
from games.kinds.base import Verdict
from games.states import State
from tests.modules import ROOT

PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / ".github").rglob("*.md"),
]
LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
TARGET = re.compile(r"\bmake ([a-z][a-z-]*)")
FIRST = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)(?:: [\w.\s]+)?`")
# Made by the first start, by a deployer, and by following docs/kinds.md.
MADE = (
    *("var/", "DATA_DIR/media", "games/kinds/day.py", "templates/games/kinds/day.html"),
    "tests/test_kind_day.py",
)
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
GLOSSARY = (ROOT / "docs/glossary.md").read_text()


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        path, _hash, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not heading or heading in headings_of(target), link


def headings_of(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in titles}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_file_named_is_there(page: Path) -> None:
    for path in FILE.findall(page.read_text()):
        assert path in MADE or (ROOT / path).exists(), path


def test_every_target_named_is_made_and_explained() -> None:
    makefile = (ROOT / "Makefile").read_text()
    made = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    explained = set(re.findall(r'echo "make ([a-z-]+)', makefile))
    code = [block for page in FIRST for block in code_of(page.read_text())]
    assert set(TARGET.findall("\n".join(code))) <= made
    assert made - {"help"} == explained | {"var"} & made


def code_of(text: str) -> list[str]:
    return re.findall(r"^ {4}.*$|`[^`]+`", text, re.M)


def row(word: str) -> str:
    [text] = re.findall(rf"^\| {word} \|(.*)\|$", GLOSSARY, re.M)
    return text


def test_glossary_names_every_kind_state_and_verdict() -> None:
    assert set(re.findall(r"`(\w+)`", row("kind"))) == set(kinds())
    assert set(re.findall(r"`(\w+)`", row("state"))) == set(State)
    assert set(re.findall(r"`(\w+)`", row("verdict"))) == set(Verdict)


def test_one_test_named_as_an_example_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    [(path, name)] = re.findall(r"(tests/\S+\.py)::(\w+)", text)
    assert re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text(), re.M)


def test_last_release_in_the_changelog_is_the_version_of_the_code() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    headings = re.findall(r"^## (.*)$", CHANGELOG, re.M)
    assert headings[0] == "Unreleased"
    assert re.fullmatch(
        rf"{re.escape(project['version'])} \(\d{{4}}-\d\d-\d\d\)", headings[1]
    )


def test_changelog_is_sorted_into_added_changed_and_fixed() -> None:
    sorts = ["Added", "Changed", "Fixed"]
    for version in CHANGELOG.split("\n## ")[1:]:
        found = re.findall(r"^### (.*)$", version, re.M)
        assert found == [sort for sort in sorts if sort in found]
        assert "\n- " not in version.split("\n### ")[0]
