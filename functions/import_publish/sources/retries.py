"""Try again what fails for a passing reason: exponential back-off with full jitter, or what the source asks for.

https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from functions.import_publish.sources.jobs import Job
from functions.import_publish.sources.problems import SourceProblem

T = TypeVar("T")


def pause(attempt: int, problem: SourceProblem, job: Job) -> float | None:
    """Seconds to wait after the `attempt`th try (1, 2, ...) has failed; None: it is not worth another."""
    budget = job.budget
    if not problem.passing or attempt >= budget.tries:
        return None
    # What the source asks for, or exponentially more; never at the same time as everybody else.
    wait = random.uniform(0, min(budget.longest_wait, budget.first_wait * 2**attempt))
    if problem.after is not None:
        wait = problem.after + random.uniform(0, budget.first_wait)
    # Longer than we would ever hold a worker for: the queue comes back later.
    return wait if wait <= min(budget.longest_wait + budget.first_wait, job.left) else None


async def persistently(work: Callable[[], Awaitable[T]], job: Job) -> T:
    """The result of `work`, tried a few times. Raises the last SourceProblem."""
    attempt = 0
    while True:
        attempt += 1
        try:
            return await work()
        except SourceProblem as problem:
            wait = pause(attempt, problem, job)
            if wait is None:
                raise
        await job.sleep(wait)
