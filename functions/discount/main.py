"""The doors of discounts: what brand managers and their tools call, and what Cloud Scheduler calls."""

from __future__ import annotations

from functions.common.events import EventDoor, Job
from functions.common.outbox import OLDER_THAN
from functions.discount import operations, service, wiring
from functions.discount.operations import door

__all__ = ["discount", "discount_jobs", "door"]

# Importing them has put them on the door.
OPERATIONS = (operations,)

jobs = EventDoor("discount", ready=wiring.ready)


@jobs.job("/jobs/sweep-promotions")
async def sweep_promotions(job: Job) -> None:
    await service.sweep(wiring.deps(), before=job.now - OLDER_THAN)


discount = door.entry()
discount_jobs = jobs.entry()
