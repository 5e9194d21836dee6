"""How fast a door works off a backlog of updates."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bench import beside, pubsub, stage, wire
from bench.results import CannotMeasure
from local.processes import HOST
from local.provision import PROJECT, topic_path
from local.suite import Suite

POLL_SECONDS = 0.01
PATIENCE_SECONDS = 90.0

Count = Callable[[], Awaitable[float]]
"""How many updates a door says that it has applied so far."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A topic, the push subscription that leads from it to a door, and the door's own count."""

    topic: str
    subscription: str
    count: Count


def our_lane(suite: Suite, tenant_id: str) -> Lane:
    """The applying door of price_ingest."""
    service = "price-ingest-apply"
    port = stage.port_of(suite, service)
    return Lane(
        f"price-updates-{tenant_id}",
        f"{service}-price-updates-{tenant_id}",
        lambda: stage.counter(port, "price_updates_total", outcome="applied"),
    )


def baseline_lane(name: str, port: int) -> Lane:
    """A baseline door; its topic and its subscription have one name."""

    async def count() -> float:
        return float(await _get(port, "/"))

    return Lane(name, name, count)


async def rate(suite: Suite, lane: Lane, messages: Sequence[str], updates: int) -> float:
    """Updates applied a second, from letting a backlog go to its last acknowledgement. Raises CannotMeasure.

    The messages are published before: an ERP is another machine, and its client's work is not what is compared.
    A door acknowledges what it has applied; that it did so, once and not twice, is asked of it afterwards. Asking
    Pub/Sub meanwhile, and not the door, keeps the question out of the figure.
    """
    applied_before, acked_before = await lane.count(), await _acknowledged(suite, lane)
    config = await pubsub.hold_back(suite, lane.subscription)
    job = {"topic": topic_path(PROJECT, lane.topic), "messages": list(messages)}
    await beside.ask("publish", job, {"PUBSUB_EMULATOR_HOST": suite.pubsub_endpoint, "GOOGLE_CLOUD_PROJECT": PROJECT})
    began = time.perf_counter()
    await pubsub.let_go(suite, lane.subscription, config)
    while (missing := acked_before + len(messages) - await _acknowledged(suite, lane)) > 0:
        so_far = time.perf_counter() - began
        if so_far > PATIENCE_SECONDS:
            raise CannotMeasure(f"{missing} of {len(messages)} messages were not acknowledged in time")
        # Half of what is left at the pace so far, because an answer costs a millisecond of what is measured; never more
        # than half of what it took so far, because the pace of the first moments says little.
        left = so_far * missing / max(1, len(messages) - missing)
        await asyncio.sleep(max(POLL_SECONDS, min(left / 2, so_far / 2, 1.0)))
    elapsed = time.perf_counter() - began
    applied = await lane.count() - applied_before
    if applied != updates:
        raise CannotMeasure(f"of {updates} updates {applied:.0f} were applied")
    return updates / elapsed


async def _acknowledged(suite: Suite, lane: Lane) -> int:
    stats = json.loads(await _get(suite.ports.admin, "/stats"))
    return int(stats["subscriptions"][pubsub.full_name(lane.subscription)]["delivered"])


async def _get(port: int, path: str) -> bytes:
    status, body = await wire.ask(HOST, port, path)
    if status != 200:
        raise CannotMeasure(f"{path} was answered with {status}")
    return body
