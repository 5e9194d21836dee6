"""Try again what fails for a passing reason: exponential back-off with full jitter, or what the source asks for.

https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from functions.import_publish.sources.problems import Budget, SourceProblem

T = TypeVar("T")

Sleep = Callable[[float], Awaitable[None]]


def pause(attempt: int, problem: SourceProblem, budget: Budget) -> float | None:
    """Seconds to wait after the `attempt`th try (1, 2, ...) has failed; None: it is not worth another."""
    if not problem.passing or attempt >= budget.tries:
        return None
    if problem.after is not None:
        # Longer than we would ever hold a worker for: the queue comes back later.
        return None if problem.after > budget.longest_wait else problem.after + random.uniform(0, budget.first_wait)
    return random.uniform(0, min(budget.longest_wait, budget.first_wait * 2**attempt))


async def persistently(work: Callable[[], Awaitable[T]], budget: Budget, sleep: Sleep = asyncio.sleep) -> T:
    """The result of `work`, tried a few times. Raises the last SourceProblem."""
    attempt = 0
    while True:
        attempt += 1
        try:
            return await work()
        except SourceProblem as problem:
            wait = pause(attempt, problem, budget)
            if wait is None:
                raise
        await sleep(wait)
