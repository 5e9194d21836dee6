"""The suite that a benchmark starts, and what it asks of it: products, tokens, counters."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bench import wire
from bench.options import note
from bench.results import CannotMeasure
from local import catalogue
from local.processes import HOST
from local.suite import Suite

TENANT = catalogue.TENANTS[0]
STORE = TENANT.stores[0][0]


@asynccontextmanager
async def suite(*rooms: str) -> AsyncIterator[Suite]:
    """The doors of these rooms with the demo catalogue, on free ports and throw-away data. Raises LocalError."""
    async with Suite(rooms=rooms, seed_demo=True, gateway=False, scheduler=False, forks=None) as running:
        note(f"suite of {', '.join(rooms)} ready after {running.ready_after:.1f} s")
        yield running


def shopper(running: Suite, tenant_id: str = TENANT.id, store_id: str = STORE) -> dict[str, str]:
    """The headers of somebody who is checked in."""
    return running.authorization("shopper", tenant=tenant_id, stores=store_id)


def barcodes(running: Suite, store_id: str = STORE) -> list[str]:
    """The piece goods of a store, in a fixed order."""
    from pymongo import MongoClient
    from pymongo.collection import Collection

    client: MongoClient[dict[str, Any]]
    with MongoClient(running.mongo_uri) as client:
        products: Collection[dict[str, Any]] = client[running.mongo_database].products
        found = products.find({"storeId": store_id, "measure": "each"}, {"barcode": 1})
        return sorted(str(each["barcode"]) for each in found)


def port_of(running: Suite, service: str) -> int:
    """Where a door of the suite listens."""
    return running.ports.doors[service]


async def counter(port: int, name: str, **labels: str) -> float:
    """The value of a counter on a door's `/metrics`, summed over the series with these labels."""
    status, body = await wire.ask(HOST, port, "/metrics")
    if status != 200:
        raise CannotMeasure(f"the door does not tell its figures: status {status}")
    return total(body.decode(), name, **labels)


def total(exposition: str, name: str, **labels: str) -> float:
    """The sum of a metric's series that carry these labels, from Prometheus' text format."""
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    pattern = re.compile(rf"^{re.escape(name)}(?:\{{(.*)\}})? (\S+)$", re.MULTILINE)
    return sum(
        float(value)
        for series, value in pattern.findall(exposition)
        if all(label in series.split(",") for label in wanted)
    )


async def clear_cache(running: Suite) -> None:
    """Forget every cached product, in Redis and in every process, as an operator would."""
    from functions.common.product_cache import ProductCache
    from functions.common.redis import Cache

    redis = Cache(running.redis_url)
    try:
        await ProductCache(redis).clear_all()
    finally:
        await redis.close()


async def warm(port: int, paths: Sequence[str], headers: dict[str, str]) -> None:
    """Ask for everything once, so that it is cached. Raises CannotMeasure when a path is not served."""
    from bench import beside
    from bench.load import closed

    # Twice: the first reads of a door that has just met its Redis are not stored there.
    answer = await beside.ask("load", closed(port, paths, headers) | {"count": 2 * len(paths)})
    if answer["errors"]:
        raise CannotMeasure(f"{answer['errors']} of {2 * len(paths)} scans of known products failed")
