"""The doors of discounts: what brand managers, shoppers' apps and Cloud Scheduler call."""

from __future__ import annotations

from functions.common import redemptions
from functions.common.events import EventDoor, Job
from functions.common.outbox import OLDER_THAN
from functions.discount import card_operations, operations, service, wiring
from functions.discount.operations import door

__all__ = ["discount", "discount_jobs", "door"]

# Importing them has put them on the door.
OPERATIONS = (operations, card_operations)

jobs = EventDoor("discount", ready=wiring.ready)


@jobs.job("/jobs/sweep-promotions")
async def sweep_promotions(job: Job) -> None:
    await service.sweep(wiring.deps(), before=job.now - OLDER_THAN)


@jobs.job("/jobs/sweep-cards")
async def sweep_cards(job: Job) -> None:
    await wiring.card_deps().events.sweep()


@jobs.job("/jobs/sweep-redemptions")
async def sweep_redemptions(job: Job) -> None:
    await redemptions.sweep(wiring.may_be_paid, job.now)


discount = door.entry()
discount_jobs = jobs.entry()
