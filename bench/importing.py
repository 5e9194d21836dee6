"""What the import benchmarks share: a store to import into, a file from upload to published, a worker's memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import httpx
import psutil

from bench import stage
from bench.results import CannotMeasure
from local.suite import Suite
from retailscan.imports_client import PUBLISHING, READING, Data, Imports

WORKER = "import-publish-work"


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from the first byte of the upload: until it was there, was staged, was published."""

    uploaded: float
    staged: float
    published: float


@asynccontextmanager
async def manager(suite: Suite) -> AsyncIterator[Imports]:
    """A brand manager's program at the door of imports."""
    headers = suite.authorization("brand_manager", tenant=stage.TENANT.id)
    url = suite.door_url("import-publish")
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60.0) as http:
        yield Imports(http)


async def publish(imports: Imports, file: Path, rows: int, pace: str) -> Times:
    """Bring a file of new products and approve it at once, at this pace.

    Raises CannotMeasure unless every row was published.
    """
    began = perf_counter()
    import_id = await imports.bring(file, {"storeId": stage.STORE})
    uploaded = perf_counter()
    found = await imports.until(import_id, READING, lambda _: None)
    staged = perf_counter()
    if found["state"] != "staged" or found["counts"]["create"] != rows:
        raise CannotMeasure(f"of {rows} rows {found['counts']} were staged: {found['state']} {found['error']}")
    await imports.approve(import_id, list(found["toConfirm"]), pace)
    found = await imports.until(import_id, PUBLISHING, lambda _: None)
    published = perf_counter()
    _check(found, rows)
    return Times(uploaded - began, staged - began, published - began)


def _check(found: Data, rows: int) -> None:
    result = found["result"] or {}
    if found["state"] != "published" or result.get("created") != rows:
        raise CannotMeasure(f"of {rows} rows {result} were published: {found['state']} {found['error']}")


def peak_mib(suite: Suite, service: str = WORKER) -> float:
    """The most memory that a door's worker process ever had resident. Raises CannotMeasure."""
    workers = psutil.Process(suite.doors.doors[service].child.pid).children()
    if len(workers) != 1:
        raise CannotMeasure(f"{service} has {len(workers)} workers instead of one")
    status = Path(f"/proc/{workers[0].pid}/status")
    if not status.exists():
        return float(workers[0].memory_info().rss) / (1 << 20)
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
