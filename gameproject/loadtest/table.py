"""The rehearsal on a terminal: progress bars, then the tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from gameproject.loadtest.coordinator import OnProgress

VERDICTS = {True: "[green]PASS", False: "[bold red]FAIL", None: "[yellow]—"}


@contextmanager
def progress(console: Console) -> Iterator[OnProgress]:
    """A progress bar for each phase, if this is a terminal."""
    columns = (
        TextColumn("{task.description:14}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console, transient=True) as bars:

        def on_progress(phase: str, done: int, players: int) -> None:
            if phase not in tasks:
                tasks[phase] = bars.add_task(phase, total=players)
            bars.update(tasks[phase], completed=done)

        yield on_progress


def show(result: dict[str, Any], console: Console) -> None:
    """Print the figures of each phase, the promises, and what to distrust."""
    console.print(phases(result))
    if result["killed"]:
        console.print(f"A daphne was killed {result['killed']} times meanwhile.\n")
    if result["promises"]:
        console.print(promises(result))
    if result["limited_by_rehearsal"]:
        names = ", ".join(result["limited_by_rehearsal"])
        console.print(
            f"[yellow]The virtual players were late in: {names}. They share the cores "
            "with the site, so read these figures as upper bounds.\n"
        )


def phases(result: dict[str, Any]) -> Table:
    title = f"{result['players']:,} players, {result['flow']}, {result['address']} (ms)"
    table = Table(title=title, title_justify="left")
    for name in ("phase", "of", "p50", "p95", "p99", "max"):
        table.add_column(name, justify="left" if name == "phase" else "right")
    for phase, measures in result["phases"].items():
        for name, figures in measures.items():
            if "p50" in figures:
                table.add_row(f"{phase}: {NAMES[name]}", *cells(figures))
    return table


NAMES = {
    "page": "page",
    "playable": "playable",
    "took": "seen or acknowledged",
    "calls": "each HTTP call",
    "let_in": "let in",
}


def cells(figures: dict[str, float]) -> list[str]:
    shares = (f"{figures[name]:,.0f}" for name in ("p50", "p95", "p99", "max"))
    return [f"{figures['count']:,}", *shares]


def promises(result: dict[str, Any]) -> Table:
    table = Table(title="Promises", title_justify="left")
    for name in ("promise", "bound", "measured", ""):
        table.add_column(name)
    for row in result["promises"]:
        verdict = VERDICTS[row["passed"]]
        table.add_row(row["promise"], row["bound"], row["measured"], verdict)
    return table
