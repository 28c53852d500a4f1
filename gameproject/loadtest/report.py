"""The rehearsal as one self-contained HTML file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.template import Context, Engine
from django.utils import timezone
from django.utils.safestring import mark_safe

from gameproject.loadtest.coordinator import Coordinator
from gameproject.loadtest.plots import plot

TEMPLATE = Path(__file__).with_name("report.html")

# Title, curves as (phase, measure, name), and the bound in s for 1,000 players.
PLOTS: list[tuple[str, list[tuple[str, str, str]], float | None]] = [
    (
        "Time to playable",
        [
            ("arrival", "playable", "cold"),
            ("warm arrival", "playable", "warm"),
            ("return", "took", "back after a lost connection"),
        ],
        1.5,
    ),
    (
        "Time to the page",
        [("arrival", "page", "cold"), ("warm arrival", "page", "warm")],
        0.7,
    ),
    (
        "Acknowledgements",
        [("answers", "took", "answers"), ("prizes", "took", "with codes")],
        1.0,
    ),
    ("A change by staff", [("change", "took", "from commit to player")], 0.15),
    (
        "Strangers",
        [
            ("socket", "let_in", "socket alone"),
            ("join", "let_in", "joined"),
            ("stranger's arrival", "let_in", "joined and playable"),
        ],
        None,
    ),
    (
        "Without a socket",
        [
            ("batch", "let_in", "page and batch"),
            ("answers over HTTP", "let_in", "answers"),
            ("check-ins over HTTP", "let_in", "check-ins"),
        ],
        None,
    ),
    (
        "Personal pages",
        [
            ("home, signed in", "let_in", "home"),
            ("own page", "let_in", "prizes and answers"),
        ],
        None,
    ),
    ("Sign-ins", [("sign-ins", "let_in", "signed in")], None),
]


def html(run: Coordinator, result: dict[str, Any]) -> str:
    template = Engine().from_string(TEMPLATE.read_text())
    made = f"{timezone.localtime():%Y-%m-%d %H:%M}"
    return template.render(
        Context({"result": result, "plots": list(plots(run)), "made": made})
    )


def plots(run: Coordinator) -> Iterator[tuple[str, str]]:
    """The title and the SVG of each plot that has data."""
    for title, curves, bound in PLOTS:
        measured = {
            name: run.phases[phase].of(measure)
            for phase, measure, name in curves
            if phase in run.phases
        }
        if measured:
            yield title, mark_safe(plot(measured, bound))
