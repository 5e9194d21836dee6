"""What a histogram's buckets say: upper bound -> how many were at most that slow. Pure."""

from __future__ import annotations

from collections.abc import Mapping

Buckets = dict[float, float]


def quantile(buckets: Mapping[float, float], q: float) -> float | None:
    """An upper bound of the q-quantile in seconds, interpolated inside its bucket; None without requests."""
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds else 0.0
    if total <= 0:
        return None
    rank, lower, below = q * total, 0.0, 0.0
    for bound in bounds:
        count = buckets[bound]
        if count >= rank:
            if bound == float("inf"):
                return lower
            share = (rank - below) / (count - below) if count > below else 1.0
            return lower + (bound - lower) * share
        lower, below = bound, count
    return lower


def since(now: Buckets, before: Mapping[float, float]) -> Buckets:
    """What came between two scrapes; a door that restarted in between counts from zero."""
    difference = {bound: count - before.get(bound, 0.0) for bound, count in now.items()}
    return now if any(value < 0 for value in difference.values()) else difference
