"""What is counted, all on this page, for `/metrics`.

It stands in the lowest app because every app counts something. A count is a number in
this process's memory. Labels come from closed lists: no game, no player, no address.
"""

from collections.abc import Callable
from time import monotonic
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from prometheus_client import Counter, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]

TOGETHER = (1, 2, 5, 10, 20, 50, 100, 200, 500)
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

frames = Counter("gameproject_frames_written", "Frames written to sockets.")
commands = Counter(
    "gameproject_commands",
    "Commands over sockets: done, or the code of the refusal.",
    ["command", "outcome"],
)
failures = Counter(
    "gameproject_failures", "Errors in our own code, by where they were met.", ["where"]
)
reply_seconds = Histogram(
    "gameproject_reply_seconds",
    "From a command over a socket to its reply.",
    ["command"],
    buckets=SECONDS,
)
arrivals = Histogram(
    "gameproject_arrivals_together",
    "Sockets whose own state was read together; the sum is all of them.",
    buckets=TOGETHER,
)
answers = Histogram(
    "gameproject_answers_together",
    "Answers committed in one transaction; the sum is all of them.",
    buckets=TOGETHER,
)
broadcasts = Counter(
    "gameproject_broadcasts", "Messages to all processes: sent, or failed.", ["outcome"]
)
line_seconds = Histogram(
    "gameproject_line_seconds",
    "How long requests for Django waited in line.",
    buckets=SECONDS,
)
line_refused = Counter(
    "gameproject_line_refused", "Requests refused because the line was too long."
)
statements = Counter(
    "gameproject_statements", "Statements sent to the database, but BEGIN and COMMIT."
)
cache = Counter(
    "gameproject_cache",
    "Values asked of the cache: hit, stale, waited for, computed, away with Redis.",
    ["outcome"],
)


def count_statements(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """From now on, once, those of a connection that was made."""
    if _counted not in connection.execute_wrappers:
        connection.execute_wrappers.append(_counted)


def _counted(execute: Callable[..., Any], *how: Any) -> Any:
    statements.inc()
    return execute(*how)


def replied(command: str, outcome: str, began: float) -> None:
    """Count a command that has had its reply; `began` by the monotonic clock."""
    commands.labels(command, outcome).inc()
    reply_seconds.labels(command).observe(monotonic() - began)
