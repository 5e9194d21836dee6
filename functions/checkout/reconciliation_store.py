"""What comparing with the provider found: one document for each tenant and day, written anew when a day is repeated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from functions.common import mongo, purchases
from functions.common.migrations import Collection, Index
from functions.common.mongo import Document, Scoped

COLLECTION = "reconciliations"
MOST_FINDINGS = 1_000
"""As many are kept; how many there were is always said."""
_TEXT = {"bsonType": "string", "minLength": 1}
_WHOLE = {"bsonType": ["int", "long"], "minimum": 0}

RECONCILIATIONS = Collection(
    COLLECTION,
    [Index((("tenantId", 1), ("day", -1)), unique=True)],
    {
        "$jsonSchema": {
            "bsonType": "object",
            "required": ["tenantId", "day", "from", "to", "checked", "counts", "findings", "at", "revision"],
            "properties": {
                "tenantId": _TEXT,
                "day": {"bsonType": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
                "from": {"bsonType": "date"},
                "to": {"bsonType": "date"},
                "checked": _WHOLE,
                "counts": {"bsonType": "object"},
                "findings": {"bsonType": "array", "maxItems": MOST_FINDINGS},
                "at": {"bsonType": "date"},
                "revision": _WHOLE,
            },
        }
    },
)


class Reconciliations:
    """The collection."""

    async def keep(
        self,
        tenant_id: str,
        day: str,
        span: tuple[datetime, datetime],
        *,
        checked: int,
        counts: dict[str, int],
        findings: Sequence[Document],
        now: datetime,
    ) -> None:
        """Write what a day came to, in the place of what was found before."""
        fresh: Document = {
            "from": span[0],
            "to": span[1],
            "checked": checked,
            "counts": counts,
            "findings": list(findings[:MOST_FINDINGS]),
            "at": now,
        }
        await self._scoped(tenant_id).update_one({"day": day}, {"$set": fresh, "$inc": {"revision": 1}}, upsert=True)

    async def page(
        self, tenant_id: str, days: tuple[str | None, str | None], page: int, limit: int
    ) -> tuple[list[Document], int]:
        """The tenant's days, newest first, and how many there are."""
        first, last = days
        query: Document = {}
        span = {**({"$gte": first} if first else {}), **({"$lte": last} if last else {})}
        if span:
            query["day"] = span
        cursor = self._scoped(tenant_id).find(query).sort("day", -1).skip((page - 1) * limit).limit(limit)
        return [each async for each in cursor], await self._scoped(tenant_id).count(query)

    @staticmethod
    def _scoped(tenant_id: str) -> Scoped:
        return Scoped(mongo.collection(COLLECTION), tenantId=tenant_id)


async def stores() -> list[Document]:
    """Every store there is: its id and its tenant."""
    return await mongo.collection("stores").find({"_id": {"$gt": ""}}, {"tenantId": 1}).to_list()


async def named(orders: Sequence[str]) -> dict[str, Document]:
    """Purchases of any store by id, as far as there are any."""
    by_store: dict[str, list[str]] = {}
    for order in orders:
        store_id = purchases.store_of(order)
        if store_id is not None:
            by_store.setdefault(store_id, []).append(order)
    if not by_store:
        return {}
    query = {"$or": [{"storeId": store_id, "_id": {"$in": ids}} for store_id, ids in by_store.items()]}
    cursor = mongo.cache_source(purchases.COLLECTION).find(query, _FIELDS)
    return {each["_id"]: each async for each in cursor}


async def paid_between(store_id: str, since: datetime, until: datetime) -> list[Document]:
    """Purchases of a store that were begun then and have a payment."""
    query = {"storeId": store_id, "createdAt": {"$gte": since, "$lt": until}, "payment.intentId": {"$exists": True}}
    return [each async for each in mongo.cache_source(purchases.COLLECTION).find(query, _FIELDS)]


async def pending(before: datetime, limit: int) -> list[Document]:
    """Purchases that wait for their payment since before then."""
    cursor = mongo.collection(purchases.COLLECTION).find(
        # Whoever waits is due some day, so this reads the sweep's small index.
        {"dueAt": {"$exists": True}, "state": "payment_pending", "updatedAt": {"$lt": before}}
    )
    return [each async for each in cursor.limit(limit)]


async def refunds_due(now: datetime, limit: int) -> list[Document]:
    """Purchases with a refund that somebody should go on with."""
    cursor = mongo.collection(purchases.COLLECTION).find({"refunds.dueAt": {"$lte": now}})
    return [each async for each in cursor.limit(limit)]


_FIELDS = {
    "tenantId": 1,
    "storeId": 1,
    "state": 1,
    "currency": 1,
    "payment": 1,
    "refunds": 1,
    "refunded": 1,
    "createdAt": 1,
    "totals.total": 1,
}
