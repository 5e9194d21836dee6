"""The one place that reads the time, so that tests can hold it still."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

_source: Callable[[], float] = time.time


def seconds() -> float:
    """Seconds since the epoch."""
    return _source()


def micros() -> int:
    """Microseconds since the epoch: the unit of watermarks."""
    return int(_source() * 1_000_000)


def now() -> datetime:
    """The aware UTC time."""
    return datetime.fromtimestamp(_source(), UTC)


def freeze(source: Callable[[], float] | None) -> None:
    """Replace the source of time (tests only); None restores the system clock."""
    global _source
    _source = source or time.time
