"""Percentiles of measured seconds."""

from collections.abc import Sequence
from math import ceil


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is >= this share of all (nearest rank); 0 if empty."""
    if not values:
        return 0.0
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def summary(values: Sequence[float]) -> dict[str, float]:
    """Count and percentiles: seconds in, milliseconds out."""
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    in_ms = {name: to_ms(percentile(values, share)) for name, share in shares.items()}
    return {"count": len(values), **in_ms}


def to_ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
