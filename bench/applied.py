"""Publishing updates and waiting until the last one is applied."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from bench import beside, stage, wire
from bench.results import CannotMeasure
from local.processes import HOST
from local.provision import PROJECT
from local.suite import Suite

POLL_SECONDS = 0.03
PATIENCE_SECONDS = 90.0

Count = Callable[[], Awaitable[float]]
"""How many updates were applied so far."""


def our_count(suite: Suite) -> Count:
    """What the applying door of price_ingest says."""
    port = stage.port_of(suite, "price-ingest-apply")
    return lambda: stage.counter(port, "price_updates_total", outcome="applied")


def their_count(port: int) -> Count:
    """What a baseline door says."""

    async def count() -> float:
        status, body = await wire.ask(HOST, port, "/")
        if status != 200:
            raise CannotMeasure(f"the baseline door answered {status}")
        return float(body)

    return count


async def rate(suite: Suite, topic: str, messages: Sequence[str], updates: int, count: Count) -> float:
    """Updates applied a second, from the first publish to the last one applied. Raises CannotMeasure."""
    goal = await count() + updates
    job = {"topic": f"projects/{PROJECT}/topics/{topic}", "messages": list(messages)}
    environment = {"PUBSUB_EMULATOR_HOST": suite.pubsub_endpoint, "GOOGLE_CLOUD_PROJECT": PROJECT}
    async with beside.started("publish", job, environment) as publisher:
        give_up = time.perf_counter() + PATIENCE_SECONDS
        while (now := await count()) < goal:
            if time.perf_counter() > give_up:
                raise CannotMeasure(f"{goal - now:.0f} of {updates} updates were not applied in time")
            await asyncio.sleep(POLL_SECONDS)
        ended = time.perf_counter()
        # The same clock: Linux has one monotonic clock for all processes.
        began = float((await publisher.answer())["began"])
    if now > goal:
        raise CannotMeasure(f"{now - goal:.0f} updates were applied twice")
    return updates / (ended - began)
