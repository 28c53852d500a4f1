"""The rehearsal as one HTML file that needs nothing beside it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.template import Context, Engine
from django.utils import timezone
from django.utils.safestring import mark_safe

from gameproject.loadtest.coordinator import Coordinator
from gameproject.loadtest.plots import plot

TEMPLATE = Path(__file__).with_name("report.html")

# Title, curves as (phase, measure, name), the bound in seconds for 1,000 players.
PLOTS: list[tuple[str, list[tuple[str, str, str]], float | None]] = [
    (
        "Time to playable",
        [
            ("arrival", "playable", "cold"),
            ("warm arrival", "playable", "warm"),
            ("return", "took", "back after a drop"),
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
        "One's own pages",
        [
            ("home, signed in", "let_in", "home"),
            ("own page", "let_in", "prizes and answers"),
        ],
        None,
    ),
    ("Sign-ins", [("sign-ins", "let_in", "signed in")], None),
]


def html(run: Coordinator, found: dict[str, Any]) -> str:
    template = Engine().from_string(TEMPLATE.read_text())
    made = f"{timezone.localtime():%Y-%m-%d %H:%M}"
    return template.render(
        Context({"found": found, "plots": list(plots(run)), "made": made})
    )


def plots(run: Coordinator) -> Iterator[tuple[str, str]]:
    """The plots of what was measured."""
    for title, curves, bound in PLOTS:
        drawn = {
            name: run.phases[phase].of(measure)
            for phase, measure, name in curves
            if phase in run.phases
        }
        if drawn:
            yield title, mark_safe(plot(drawn, bound))
