"""This room's collections, and the two fields of `products` that it writes. Every filter names the tenant and store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from functions.common import bulk, clock, mongo, products
from functions.common.mongo import Document, Scoped
from functions.common.retail.stocktaking import Stock
from functions.price_ingest.domain import OUTCOMES, Disagreement, Price, Update
from functions.price_ingest.reading import Refusal

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection

PARKED = "parked_updates"
BATCHES = "price_batches"
PARTS = "price_batch_parts"
ISSUES = "price_issues"
AUDIT = "replay_requests"

PARKED_FOR = timedelta(days=1)
REPORTED_FOR = timedelta(days=30)

Key = tuple[str, str]
"""(storeId, barcode)"""

_DECIDED_BY = ("tenantId", "storeId", "barcode", "ver")
_BY_ID = {"_id": 1}
"""Without this hint the server considers every index that begins with `storeId`, anew for every update."""


class Products:
    """The products, as the price stream sees them."""

    async def find(self, tenant_id: str, keys: Iterable[Key], *fields: str) -> dict[Key, Document]:
        """The products with these keys, with `price` or `stock` or both, in one query."""
        wanted = dict.fromkeys((*_DECIDED_BY, *fields), 1)
        cursor = _durable().find(_by_keys(tenant_id, keys), wanted, batch_size=5_000, max_time_ms=5_000)
        return {(found["storeId"], found["barcode"]): found for found in await cursor.to_list()}

    async def find_whole(self, tenant_id: str, keys: Iterable[Key]) -> list[Document]:
        """The products with these keys, as far as the cache needs them."""
        query = _by_keys(tenant_id, keys)
        return await _durable().find(query, products.CACHED_FIELDS, batch_size=5_000, max_time_ms=5_000).to_list()

    async def write(
        self, tenant_id: str, changes: Sequence[tuple[Document, Price | None, Stock | None]], now: datetime
    ) -> list[int]:
        """Write prices and stocks into the products as they were read; returns the indexes that came too late.

        The documents given are brought up to what was written.
        """
        from bson.int64 import Int64

        updates = []
        for document, price, stock in changes:
            fields: Document = {"ver": Int64(document["ver"] + 1), "updatedAt": now}
            if price is not None:
                fields["price"] = price
            if stock is not None:
                fields["stock"] = stock
            scope = {
                "_id": document["_id"],
                "tenantId": tenant_id,
                "storeId": document["storeId"],
                "ver": document["ver"],
            }
            updates.append({"q": scope, "u": {"$set": fields}, "upsert": True, "hint": _BY_ID})
            document.update(fields)
        return await bulk.compare_and_set(products.COLLECTION, updates)


def _durable() -> AsyncCollection[Document]:
    """The products on the primary, and only as a majority has them: what is seen there is never taken back."""
    return mongo.cache_source(products.COLLECTION)


def _by_keys(tenant_id: str, keys: Iterable[Key]) -> Document:
    by_store: dict[str, list[str]] = {}
    for store_id, barcode in keys:
        by_store.setdefault(store_id, []).append(barcode)
    branches = [
        {"tenantId": tenant_id, "storeId": store_id, "barcode": {"$in": barcodes}}
        for store_id, barcodes in by_store.items()
    ]
    return branches[0] if len(branches) == 1 else {"$or": branches}


class Parked:
    """Updates of products that do not exist yet: one document a product, the newest of each field."""

    async def park(self, tenant_id: str, updates: Sequence[Update], now: datetime) -> None:
        """Keep them for a day. Safe to repeat, and in any order: the newest watermark of each field stays."""
        left = list(updates)
        while left:
            lost = await bulk.upsert(
                PARKED,
                [
                    {"q": _parked_scope(tenant_id, u.store_id, u.barcode), "u": _park(u, now), "upsert": True}
                    for u in left
                ],
            )
            left = [left[index] for index in lost]

    async def find(self, tenant_id: str, store_id: str, barcodes: Iterable[str], now: datetime) -> list[Document]:
        """What is parked for these products. MongoDB deletes late, so what has expired is left out here."""
        ids = [_parked_id(store_id, barcode) for barcode in barcodes]
        scope = {"tenantId": tenant_id, "storeId": store_id}
        query = {**scope, "_id": {"$in": ids}, "expiresAt": {"$gt": now}}
        return await mongo.cache_source(PARKED).find(query).to_list()

    async def remove(self, tenant_id: str, store_id: str, documents: Sequence[Mapping[str, Any]]) -> None:
        """Forget what has been applied, unless something newer was parked meanwhile."""
        from pymongo import DeleteOne

        scopes = [_parked_scope(tenant_id, store_id, document["barcode"]) for document in documents]
        deletes = [
            DeleteOne({**scope, "rev": document["rev"]}) for scope, document in zip(scopes, documents, strict=True)
        ]
        if deletes:
            await mongo.collection(PARKED).bulk_write(deletes, ordered=False)


def _parked_id(store_id: str, barcode: str) -> str:
    return f"{store_id}:{barcode}"


def _parked_scope(tenant_id: str, store_id: str, barcode: str) -> Document:
    return {"_id": _parked_id(store_id, barcode), "tenantId": tenant_id, "storeId": store_id}


def _park(update: Update, now: datetime) -> list[Document]:
    fields: Document = {}
    mark = [update.t, update.q, update.s]
    for name, value in (("price", update.price), ("stock", update.stock)):
        if value is not None:
            # Arrays compare element by element: the watermark as it is. A missing one is less than any array.
            newer = {"$gt": [{"$literal": mark}, f"${name}.k"]}
            kept = {"v": value, "c": update.currency, "k": mark, "e": update.e}
            fields[name] = {"$cond": [newer, {"$literal": kept}, f"${name}"]}
    rev = {"$add": [{"$ifNull": ["$rev", 0]}, 1]}
    return [{"$set": {**fields, "barcode": update.barcode, "rev": rev, "expiresAt": now + PARKED_FOR}}]


class Reports:
    """What became of batches, and every update that somebody should look at. Kept for thirty days."""

    async def open_batch(self, tenant_id: str, batch_id: str, document: Document) -> Document:
        """Create a batch or find it as it was created first."""
        from pymongo import ReturnDocument

        batches = Scoped(mongo.collection(BATCHES), tenantId=tenant_id)
        try:
            found = await batches.find_one_and_update(
                {"_id": f"{tenant_id}:{batch_id}"},
                {"$setOnInsert": {"batchId": batch_id, **document}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except Exception as error:
            if type(error).__name__ != "DuplicateKeyError":
                raise
            found = await batches.find_one({"_id": f"{tenant_id}:{batch_id}"})
        assert found is not None
        return found

    async def join_batch(self, tenant_id: str, batch_id: str, store_ids: Iterable[str]) -> None:
        """Note that a batch concerns these stores; one that nobody has opened was begun on the topic."""
        now = clock.now()
        fresh = {
            "batchId": batch_id,
            "door": "topic",
            "createdAt": now,
            "expiresAt": now + REPORTED_FOR,
        }
        scope = {"_id": f"{tenant_id}:{batch_id}", "tenantId": tenant_id}
        change = {"$setOnInsert": fresh, "$addToSet": {"storeIds": {"$each": sorted(store_ids)}}}
        while await bulk.upsert(BATCHES, [{"q": scope, "u": change, "upsert": True}]):
            pass  # two messages raced to begin it; the second time it is there

    async def add_parts(self, documents: Sequence[Document]) -> None:
        """What became of messages of batches. The first report of a message stands."""
        await bulk.insert_missing(PARTS, documents)

    async def add_issues(self, documents: Sequence[Document]) -> None:
        """Rejections and conflicts, each once."""
        await bulk.insert_missing(ISSUES, documents)

    async def batch(self, tenant_id: str, batch_id: str) -> Document | None:
        """A batch, or None."""
        batches = Scoped(mongo.collection(BATCHES), tenantId=tenant_id)
        return await batches.find_one({"_id": f"{tenant_id}:{batch_id}"})

    async def batches(
        self, tenant_id: str, query: Mapping[str, Any], *, page: int, limit: int
    ) -> tuple[list[Document], int]:
        """Batches, newest first, and how many there are."""
        batches = Scoped(mongo.collection(BATCHES), tenantId=tenant_id)
        cursor = batches.find(query).sort([("createdAt", -1), ("_id", 1)]).skip((page - 1) * limit).limit(limit)
        return await cursor.to_list(), await batches.count(query)

    async def counts(self, tenant_id: str, batch_ids: Sequence[str]) -> dict[str, dict[str, int]]:
        """For each batch how many updates came to which end, and as `received` how many that are."""
        parts = Scoped(mongo.collection(PARTS), tenantId=tenant_id)
        sums = {name: {"$sum": f"$counts.{name}"} for name in (*OUTCOMES, "received")}
        rows = await parts.aggregate(
            [{"$match": {"batchId": {"$in": list(batch_ids)}}}, {"$group": {"_id": "$batchId", **sums}}]
        )
        return {row.pop("_id"): row for row in rows}

    async def issues(
        self, tenant_id: str, query: Mapping[str, Any], *, page: int, limit: int
    ) -> tuple[list[Document], int]:
        """Rejections and conflicts, newest first, and how many there are."""
        issues = Scoped(mongo.collection(ISSUES), tenantId=tenant_id)
        cursor = issues.find(query).sort([("at", -1), ("_id", 1)]).skip((page - 1) * limit).limit(limit)
        return await cursor.to_list(), await issues.count(query)

    async def issues_of_batch(self, tenant_id: str, batch_id: str, *, limit: int) -> list[Document]:
        """The rejections and conflicts of a batch, in the order of its updates."""
        issues = Scoped(mongo.collection(ISSUES), tenantId=tenant_id)
        cursor = issues.find({"batchId": batch_id}).sort([("index", 1), ("_id", 1)]).limit(limit)
        return await cursor.to_list()

    async def audit(self, tenant_id: str, document: Document) -> None:
        """Write down who asked for a replay; once for each request."""
        await bulk.insert_missing(AUDIT, [{**document, "tenantId": tenant_id}])


def issue_of_refusal(refusal: Refusal) -> Document:
    """A refused update as people will find it; the report adds where it came from."""
    return {
        "storeId": refusal.store_id,
        "barcode": refusal.barcode,
        "kind": "rejected",
        "code": refusal.code,
        "reason": refusal.message,
    }


def issue_of_disagreement(disagreement: Disagreement) -> Document:
    """A conflict as people will find it; the report adds where it came from."""
    return {
        "storeId": disagreement.update.store_id,
        "barcode": disagreement.update.barcode,
        "kind": "conflict",
        "code": "SAME_WATERMARK_OTHER_VALUE",
        "reason": "an update with the same source time, sequence and source brought another value first",
        "field": disagreement.field,
        "kept": disagreement.kept,
        "offered": disagreement.offered,
    }
