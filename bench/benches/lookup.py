"""One product by its barcode in the data layer, without HTTP, as the scan door asks for it."""

from __future__ import annotations

from bench import beside, stage
from bench.figures import median
from bench.options import Options, note
from bench.results import Row, at_most

_ABOUT = {
    "redis": ("lookup", at_most(1), "one product from the warm cache in Redis, median"),
    "memory": ("lookup_memory", at_most(1), "the same from the copy in the process, median"),
    "mongo": ("lookup_miss", None, "the same from MongoDB, and into the cache, median"),
}


async def measure(options: Options) -> list[Row]:
    """Three rows: from Redis, from the process's memory, and for comparison from MongoDB."""
    async with stage.suite("scan") as suite:
        # The door waits meanwhile; the probe lives in the same environment.
        environment = suite.doors.doors["scan"].child.env or {}
        job = {
            "tenant": stage.TENANT.id,
            "store": stage.STORE,
            "barcodes": stage.barcodes(suite),
            "rounds": options.turns(5),
        }
        answer = await beside.ask("lookup", job, environment)
    rows = []
    for source, (name, target, about) in _ABOUT.items():
        rounds = answer["rounds"][source]
        note(f"{name}: p99 {median([each['p99'] for each in rounds]):.3f} ms")
        rows.append(Row(name, median([each["p50"] for each in rounds]), "ms", about, target=target))
    return rows
