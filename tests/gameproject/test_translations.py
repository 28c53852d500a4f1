"""Every text for players and staff has a Thai translation."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from tests.modules import ROOT

CATALOG = "locale/th/LC_MESSAGES/django.po"
NO_TEXTS = (".*", "var", "tests", "docs", "node_modules", "__pycache__")
GATHER = ("makemessages", "-l", "th", "--no-location", "--no-obsolete")


@pytest.fixture(scope="module")
def gathered(runs_gettext: None, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The catalog after extracting the texts of the code."""
    copy = tmp_path_factory.mktemp("texts") / "product"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NO_TEXTS))
    subprocess.run([sys.executable, "manage.py", *GATHER], cwd=copy, check=True)
    with (copy / CATALOG).open("rb") as file:
        return read_po(file)


def texts(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def test_every_text_is_translated(gathered: Catalog) -> None:
    missing = [one.id for one in texts(gathered) if one.fuzzy or not is_said(one)]
    assert missing == []


def is_said(message: Message) -> bool:
    said = message.string
    return all(said) if isinstance(said, tuple) else bool(said)


def test_catalog_holds_nothing_that_is_gone(gathered: Catalog) -> None:
    with (ROOT / CATALOG).open("rb") as file:
        kept = {one.id for one in texts(read_po(file))}
    assert kept == {one.id for one in texts(gathered)}


def test_catalog_compiles_with_every_placeholder_in_place(tmp_path: Path) -> None:
    command = ["msgfmt", "--check", "-o", str(tmp_path / "th.mo"), CATALOG]
    subprocess.run(command, cwd=ROOT, check=True)
