"""A rehearsal as one JSON-like value."""

from collections import Counter
from typing import Any

from gameproject.loadtest import door_promises, thresholds
from gameproject.loadtest.coordinator import Coordinator, Phase
from gameproject.loadtest.figures import percentile, summary, to_ms

MEASURES = ("page", "playable", "took", "let_in")
LIMITING = 0.25  # of what was measured: from there on the clients' own delay counts


def summed_up(run: Coordinator) -> dict[str, Any]:
    """Plan, figures of each phase in ms, and the verdicts."""
    promises = [*thresholds.evaluate(run), *door_promises.evaluate(run)]
    phases = {name: figures(phase) for name, phase in run.phases.items()}
    return {
        "address": run.plan.address.origin,
        "flow": "legacy" if run.plan.legacy else "one socket",
        "players": run.plan.players,
        "processes": run.plan.processes,
        "killed": len(run.chaos.killed) if run.chaos else 0,
        "phases": {name: found for name, found in phases.items() if found},
        "limited_by_rehearsal": [
            name for name, phase in run.phases.items() if limited(phase)
        ],
        "promises": [vars(promise) for promise in promises],
        "passed": all(promise.passed is not False for promise in promises),
    }


def figures(phase: Phase) -> dict[str, Any]:
    """The percentiles of what was measured, and how the clients fared."""
    measured: dict[str, Any] = {
        name: summary(phase.of(name)) for name in MEASURES if measures(phase, name)
    }
    if measures(phase, "calls"):
        every = [seconds for one in phase.results for seconds in one["calls"]]
        measured["calls"] = summary(every)
        measured["retried"] = {"count": sum(one["retried"] for one in phase.results)}
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
    return any(isinstance(one, dict) and name in one for one in phase.results)


def limited(phase: Phase) -> bool:
    """Whether the clients were late by a good part of what they measured."""
    measured = [seconds for name in MEASURES for seconds in phase.of(name)]
    return bool(measured) and percentile(phase.late, 0.99) > LIMITING * percentile(
        measured, 0.99
    )
