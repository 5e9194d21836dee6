"""The raw unordered `bulk_write`: the blocking driver in a process of its own upserts the documents it reads.

They are read from one collection and written to another one; only the writing is timed.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

from bench.children.work import Job, run

CHUNK = 500


async def work(job: Job) -> Job:
    """Seconds in calls, from the first of each to its acknowledgement by a majority, and how many there were."""
    from pymongo import MongoClient, ReplaceOne

    client: MongoClient[dict[str, Any]] = MongoClient(job["uri"], w="majority")
    source = client[job["database"]][job["source"]]
    target = client[job["database"]][job["target"]]
    written, seconds = 0, 0.0
    batch: list[ReplaceOne[dict[str, Any]]] = []

    def write() -> None:
        nonlocal written, seconds
        began = perf_counter()
        result = target.bulk_write(batch, ordered=False)
        seconds += perf_counter() - began
        written += result.upserted_count + result.matched_count
        batch.clear()

    for document in source.find(job["query"], batch_size=CHUNK):
        key = {"storeId": document["storeId"], "barcode": document["barcode"]}
        batch.append(ReplaceOne(key, document, upsert=True))
        if len(batch) == CHUNK:
            write()
    if batch:
        write()
    client.close()
    return {"seconds": seconds, "written": written}


if __name__ == "__main__":
    run(work)
