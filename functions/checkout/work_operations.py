"""What Cloud Tasks and Cloud Scheduler call. Every task may come twice, and two at once: all of it may be repeated."""

from __future__ import annotations

from functions.checkout import advancing, sweeping, wiring
from functions.checkout.door import events
from functions.common.events import Job, Task


@events.task("/tasks/advance")
async def on_advance(task: Task) -> None:
    deps = wiring.deps()
    purchase = await deps.purchases.by_id(str(task.body.get("checkoutId", "")))
    if purchase is not None:
        await advancing.look_after(deps, purchase)


@events.job("/jobs/sweep-checkouts")
async def sweep_checkouts(job: Job) -> None:
    await sweeping.sweep(wiring.deps(), job.now)
