"""This room's own collections. A promotion, the entry of its version and its event are one write of one document.

The entry is copied to `promotion_versions` right after and then removed from the document; what a dead process left
is found by its time and moved by the sweep.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.common.mongo import Document, Scoped
from functions.discount.domain import ANY_STORE, Write

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection

PROMOTIONS, VERSIONS = "promotions", "promotion_versions"


class MongoVersions:
    """`promotion_versions`: entries are added and read, never changed."""

    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self._collection = collection

    async def add(self, tenant_id: str, entries: Sequence[Mapping[str, Any]]) -> None:
        """Keep entries; those that are kept already (the process died in between) stay as they are."""
        from pymongo.errors import DuplicateKeyError

        scoped = Scoped(self._collection, tenantId=tenant_id)
        for entry in entries:
            rest = {name: value for name, value in entry.items() if name not in ("id", "entity", "entityId")}
            try:
                await scoped.insert_one({"_id": entry["id"], "promotionId": entry["entityId"], **rest})
            except DuplicateKeyError:
                continue

    async def page(self, tenant_id: str, promotion_id: str, page: int, limit: int) -> tuple[list[Document], int]:
        """The versions of a promotion, newest first, and how many there are."""
        scoped, query = Scoped(self._collection, tenantId=tenant_id), {"promotionId": promotion_id}
        cursor = scoped.find(query).sort("ver", -1).skip((page - 1) * limit).limit(limit)
        return [document async for document in cursor], await scoped.count(query)


class MongoPromotions:
    """`promotions` of a tenant; who may see which of them is asked of the stores in the caller's token."""

    def __init__(self, collection: AsyncCollection[Document], versions: MongoVersions) -> None:
        self._collection = collection
        self._versions = versions

    async def find(self, tenant_id: str, promotion_id: str) -> Document | None:
        """The promotion, also one that was removed."""
        return await self._scoped(tenant_id).find_one({"promotionId": promotion_id})

    async def insert(self, tenant_id: str, promotion_id: str, write: Write) -> Document | None:
        """Keep a new promotion with its entry and its event; None when the tenant has had one of this name."""
        from bson import ObjectId
        from pymongo.errors import DuplicateKeyError

        document = {
            "_id": ObjectId(),
            "tenantId": tenant_id,
            "promotionId": promotion_id,
            **write.fresh,
            "audit": [write.entry],
            "outbox": [write.event] if write.event is not None else [],
        }
        try:
            await self._scoped(tenant_id).insert_one(document)
        except DuplicateKeyError:
            return None
        return document

    async def update(self, tenant_id: str, promotion_id: str, ver: int, write: Write) -> Document | None:
        """Write the next version of the version that was read; None when somebody wrote since."""
        from pymongo import ReturnDocument

        news = {"audit": write.entry, **({"outbox": write.event} if write.event is not None else {})}
        return await self._scoped(tenant_id).find_one_and_update(
            {"promotionId": promotion_id, "ver": ver},
            {"$set": {**write.fresh, "ver": ver + 1}, "$push": news},
            return_document=ReturnDocument.AFTER,
        )

    async def page(
        self, tenant_id: str, claimed: Collection[str], status: str | None, page: int, limit: int
    ) -> tuple[list[Document], int]:
        """The promotions that a token for these stores may see, in the order of their names; not the removed ones."""
        scoped = self._scoped(tenant_id)
        query: Document = {"deletedAt": None}
        if status is not None:
            query["status"] = status
        if ANY_STORE not in claimed:
            query["$or"] = _in_stores(sorted(claimed))
        cursor = scoped.find(query).sort("promotionId", 1).skip((page - 1) * limit).limit(limit)
        return [document async for document in cursor], await scoped.count(query)

    async def of_store(self, tenant_id: str, store_id: str, statuses: Sequence[str], limit: int) -> list[Document]:
        """The promotions of a store in these states, whatever their time."""
        cursor = self._scoped(tenant_id).find(
            {"deletedAt": None, "status": {"$in": list(statuses)}, "$or": _in_stores([store_id])}
        )
        return [document async for document in cursor.sort([("status", 1), ("promotionId", 1)]).limit(limit)]

    async def count_active(self, tenant_id: str) -> int:
        """How many promotions of the tenant are active, whatever their time."""
        return await self._scoped(tenant_id).count({"status": "active", "deletedAt": None})

    async def settle(self, document: Document) -> None:
        """Move a promotion's entries to the versions; safe to repeat."""
        entries: list[Mapping[str, Any]] = document["audit"]
        if not entries:
            return
        await self._versions.add(document["tenantId"], entries)
        await self._scoped(document["tenantId"]).update_one(
            {"promotionId": document["promotionId"]},
            {"$pull": {"audit": {"id": {"$in": [entry["id"] for entry in entries]}}}},
        )

    async def settle_unfinished(self, before: datetime, limit: int) -> int:
        """Move the entries that dead processes left; returns of how many promotions."""
        moved = 0
        async for document in self._collection.find({"audit.when": {"$lt": before}}).limit(limit):
            await self.settle(document)
            moved += 1
        return moved

    def _scoped(self, tenant_id: str) -> Scoped:
        return Scoped(self._collection, tenantId=tenant_id)


def _in_stores(store_ids: list[str]) -> list[Document]:
    return [{"storeIds": None}, {"storeIds": {"$in": store_ids}}]
