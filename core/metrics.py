"""All Prometheus metrics, for `/metrics`.

They are in the lowest app because every app counts something. Each process counts in
its own memory. Label values come from closed lists: no game, no player, no address.
"""

from collections.abc import Callable
from time import monotonic
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from prometheus_client import Counter, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]

SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

frames = Counter("gameproject_frames_written", "Frames written to sockets.")
commands = Counter(
    "gameproject_commands",
    "Commands over sockets, by outcome: done, or the code of the refusal.",
    ["command", "outcome"],
)
failures = Counter(
    "gameproject_failures",
    "Unexpected errors in the code, by the part that caught them.",
    ["where"],
)
reply_seconds = Histogram(
    "gameproject_reply_seconds",
    "Seconds from a command over a socket to its reply.",
    ["command"],
    buckets=SECONDS,
)
arrivals = Histogram(
    "gameproject_arrivals_together",
    "Sockets welcomed in one batch; the sum counts all of them.",
    buckets=SIZES,
)
answers = Histogram(
    "gameproject_answers_together",
    "Answers committed in one transaction; the sum counts all of them.",
    buckets=SIZES,
)
broadcasts = Counter(
    "gameproject_broadcasts",
    "Messages to all processes, by outcome: sent or failed.",
    ["outcome"],
)
line_seconds = Histogram(
    "gameproject_line_seconds",
    "Seconds that requests for Django waited in line.",
    buckets=SECONDS,
)
line_refused = Counter(
    "gameproject_line_refused", "Requests refused because the line was too long."
)
statements = Counter(
    "gameproject_statements",
    "Statements sent to the database, except BEGIN and COMMIT.",
)
cache = Counter(
    "gameproject_cache",
    "Values read from the cache: hit, stale, waited, computed, or away (no Redis).",
    ["outcome"],
)


def count_statements(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """Receiver of `connection_created`: count the statements of this connection."""
    if _counted not in connection.execute_wrappers:
        connection.execute_wrappers.append(_counted)


def _counted(execute: Callable[..., Any], *args: Any) -> Any:
    statements.inc()
    return execute(*args)


def replied(command: str, outcome: str, began: float) -> None:
    """Count a command that has its reply; `began` is its start by `monotonic`."""
    commands.labels(command, outcome).inc()
    reply_seconds.labels(command).observe(monotonic() - began)
