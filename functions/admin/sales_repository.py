"""Receipts and days in MongoDB."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from functions.admin.counting import FIGURES, MOST_PRODUCTS, PURCHASE, Fact
from functions.common.mongo import Document, Scoped

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection

T = TypeVar("T")
_ZERO: list[Any] = []
_BY_HOUR: list[dict[str, Any]] = [
    {
        "$group": {
            "_id": {"kind": "$kind", "hour": "$hour"},
            "count": {"$sum": 1},
            "currency": {"$last": "$currency"},
            "total": {"$sum": "$total"},
            "items": {"$sum": "$items"},
            "discount": {"$sum": "$discount"},
            "refunds": {"$sum": {"$size": {"$ifNull": ["$refunds", _ZERO]}}},
            "refunded": {"$sum": {"$sum": "$refunds.amount"}},
            "rejected": {"$sum": {"$cond": [{"$eq": ["$status", "rejected"]}, 1, 0]}},
        }
    }
]
_BY_PRODUCT: list[dict[str, Any]] = [
    {"$unwind": "$lines"},
    {
        "$group": {
            "_id": "$lines.b",
            "name": {"$last": "$lines.n"},
            "quantity": {"$sum": "$lines.q"},
            "amount": {"$sum": "$lines.a"},
        }
    },
    {"$sort": {"amount": -1, "_id": 1}},
    {"$limit": MOST_PRODUCTS},
]


class MongoSales:
    """`sales_receipts`, `sales_days` and `sales_products`. A scope is a tenant and a store."""

    def __init__(
        self,
        receipts: AsyncCollection[Document],
        days: AsyncCollection[Document],
        products: AsyncCollection[Document],
    ) -> None:
        self._receipts, self._days, self._products = receipts, days, products

    async def keep(self, scope: Mapping[str, str], fact: Fact) -> str | None:
        """Put a fact where it belongs; the day it is about, when that is known already."""
        from pymongo import ReturnDocument

        update: dict[str, Any] = {"$set": dict(fact.values)}
        if fact.added:
            update["$addToSet"] = dict(fact.added)

        async def put() -> Document | None:
            return await Scoped(self._receipts, **scope).find_one_and_update(
                {"_id": f"{scope['tenantId']}:{fact.id}"},
                update,
                upsert=True,
                return_document=ReturnDocument.AFTER,
                projection={"day": 1},
            )

        kept = await _once_more(put)
        return kept.get("day") if kept is not None else None

    async def mark(self, scope: Mapping[str, str], day: str, now: datetime) -> None:
        """Have the day added up again."""
        update = {"$set": {"day": day}, "$inc": {"rev": 1}, "$min": {"dueAt": now}}
        days, name = Scoped(self._days, **scope), _name(scope, day)
        await _once_more(lambda: days.update_one({"_id": name}, update, upsert=True))

    async def due(self, now: datetime, limit: int) -> AsyncIterator[Document]:
        """Days of any store that something has happened to, the longest waiting first."""
        async for document in self._days.find({"dueAt": {"$lte": now}}, sort=[("dueAt", 1)], limit=limit):
            yield document

    async def sums(self, scope: Mapping[str, str], day: str) -> tuple[list[Document], list[Document]]:
        """What the receipts of a day come to: by kind and hour, and by product."""
        receipts = Scoped(self._receipts, **scope)
        groups = await receipts.aggregate([{"$match": {"day": day}}, *_BY_HOUR])
        products = await receipts.aggregate([{"$match": {"day": day, "kind": PURCHASE}}, *_BY_PRODUCT])
        return groups, products

    async def write(self, scope: Mapping[str, str], day: Document, summed: Mapping[str, Any], now: datetime) -> bool:
        """Keep the sums, unless something has happened since: then the day stays as it is, and due."""
        done = await Scoped(self._days, **scope).update_one(
            {"_id": day["_id"], "rev": day["rev"]}, {"$set": {**summed, "summedAt": now}, "$unset": {"dueAt": ""}}
        )
        return bool(done.matched_count)

    async def write_products(
        self, scope: Mapping[str, str], day: Document, products: Sequence[Mapping[str, Any]]
    ) -> None:
        """Keep what sold on a day, unless somebody has added up more of it already."""
        from pymongo.errors import DuplicateKeyError

        known, name = Scoped(self._products, **scope), {"_id": day["_id"], "rev": {"$lte": day["rev"]}}
        values = {"day": day["day"], "rev": day["rev"], "products": list(products)}
        try:
            await known.update_one(name, {"$set": values}, upsert=True)
        except DuplicateKeyError:
            return

    async def again(self, scope: Mapping[str, str], day: Document) -> Document | None:
        """The day as it is now."""
        return await Scoped(self._days, **scope).find_one({"_id": day["_id"]})

    async def by_product(
        self, scope: Mapping[str, str], *, first: str, last: str, page: int, limit: int
    ) -> tuple[list[Document], int]:
        """What sold between two days, what brought most first, and how many products that were."""
        found = await Scoped(self._products, **scope).aggregate(
            [
                {"$match": {"day": {"$gte": first, "$lte": last}}},
                {"$unwind": "$products"},
                {
                    "$group": {
                        "_id": "$products.barcode",
                        "name": {"$last": "$products.name"},
                        "quantity": {"$sum": "$products.quantity"},
                        "amount": {"$sum": "$products.amount"},
                    }
                },
                {"$sort": {"amount": -1, "_id": 1}},
                {"$facet": {"rows": [{"$skip": (page - 1) * limit}, {"$limit": limit}], "all": [{"$count": "n"}]}},
            ]
        )
        rows, total = found[0]["rows"], found[0]["all"]
        return rows, total[0]["n"] if total else 0

    async def of_product(
        self, scope: Mapping[str, str], barcode: str, *, first: str | None, last: str | None, page: int, limit: int
    ) -> tuple[list[Document], int]:
        """The days on which a product sold, the latest first."""
        query = {"day": {"$gte": first or "0000", "$lte": last or "9999"}, "products.barcode": barcode}
        known = Scoped(self._products, **scope)
        shown = {"day": 1, "products": {"$elemMatch": {"barcode": barcode}}}
        cursor = known.find(query, projection=shown, sort=[("day", -1)], skip=(page - 1) * limit, limit=limit)
        return [{"day": each["day"], **each["products"][0]} async for each in cursor], await known.count(query)

    async def by_store(self, tenant_id: str, *, first: str, last: str) -> list[Document]:
        """What each store of a tenant sold between two days, whoever sold most first."""
        sums = {name: {"$sum": f"${name}"} for name in FIGURES}
        return await Scoped(self._days, tenantId=tenant_id).aggregate(
            [
                {"$match": {"day": {"$gte": first, "$lte": last}, "summedAt": {"$exists": True}}},
                {"$group": {"_id": "$storeId", "currency": {"$max": "$currency"}, "days": {"$sum": 1}, **sums}},
                {"$sort": {"total": -1, "_id": 1}},
            ]
        )

    async def page(
        self, scope: Mapping[str, str], *, first: str | None, last: str | None, page: int, limit: int
    ) -> tuple[list[Document], int]:
        """Days that were added up, the latest first, and how many there are; never a single receipt."""
        span = {"$gte": first or "0000", "$lte": last or "9999"}
        days = Scoped(self._days, **scope)
        query = {"day": span, "summedAt": {"$exists": True}}
        cursor = days.find(query, sort=[("day", -1)], skip=(page - 1) * limit, limit=limit)
        return [document async for document in cursor], await days.count(query)


def _name(scope: Mapping[str, str], day: str) -> str:
    return f"{scope['tenantId']}:{scope['storeId']}:{day}"


async def _once_more(write: Callable[[], Awaitable[T]]) -> T:
    """Two that make the same document at once: the second finds it there, and only changes it when it comes again."""
    from pymongo.errors import DuplicateKeyError

    try:
        return await write()
    except DuplicateKeyError:
        return await write()
