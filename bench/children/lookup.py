"""Looks products up in the data layer as the scan door does, without HTTP. Its environment is the door's own."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from bench.children.work import Job, run
from bench.figures import median, percentile


async def work(job: Job) -> Job:
    """Rounds of one look-up after the other: from Redis, from this process's memory, from MongoDB."""
    from functions.common import mongo, redis
    from functions.common.product_cache import ProductCache
    from functions.common.product_reader import ProductReader
    from functions.common.product_source import MongoProducts

    tenant_id, store_id, barcodes = job["tenant"], job["store"], job["barcodes"]
    cache = ProductCache(redis.cache())
    rounds: dict[str, list[dict[str, float]]] = {"redis": [], "memory": [], "mongo": []}

    async def look_up(reader: Any) -> dict[str, float]:
        times = []
        for barcode in barcodes:
            began = perf_counter()
            held = await reader.get(tenant_id, store_id, barcode)
            product = held.product() if held is not None else None
            times.append(perf_counter() - began)
            if product is None or product["barcode"] != barcode:
                raise LookupError(f"{barcode} was not found")
        return {"p50": median(times) * 1000, "p99": percentile(times, 99) * 1000}

    def fresh(listening: bool) -> Any:
        reader = ProductReader(cache, MongoProducts(), entries=len(barcodes) + 1)
        if listening:
            # In a door the subscription says so; nobody writes here, so there is nothing to miss.
            reader.connected()
        return reader

    await _warm(fresh, barcodes, tenant_id, store_id)
    for _ in range(job["rounds"]):
        rounds["redis"].append(await look_up(fresh(False)))
        listening = fresh(True)
        await listening.get_many(tenant_id, store_id, barcodes)
        rounds["memory"].append(await look_up(listening))
        await cache.clear_store(store_id)
        rounds["mongo"].append(await look_up(fresh(False)))
    await mongo.close()
    await redis.cache().close()
    return {"rounds": rounds}


async def _warm(fresh: Callable[[bool], Any], barcodes: list[str], tenant_id: str, store_id: str) -> None:
    for _ in range(2):
        reader = fresh(False)
        for barcode in barcodes:
            await reader.get(tenant_id, store_id, barcode)


if __name__ == "__main__":
    run(work)
