"""What Cloud Tasks and Cloud Scheduler call. Every task may come twice, and two at once: all of it may be repeated."""

from __future__ import annotations

from functions.checkout import sweeping, wiring
from functions.checkout.door import events
from functions.common import clock
from functions.common.events import Job, Task


@events.task("/tasks/advance")
async def on_advance(_task: Task) -> None:
    await sweeping.sweep(wiring.deps(), clock.now())


@events.job("/jobs/sweep-checkouts")
async def sweep_checkouts(job: Job) -> None:
    await sweeping.sweep(wiring.deps(), job.now)
