"""Publishes prepared messages with Google's own client, as an ERP does, and says how long that took.

With a `rate` one after the other at a constant pace, else all as fast as it can.
"""

from __future__ import annotations

from time import perf_counter, sleep

from bench.children.work import Job, run
from bench.figures import schedule


async def work(job: Job) -> Job:
    """PUBSUB_EMULATOR_HOST tells the client where to publish."""
    from google.cloud.pubsub_v1 import PublisherClient

    contents = [text.encode() for text in job["messages"]]
    client = PublisherClient()
    began = perf_counter()
    offsets = schedule(job["rate"], len(contents) / job["rate"]) if job.get("rate") else [0.0] * len(contents)
    futures = []
    for offset, content in zip(offsets, contents, strict=True):
        while (early := began + offset - perf_counter()) > 0:
            sleep(early)
        futures.append(client.publish(job["topic"], content))
    for future in futures:
        future.result(timeout=60)
    elapsed = perf_counter() - began
    client.stop()
    return {"seconds": elapsed}


if __name__ == "__main__":
    run(work)
