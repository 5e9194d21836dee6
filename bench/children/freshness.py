"""An ERP that publishes at a constant pace, and shoppers who scan until they see the new price.

A shopper sees the old price first, so that it is cached everywhere it can be; then the new one is published and
scanned for every two milliseconds. The time runs from the call of the publisher to the answer with the new price.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from time import perf_counter
from typing import Any

from bench.children.work import Job, run
from bench.figures import schedule
from bench.wire import Connection, connect, request

AGAIN_SECONDS = 0.002
PATIENCE_SECONDS = 10.0
_PRICE = re.compile(rb'"unitPrice":(\d+)')


class Shoppers:
    """Scans on keep-alive connections, each as a plain call."""

    def __init__(self, host: str, port: int, headers: dict[str, str]) -> None:
        self._host, self._port, self._headers = host, port, headers
        self._idle: deque[Connection] = deque()
        self.scans = 0

    async def price(self, barcode: str) -> int:
        """The price a shopper is told now. Raises LookupError when there is none."""
        done: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
        connection = self._idle.popleft() if self._idle else None
        if connection is None or not connection.open:
            connection = await connect(self._host, self._port, self._answered)
        connection.token = done
        connection.send(request(self._host, self._port, f"/v1/scan/{barcode}", self._headers))
        status, body = await done
        self.scans += 1
        found = _PRICE.search(body)
        if status != 200 or found is None:
            raise LookupError(f"a scan of {barcode} was answered with {status}")
        return int(found[1])

    def _answered(self, connection: Connection, status: int, body: bytes) -> None:
        connection.token.set_result((status, body))
        if connection.open:
            self._idle.append(connection)


async def _probe(shoppers: Shoppers, publish: Any, barcode: str, message: bytes, price: int) -> float:
    """Seconds from publishing to the first scan that tells the new price."""
    if await shoppers.price(barcode) == price:
        raise LookupError(f"{barcode} has its new price before it is published")
    began = perf_counter()
    publish(message)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await shoppers.price(barcode) != price:
            await asyncio.sleep(AGAIN_SECONDS)
    return perf_counter() - began


async def work(job: Job) -> Job:
    """`updates`: barcode, price, message; every `probe_every`th is watched. Times in milliseconds."""
    from google.cloud.pubsub_v1 import PublisherClient

    shoppers = Shoppers(job["host"], job["port"], job["headers"])
    client = PublisherClient()
    futures: list[Any] = []

    def publish(message: bytes) -> None:
        futures.append(client.publish(job["topic"], message))

    loop = asyncio.get_running_loop()
    probes: list[asyncio.Task[float]] = []
    offsets = schedule(job["rate"], job["seconds"])
    start = perf_counter() + 0.05
    for number, (offset, (barcode, price, text)) in enumerate(zip(offsets, job["updates"], strict=True)):
        while (early := start + offset - perf_counter()) > 0:
            await asyncio.sleep(early)
        if number % job["probe_every"]:
            publish(text.encode())
        else:
            probes.append(loop.create_task(_probe(shoppers, publish, barcode, text.encode(), price)))
    elapsed = perf_counter() - start
    times = await asyncio.gather(*probes)
    for future in futures:
        future.result(timeout=30)
    await asyncio.to_thread(client.stop)
    return {"times": [each * 1000 for each in times], "rate": len(offsets) / elapsed, "scans": shoppers.scans}


if __name__ == "__main__":
    run(work)
