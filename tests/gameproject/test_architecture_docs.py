"""Every file that docs/architecture.md names exists and defines the names given."""

import re

from tests.modules import ROOT

PAGE = (ROOT / "docs/architecture.md").read_text()
NAMED = re.findall(r"`([\w./-]+\.(?:py|js)): ([\w.]+)`", PAGE)
SHORT = re.findall(r"`([A-Z]\w+\.\w+)`", PAGE)  # of a class that was named before


def defines(text: str, name: str) -> bool:
    """Whether a module, Python or JavaScript, defines this name."""
    python = rf"^ *(?:async )?(?:def|class) {name}\b|^ *{name}\b(?:: .*)? ?="
    script = rf"^ *(?:export |async )*(?:function|class|const) {name}\b|^  {name}\("
    return bool(re.search(f"{python}|{script}", text, re.M))


def test_every_name_is_in_its_file() -> None:
    assert NAMED
    for path, name in NAMED:
        text = (ROOT / path).read_text()
        for part in name.split("."):
            assert defines(text, part), f"{path} has no {part}"


def test_every_method_is_of_a_class_that_a_file_was_named_for() -> None:
    files = {name.split(".")[0]: path for path, name in NAMED}
    for short in SHORT:
        owner, method = short.split(".")
        assert owner in files, short
        assert defines((ROOT / files[owner]).read_text(), method), short
