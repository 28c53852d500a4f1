"""The rehearsal on a terminal: progress while it runs, then the table."""

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
    """A bar for each phase, on what may be a terminal."""
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


def show(found: dict[str, Any], console: Console) -> None:
    """The figures of each phase, the promises, and what limited."""
    console.print(phases(found))
    if found["killed"]:
        console.print(f"A daphne was killed {found['killed']} times meanwhile.\n")
    if found["promises"]:
        console.print(promises(found))
    if found["limited_by_rehearsal"]:
        names = ", ".join(found["limited_by_rehearsal"])
        console.print(
            f"[yellow]The rehearsal itself was late in: {names}. Its own processes "
            "needed the cores it measured; read these figures as upper bounds.\n"
        )


def phases(found: dict[str, Any]) -> Table:
    title = f"{found['players']:,} players, {found['flow']}, {found['address']} (ms)"
    table = Table(title=title, title_justify="left")
    for name in ("phase", "of", "p50", "p95", "p99", "max"):
        table.add_column(name, justify="left" if name == "phase" else "right")
    for phase, measures in found["phases"].items():
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


def promises(found: dict[str, Any]) -> Table:
    table = Table(title="Promises", title_justify="left")
    for name in ("promise", "bound", "measured", ""):
        table.add_column(name)
    for one in found["promises"]:
        verdict = VERDICTS[one["passed"]]
        table.add_row(one["promise"], one["bound"], one["measured"], verdict)
    return table
