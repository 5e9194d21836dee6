"""The catalogue's doors: what editors and their tools call, and what Cloud Scheduler calls."""

from __future__ import annotations

from functions.catalog import (
    masterdata_operations,
    product_operations,
    service,
    snapshot_operations,
    tenant_operations,
    wiring,
)
from functions.catalog.door import door
from functions.common.events import EventDoor, Job
from functions.common.outbox import OLDER_THAN

__all__ = ["catalog", "catalog_jobs", "door"]

# Importing them has put their operations on the door.
OPERATIONS = (product_operations, masterdata_operations, tenant_operations, snapshot_operations)

jobs = EventDoor("catalog", ready=wiring.ready)


@jobs.job("/jobs/sweep-outbox")
async def sweep_outbox(job: Job) -> None:
    parts = wiring.deps()
    before = job.now - OLDER_THAN
    await service.sweep(parts.products, before=before)
    for kind in parts.records:
        await kind.settle_unfinished(before, limit=500)


catalog = door.entry()
catalog_jobs = jobs.entry()
