"""The raw unordered `bulk_write`: the blocking driver in a process of its own, updates ready in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from bench.children.work import Job, run

CHUNK = 500


async def work(job: Job) -> Job:
    """Seconds from the first call to the last acknowledgement of a majority."""
    from pymongo import MongoClient, UpdateOne

    client: MongoClient[dict[str, Any]] = MongoClient(job["uri"], w="majority")
    products = client[job["database"]].products
    client.admin.command("ping")
    updates = job["updates"]
    began = perf_counter()
    for start in range(0, len(updates), CHUNK):
        now = datetime.now(UTC)
        products.bulk_write(
            [
                UpdateOne(
                    {"storeId": store_id, "barcode": barcode}, {"$set": {"price.amount": price, "updatedAt": now}}
                )
                for store_id, barcode, price in updates[start : start + CHUNK]
            ],
            ordered=False,
        )
    elapsed = perf_counter() - began
    client.close()
    return {"seconds": elapsed}


if __name__ == "__main__":
    run(work)
