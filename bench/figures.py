"""The arithmetic of measuring. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two in the middle. Raises ValueError without values."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of all values do not exceed (nearest rank). Raises ValueError."""
    if not values:
        raise ValueError("no values")
    if not 0 < percent <= 100:
        raise ValueError("a percentile is more than 0 and at most 100")
    return sorted(values)[math.ceil(percent / 100 * len(values)) - 1]


def schedule(rate: float, seconds: float) -> list[float]:
    """When to send, in seconds from the start: at a constant pace, whatever the answers do."""
    if rate <= 0:
        raise ValueError("a rate is more than 0")
    return [number / rate for number in range(round(rate * seconds))]


def significant(value: float, digits: int = 4) -> float:
    """The value rounded to so many significant digits: more would only look exact."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))
