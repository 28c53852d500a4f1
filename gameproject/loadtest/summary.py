"""The result of a rehearsal as one JSON-like value."""

from collections import Counter
from typing import Any

from gameproject.loadtest import door_thresholds, thresholds
from gameproject.loadtest.coordinator import Coordinator, Phase
from gameproject.loadtest.figures import percentile, summary, to_ms

MEASURES = ("page", "playable", "took", "let_in")
MAX_LATE_SHARE = 0.25  # of the measured time that the clients themselves may be late


def summarize(run: Coordinator) -> dict[str, Any]:
    """The plan, the figures of each phase in ms, and the promises."""
    promises = [*thresholds.evaluate(run), *door_thresholds.evaluate(run)]
    phases = {name: figures(phase) for name, phase in run.phases.items()}
    return {
        "address": run.plan.address.origin,
        "flow": "legacy" if run.plan.baseline else "one socket",
        "players": run.plan.players,
        "processes": run.plan.processes,
        "killed": len(run.chaos.killed) if run.chaos else 0,
        "phases": {name: values for name, values in phases.items() if values},
        "limited_by_rehearsal": [
            name for name, phase in run.phases.items() if limited(phase)
        ],
        "promises": [vars(promise) for promise in promises],
        "passed": all(promise.passed is not False for promise in promises),
    }


def figures(phase: Phase) -> dict[str, Any]:
    """The percentiles of each measure, and how late and busy the clients were."""
    measured: dict[str, Any] = {
        name: summary(phase.of(name)) for name in MEASURES if measures(phase, name)
    }
    if measures(phase, "calls"):
        every = [seconds for row in phase.results for seconds in row["calls"]]
        measured["calls"] = summary(every)
        measured["retried"] = {"count": sum(row["retried"] for row in phase.results)}
    if measures(phase, "outcome"):
        measured["outcomes"] = Counter(row["outcome"] for row in phase.results)
    if not measured:
        return {}
    clients = {
        "late_p99": to_ms(percentile(phase.late, 0.99)),
        "busiest": round(phase.busy, 2),
    }
    return {**measured, "clients": clients}


def measures(phase: Phase, name: str) -> bool:
    return any(isinstance(row, dict) and name in row for row in phase.results)


def limited(phase: Phase) -> bool:
    """Whether the clients' own delay is a large part of what they measured."""
    measured = [seconds for name in MEASURES for seconds in phase.of(name)]
    return bool(measured) and percentile(
        phase.late, 0.99
    ) > MAX_LATE_SHARE * percentile(measured, 0.99)
