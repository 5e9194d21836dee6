"""Imports give way: while one is staged or written, shoppers scan and prices change in the same database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

from functions.common.once import OncePerLoop

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Pace:
    """How many documents are written at once, and how long the pause after them is: as a share of the time that all
    the work since the last pause took, in the worker and in the servers."""

    slice: int
    pause: float


GENTLE, FULL = "gentle", "full"
PACES = {
    # While one side works the other waits: with pauses of four times the work neither has more than a fifth of a core.
    GENTLE: Pace(20, 4.0),
    FULL: Pace(250, 0.0),
}
"""What whoever approves may choose from. The figures were measured (docs/benchmarks.md)."""
LONGEST_PAUSE = 1.0
"""Seconds. When a server answers slowly the pauses must not take the time that a task has."""

alone = OncePerLoop(lambda: asyncio.Semaphore(1))
"""More than one chunk at a time in a process would only keep each other waiting."""


def pace_of(document: Mapping[str, Any]) -> Pace:
    """The pace that an import was approved with; one that nobody chose is gentle."""
    return PACES[(document["approval"] or {}).get("pace", GENTLE)]


class Gait:
    """Work that goes on at a pace."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._since = monotonic()

    async def slices(self, items: Sequence[Item]) -> AsyncIterator[Sequence[Item]]:
        """The items a slice at a time, with a pause after each."""
        for start in range(0, len(items), self._pace.slice):
            yield items[start : start + self._pace.slice]
            await self.rest()

    async def rest(self) -> None:
        """Pause for what was done since the last pause, whatever it was."""
        await asyncio.sleep(min(LONGEST_PAUSE, self._pace.pause * (monotonic() - self._since)))
        self._since = monotonic()


@asynccontextmanager
async def turn(pace: Pace) -> AsyncIterator[Gait]:
    """Wait until no other chunk is worked on in this process, then work on one at this pace."""
    async with alone():
        gait = Gait(pace)
        yield gait
        await gait.rest()
