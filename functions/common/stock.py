"""The stock ledger (`stock_movements`) and the products' stock: every movement once, counts never undo a sale.

The rules are in `retail/stocktaking.py`. A movement is first written to the ledger as pending, then taken into the
product by compare-and-set on its version, then confirmed. Whoever repeats it after a crash finds out how far it
got: a confirmed entry, or the movement among the product's recent ones, means it has been taken in. A count that
has to ask the ledger takes pending movements in as well, and remembers them, so their own writers will see it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from functions.common import bulk, clock, mongo, product_cache, products
from functions.common.errors import Conflict, NotFound, Unavailable
from functions.common.retail import stocktaking
from functions.common.retail.stocktaking import Entry, Movement, MovementKind, Stock

COLLECTION = "stock_movements"
MOVEMENTS: tuple[MovementKind, ...] = ("sale", "return", "adjustment")
PENDING, DONE = "pending", "done"
_TRIES = 12

Key = tuple[str, str]
"""(storeId, barcode)"""


class Recorded(NamedTuple):
    """What recording a movement did. `avail` and `ver` are the product's, None and 0 when its stock is not kept."""

    outcome: Literal["applied", "already_applied"]
    avail: int | None
    ver: int


def count_entry(product_id: Any, scope: Mapping[str, str], barcode: str, stock: Stock, now: datetime) -> dict[str, Any]:
    """The ledger entry of an absolute count. Its id comes from the update, so a redelivery writes it only once."""
    w = stock["w"]
    entry: dict[str, Any] = {
        "_id": f"{product_id}:{w['e']}",
        "tenantId": scope["tenantId"],
        "storeId": scope["storeId"],
        "barcode": barcode,
        "kind": "count",
        "q": stock["count"],
        "at": w["t"],
        "by": w["s"],
        "avail": stock["avail"],
        "old": stock["old"],
        "state": DONE,
        "recordedAt": now,
    }
    if "short" in stock:
        entry["short"] = stock["short"]
    return entry


async def add_counts(entries: Sequence[Mapping[str, Any]]) -> None:
    """Write ledger entries of counts that their products hold already; those that are there stay as they are."""
    await bulk.insert_missing(COLLECTION, entries)


async def after(tenant_id: str, since: Mapping[Key, int]) -> dict[Key, list[Entry]]:
    """The movements (not the counts) of these products after these times in microseconds, pending ones too."""
    found: dict[Key, list[Entry]] = {key: [] for key in since}
    by_store: dict[str, list[str]] = {}
    for store_id, barcode in since:
        by_store.setdefault(store_id, []).append(barcode)
    source = mongo.cache_source(COLLECTION)
    for store_id, barcodes in by_store.items():
        query = {
            "tenantId": tenant_id,
            "storeId": store_id,
            "barcode": {"$in": barcodes},
            "at": {"$gt": min(since[store_id, barcode] for barcode in barcodes)},
            "kind": {"$in": MOVEMENTS},
        }
        async for entry in source.find(query):
            key = (store_id, entry["barcode"])
            if entry["at"] > since[key]:
                found[key].append(_entry(entry))
    return found


