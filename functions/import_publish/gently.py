"""Publishing gives way: while an import is written, shoppers scan and prices change in the same database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from time import monotonic
from typing import TypeVar

from functions.common.once import OncePerLoop

SLICE = 50
"""Documents in one write: the database is busy with them for a few milliseconds, and whoever scans waits no longer."""
PAUSE = 0.9
"""How long to pause after a write, as a share of the time that it took.

Both figures are a compromise that was measured (docs/benchmarks.md): with a shorter pause `import` is faster and the
scans of `import_beside` are slower.
"""

Item = TypeVar("Item")
turn = OncePerLoop(lambda: asyncio.Semaphore(1))
"""Enter it to work on a chunk, one at a time in a process: more at a time would only keep each other waiting."""


async def slices(items: Sequence[Item]) -> AsyncIterator[tuple[int, Sequence[Item]]]:
    """The items a slice at a time, each with the index of its first; then a pause."""
    for start in range(0, len(items), SLICE):
        begun = monotonic()
        yield start, items[start : start + SLICE]
        await asyncio.sleep(PAUSE * (monotonic() - begun))
