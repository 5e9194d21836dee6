"""The garbage collector of a door: seldom, because requests free what they made by themselves.

With Python's own thresholds a full collection runs several times while the libraries of the first request are
imported, some 10 ms of a cold start, and later in the middle of requests.
"""

from __future__ import annotations

import gc

THRESHOLDS = (50_000, 20, 100)
"""New containers until a young collection; how many of those until an older generation is looked at."""


def collect_seldom() -> None:
    """For the rest of this process. Cycles are still found: 50,000 small objects are a few megabytes."""
    gc.set_threshold(*THRESHOLDS)