async def record(
    *,
    tenant_id: str,
    store_id: str,
    barcode: str,
    movement: Movement,
    by: str,
    cache: product_cache.ProductCache | None = None,
    hold: str | None = None,
) -> Recorded:
    """Record a sale, return or adjustment, once however often it is repeated with the same `movement["id"]`.

    What the order `hold` holds of the product is let go of in the same write.

    Stock never becomes negative: what was moved beyond the count is kept in `short` as a discrepancy. Raises
    NotFound for an unknown product, Conflict when the id was used for another movement, Unavailable when the
    product is too contended just now (repeating is safe).
    """
    scope = {"tenantId": tenant_id, "storeId": store_id}
    ledger, identifier = mongo.collection(COLLECTION), f"{store_id}:{barcode}:{movement['id']}"
    here = {"_id": identifier, **scope}
    if await _read(scope, barcode) is None:
        raise NotFound("there is no such product", code="PRODUCT_NOT_FOUND")
    fresh = {
        "barcode": barcode,
        **{name: movement[name] for name in ("id", "kind", "q", "at")},
        "by": by,
        "state": PENDING,
        "recordedAt": clock.now(),
    }
    await _write_down(here, fresh)
    for attempt in range(_TRIES):
        # In this order: between the two reads the movement can only move from the product to the ledger.
        product = await _read(scope, barcode)
        entry = await ledger.find_one(here)
        if product is None or entry is None:
            raise NotFound("there is no such product", code="PRODUCT_NOT_FOUND")
        if _entry(entry) != {**movement, "pending": entry["state"] == PENDING}:
            raise Conflict("this id was used for another movement", code="MOVEMENT_ID_REUSED")
        stock: Stock | None = product["stock"]
        if entry["state"] == DONE or stocktaking.remembers(stock, movement["id"]):
            await ledger.update_one(here, {"$set": {"state": DONE}})
            return Recorded("already_applied", stock and stock["avail"], product["ver"])
        taken = await _take_in(scope, product, stock, movement, hold)
        if taken is not None:
            await ledger.update_one(here, {"$set": {"state": DONE}})
            if cache is not None:
                await cache.invalidate(store_id, [(barcode, taken.ver)])
            return taken
        await asyncio.sleep(random.uniform(0, 0.002 * 2 ** min(attempt, 6)))
    raise Unavailable("this product is changing too fast just now")


async def _write_down(here: Mapping[str, Any], fresh: Mapping[str, Any]) -> None:
    """Have the movement in the ledger, as it was written first."""
    from pymongo.errors import DuplicateKeyError

    try:
        await mongo.collection(COLLECTION).update_one(here, {"$setOnInsert": fresh}, upsert=True)
    except DuplicateKeyError:
        # Two wrote the same movement at once. The server tries again by itself only when nothing but the key is
        # asked for (https://www.mongodb.com/docs/manual/reference/method/db.collection.update/#upsert-with-duplicate-values).
        return


async def _take_in(
    scope: Mapping[str, str], product: Mapping[str, Any], stock: Stock | None, movement: Movement, hold: str | None
) -> Recorded | None:
    """One attempt; None when another writer was faster."""
    from bson.int64 import Int64

    ver = int(product["ver"]) + 1
    change: dict[str, Any] = {"ver": Int64(ver), "updatedAt": clock.now()}
    avail = None
    if stock is not None:
        if hold is not None:
            stock = stocktaking.let_go(stock, hold)
        new, forgotten = stocktaking.moved(stock, movement)
        # What the product forgets must be confirmed in the ledger first, or its writer would apply it again.
        await _confirm(scope, product["barcode"], forgotten)
        change["stock"], avail = new, new["avail"]
    # Without a stock to change the version still moves: a count that has read the ledger meanwhile must look again.
    result = await mongo.collection(products.COLLECTION).update_one(
        {"_id": product["_id"], **scope, "ver": product["ver"]}, {"$set": change}
    )
    return Recorded("applied", avail, ver) if result.matched_count else None


async def _confirm(scope: Mapping[str, str], barcode: str, movements: Iterable[Movement]) -> None:
    ids = [f"{scope['storeId']}:{barcode}:{movement['id']}" for movement in movements]
    if ids:
        await mongo.collection(COLLECTION).update_many({"_id": {"$in": ids}, **scope}, {"$set": {"state": DONE}})


async def _read(scope: Mapping[str, str], barcode: str) -> dict[str, Any] | None:
    return await mongo.collection(products.COLLECTION).find_one(
        {**scope, "barcode": barcode}, {"barcode": 1, "stock": 1, "ver": 1}
    )


def _entry(document: Mapping[str, Any]) -> Entry:
    return {
        "id": document["id"],
        "kind": document["kind"],
        "q": int(document["q"]),
        "at": int(document["at"]),
        "pending": document["state"] == PENDING,
    }
