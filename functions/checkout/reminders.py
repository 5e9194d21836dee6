"""Payment windows that close within the same second share one task; a busy hour would make hundreds a second.

Cloud Tasks hands out 500 tasks of a queue a second at most (https://docs.cloud.google.com/tasks/docs/quotas), and most
of them would find a checkout that was paid long ago.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import datetime

MOST = 2_000
"""Seconds that are remembered: a window lasts 900."""


class Reminders:
    """What this process has asked Cloud Tasks for. `ask(second)`, in seconds since the epoch, makes the task."""

    def __init__(self, ask: Callable[[int], Awaitable[None]]) -> None:
        self._ask = ask
        self._asked: dict[int, asyncio.Task[None]] = {}

    async def at(self, moment: datetime) -> None:
        """Have what is due looked after within a second after `moment`; returns once Cloud Tasks has taken it.

        Raises what Cloud Tasks raises; whoever comes next asks again.
        """
        second = math.ceil(moment.timestamp())
        asked = self._asked.get(second)
        if asked is None:
            if len(self._asked) >= MOST:
                del self._asked[next(iter(self._asked))]
            asked = self._asked[second] = asyncio.ensure_future(self._ask(second))
            asked.add_done_callback(lambda task: self._made(second, task))
        # Others wait for it too: it must not end with this one's request.
        await asyncio.shield(asked)

    def _made(self, second: int, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._asked.pop(second, None)
