"""The dependencies of the price doors, built on first use, after the server's fork."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from functions.common import http, mongo, pubsub, redis, stock, stores, tasks
from functions.common.contracts import catalog
from functions.common.once import OncePerLoop
from functions.common.product_cache import ProductCache
from functions.price_ingest import replaying, settings
from functions.price_ingest.parts import Part
from functions.price_ingest.reporting import Reporter
from functions.price_ingest.repository import Parked, Products, Reports
from functions.price_ingest.rounds import Rounds
from functions.price_ingest.service import Ingest
from functions.price_ingest.submitting import Submitting

TOPIC = "price-updates"


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the doors hand to the verbs."""

    ingest: Ingest
    rounds: Rounds[Part]
    submitting: Submitting
    reports: Reports


def _build() -> Wiring:
    reports = Reports()
    ingest = Ingest(
        products=Products(),
        parked=Parked(),
        reporter=Reporter(reports),
        cache=ProductCache(redis.cache()),
        movements=stock.after,
        add_counts=stock.add_counts,
        publish=_announce,
        currency_of=_currency_of,
    )
    room = settings.load()
    rounds = Rounds(ingest.settle, most_updates=room.price_round_updates, in_flight=room.price_rounds_in_flight)
    return Wiring(ingest, rounds, Submitting(reports, publish=_publish, currency_of=_currency_of), reports)


deps = OncePerLoop(_build)
"""What the doors hand to the verbs."""


async def _announce(messages: Sequence[pubsub.OutMessage]) -> Any:
    return await pubsub.publish(catalog.TOPIC, messages)


async def _publish(tenant_id: str, messages: Sequence[pubsub.OutMessage]) -> Any:
    return await pubsub.publish(f"{TOPIC}-{tenant_id}", messages)


async def _currency_of(tenant_id: str, store_id: str) -> str | None:
    store = await stores.find(tenant_id, store_id)
    return None if store is None else store.currency


async def enqueue_replay(body: dict[str, Any]) -> None:
    """Have one dead letter replayed at the queue's pace."""
    await tasks.enqueue(replaying.QUEUE, replaying.SERVICE, replaying.PATH, body)


async def ready() -> dict[str, str]:
    """MongoDB decides whether updates can be applied; without Redis scans read MongoDB meanwhile."""
    return await http.probe(mongo=mongo.ping)


async def ready_to_apply() -> dict[str, str]:
    """As `ready`; the start-up probe also pays for the imports that would hold up the first updates by a third
    of a second."""
    deps()
    await asyncio.to_thread(importlib.import_module, "google.pubsub_v1")
    return await ready()
