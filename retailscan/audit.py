"""`retailscan audit`: the invariants that must hold whatever has happened, checked read-only on live data.

The same auditor runs after every fault scenario and, by schedule, in production. Each check yields sentences about
what is broken; none means the invariant holds. A check reads in bulk, from a majority, and changes nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from functions.common import clock, mongo, redis, settings
from functions.common.retail.stocktaking import effect
from retailscan import audit_coupons, audit_imports, audit_purchases

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase
    from redis.asyncio import Redis

CHUNK = 500
LATE = timedelta(seconds=60)
STORE_SCOPED = (
    *("products", "sessions", "stock_movements", "parked_updates"),
    *("imports", "product_staging", "import_undo", "import_failures"),
    *("purchases", "promotion_redemptions", "discountcards"),
)
COUNTS = ("applied", "stale", "duplicate", "conflict", "parked", "rejected")


async def findings(database: AsyncDatabase[dict[str, Any]], cache: Redis | None) -> list[str]:
    """Everything that is broken, as sentences that name the invariant; empty when all hold."""
    found: list[str] = []
    own = (_tenant, _stock, _counts, _outbox)
    for check in (*own, *audit_imports.CHECKS, *audit_purchases.CHECKS, *audit_coupons.CHECKS):
        found += [sentence async for sentence in check(database)]
    if cache is not None:
        found += [sentence async for sentence in _versions(database, cache)]
    return found


async def _tenant(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Tenant: every document of a store carries that store's tenant."""
    owner = {store["_id"]: store["tenantId"] async for store in database["stores"].find({}, {"tenantId": 1})}
    for name in STORE_SCOPED:
        pairs = await database[name].aggregate(
            [{"$group": {"_id": {"t": "$tenantId", "s": "$storeId"}, "n": {"$sum": 1}}}]
        )
        async for pair in pairs:
            key = pair["_id"]
            if "s" not in key or "t" not in key:
                yield f"tenant: {pair['n']} documents of {name} lack a store or a tenant"
            elif owner.get(key["s"]) != key["t"]:
                yield f"tenant: {pair['n']} documents of {name} put store {key['s']} under a foreign tenant"


async def _stock(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Stock: never negative, and what the last count and the movements after it say."""
    async for product in database["products"].find({"stock.avail": {"$lt": 0}}, {"storeId": 1, "barcode": 1}):
        yield f"stock: {product['storeId']}/{product['barcode']} is negative"
    fields = {"storeId": 1, "barcode": 1, "tenantId": 1, "stock": 1}
    async for product in database["products"].find({"stock.count": {"$exists": True}}, fields):
        stock = product["stock"]
        moved = database["stock_movements"].find(
            {
                "tenantId": product["tenantId"],
                "storeId": product["storeId"],
                "barcode": product["barcode"],
                "kind": {"$ne": "count"},
                "state": "done",
                "at": {"$gt": stock["w"]["t"]},
            }
        )
        expected = stock["count"] - sum(hold["n"] for hold in stock["holds"])
        async for movement in moved:
            expected += effect(movement)  # type: ignore[arg-type]
        actual = stock["avail"] - stock.get("short", 0)
        if actual != expected:
            yield f"stock: {product['storeId']}/{product['barcode']} holds {actual}, its ledger says {expected}"


async def _counts(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Messages: what came in is what came to an end, part by part."""
    async for part in database["price_batch_parts"].find({}, {"counts": 1, "batchId": 1}):
        counts = part["counts"]
        ended = sum(counts.get(name, 0) for name in COUNTS)
        if ended != counts["received"]:
            yield f"messages: batch {part['batchId']} received {counts['received']} and accounts for {ended}"


async def _outbox(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Outbox: nothing waits for longer than a minute."""
    late = await database["products"].count_documents({"outbox.at": {"$lt": clock.now() - LATE}})
    if late:
        yield f"outbox: {late} products hold events older than a minute"


async def _versions(database: AsyncDatabase[dict[str, Any]], cache: Redis) -> AsyncIterator[str]:
    """Version: the cache holds a product's version, or a tombstone, or nothing."""
    general = await cache.get("epoch")
    if not isinstance(general, bytes):
        return
    stores = [store["_id"] async for store in database["stores"].find({}, {"_id": 1})]
    for store_id in stores:
        epoch = await cache.get(f"epoch:{store_id}")
        if not isinstance(epoch, bytes):
            continue
        prefix = f"product:{general.decode()}.{epoch.decode()}:{store_id}:"
        chunk: dict[str, int] = {}
        async for product in database["products"].find({"storeId": store_id}, {"barcode": 1, "ver": 1}):
            chunk[product["barcode"]] = product["ver"]
            if len(chunk) == CHUNK:
                for sentence in await _compare(cache, prefix, chunk):
                    yield sentence
                chunk = {}
        for sentence in await _compare(cache, prefix, chunk):
            yield sentence


async def _compare(cache: Redis, prefix: str, versions: Mapping[str, int]) -> list[str]:
    if not versions:
        return []
    values = await cache.mget([prefix + barcode for barcode in versions])
    found = []
    for (barcode, ver), value in zip(versions.items(), values, strict=True):
        if not isinstance(value, bytes) or not value[17:].startswith(b"{"):
            continue
        cached = int(value[:16])
        if cached != ver:
            where = "ahead of" if cached > ver else "behind"
            found.append(f"version: the cache is {where} the database for {prefix.split(':')[2]}/{barcode}")
    return found


async def run(options: argparse.Namespace) -> int:
    """The command: prints what is broken; 1 when anything is."""
    cache = redis.connect(settings.common().redis_url, timeout=5.0)
    try:
        found = await findings(mongo.database(), cache)
    finally:
        await cache.aclose()
        await mongo.close()
    for sentence in found[: options.most]:
        print(sentence)
    print(f"{len(found)} findings" if found else "every invariant holds")
    return 1 if found else 0
