"""Load on an HTTP door. Closed: every connection asks again as soon as it is answered. Open: at a constant pace.

Open-loop latency runs from the time a request was due, not from when it could be sent: a door that stalls is
charged for everybody who would have asked meanwhile. The clock ticks in milliseconds, so up to one is ours.
"""

from __future__ import annotations

import asyncio
import gc
from collections import deque
from time import perf_counter

from bench.children.work import Job, run
from bench.figures import percentile, schedule
from bench.wire import Connection, connect


class Closed:
    """`connections` that never rest, until `seconds` are over or `count` requests were sent."""

    def __init__(self, job: Job) -> None:
        self._requests = [text.encode("latin-1") for text in job["requests"]]
        self._allowed = frozenset(job.get("allowed", (200,)))
        self._left: int = job.get("count") or 1 << 62
        self._next = self.answered = self.errors = self._busy = 0
        self._over = asyncio.Event()

    def ask(self, connection: Connection) -> None:
        if self._left <= 0 or not connection.open:
            self._busy -= 1
            if not self._busy:
                self._over.set()
            return
        self._left -= 1
        connection.send(self._requests[self._next])
        self._next = (self._next + 1) % len(self._requests)

    def take(self, connection: Connection, status: int, _body: bytes) -> None:
        if status in self._allowed:
            self.answered += 1
        else:
            self.errors += 1
        self.ask(connection)

    async def run(self, job: Job) -> Job:
        lines = [await connect(job["host"], job["port"], self.take) for _ in range(job["connections"])]
        self._busy = len(lines)
        began = perf_counter()
        for connection in lines:
            self.ask(connection)
        if job.get("seconds"):
            asyncio.get_running_loop().call_later(job["seconds"], self._stop)
        await self._over.wait()
        elapsed = perf_counter() - began
        for connection in lines:
            connection.close()
        return {"answered": self.answered, "errors": self.errors, "seconds": elapsed}

    def _stop(self) -> None:
        self._left = 0


class Open:
    """Requests `[tag, text]` in turn at `rate` a second; what cannot be sent waits, and its clock runs."""

    def __init__(self, job: Job) -> None:
        self._host, self._port = job["host"], job["port"]
        self._requests = [(tag, text.encode("latin-1")) for tag, text in job["requests"]]
        self._times: dict[str, list[float]] = {tag: [] for tag, _ in self._requests}
        self._errors = dict.fromkeys(self._times, 0)
        self._allowed = frozenset(job.get("allowed", (200,)))
        self._idle: deque[Connection] = deque()
        self._queue: deque[tuple[str, bytes, float]] = deque()
        self._late: list[float] = []
        self._pending = 0
        self._over = asyncio.Event()
        self._opening: set[asyncio.Task[None]] = set()

    def take(self, connection: Connection, status: int, _body: bytes) -> None:
        tag, due = connection.token
        self._times[tag].append(perf_counter() - due)
        if status not in self._allowed:
            self._errors[tag] += 1
        self._pending -= 1
        if not self._pending:
            self._over.set()
        if not connection.open:
            self._open_one()
        elif self._queue:
            self._send(connection, *self._queue.popleft())
        else:
            self._idle.append(connection)

    def _send(self, connection: Connection, tag: str, wire: bytes, due: float) -> None:
        connection.token = (tag, due)
        connection.send(wire)

    def _open_one(self) -> None:
        task = asyncio.get_running_loop().create_task(self._connect())
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _connect(self) -> None:
        connection = await connect(self._host, self._port, self.take)
        if self._queue:
            self._send(connection, *self._queue.popleft())
        else:
            self._idle.append(connection)

    def _fire(self, tag: str, wire: bytes, due: float) -> None:
        self._late.append(perf_counter() - due)
        # In turn, so that none rests long enough for the server to hang up on it.
        while self._idle:
            connection = self._idle.popleft()
            if connection.open:
                self._send(connection, tag, wire, due)
                return
            self._open_one()
        self._queue.append((tag, wire, due))

    async def run(self, job: Job) -> Job:
        for _ in range(job["connections"]):
            await self._connect()
        offsets = schedule(job["rate"], job["seconds"])
        self._pending = len(offsets)
        start = perf_counter() + 0.01
        for number, offset in enumerate(offsets):
            due = start + offset
            while (early := due - perf_counter()) > 0:
                await asyncio.sleep(early)
            self._fire(*self._requests[number % len(self._requests)], due)
        async with asyncio.timeout(30):
            await self._over.wait()
        tags = {
            tag: {
                "count": len(times),
                "errors": self._errors[tag],
                **{f"p{p:g}": percentile(times, p) * 1000 for p in (50, 90, 99, 100)},
            }
            for tag, times in self._times.items()
        }
        return {"tags": tags, "late_p99": percentile(self._late, 99) * 1000}


async def work(job: Job) -> Job:
    """Either of the two."""
    # A collection in the middle of a measurement would be charged to the door.
    gc.freeze()
    gc.disable()
    return await (Closed(job) if job["kind"] == "closed" else Open(job)).run(job)


if __name__ == "__main__":
    run(work)
