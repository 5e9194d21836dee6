"""Publishes prepared messages with Google's own client, as an ERP does, and says how long that took."""

from __future__ import annotations

from time import perf_counter

from bench.children.work import Job, run


async def work(job: Job) -> Job:
    """PUBSUB_EMULATOR_HOST tells the client where to publish."""
    from google.cloud.pubsub_v1 import PublisherClient

    contents = [text.encode() for text in job["messages"]]
    client = PublisherClient()
    began = perf_counter()
    futures = [client.publish(job["topic"], content) for content in contents]
    for future in futures:
        future.result(timeout=60)
    elapsed = perf_counter() - began
    client.stop()
    return {"seconds": elapsed}


if __name__ == "__main__":
    run(work)
