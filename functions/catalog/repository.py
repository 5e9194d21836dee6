"""The catalogue's own collections: products, audit entries, and the small documents of a tenant.

An edit, its audit entry and its event are one write of one document. The entry is copied to `audit_log` right
after and then removed from the document; what a dead process left is found by its time and moved by the sweep.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from functions.catalog.search import Search
from functions.catalog.snapshots import batches
from functions.common import tenants
from functions.common.mongo import Document, Scoped
from functions.common.product_edits import AuditEntry, Write
from functions.common.products import ACTIVE, DELETED, ProductDocument

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection

PRODUCTS, AUDIT, BRANDS, MODULES, STORES = "products", "audit_log", "brands", "modules", "stores"
TENANTS = tenants.COLLECTION
SORTS = {"name": ("nameKey", "barcode"), "barcode": ("barcode",)}
# The last Unicode code point: everything that starts with a text sorts below the text followed by it.
_END = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Listing:
    """Which products of a store, in which order, from where."""

    status: str | None
    category_id: str | None
    brand_id: str | None
    quick: bool | None
    search: Search | None
    sort: str
    descending: bool
    page: int
    limit: int


class MongoAudit:
    """`audit_log`: entries are added and read, never changed."""

    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self._collection = collection

    async def add(self, scope: Mapping[str, str], entries: Sequence[AuditEntry]) -> None:
        """Keep entries; those that are kept already (the process died in between) stay as they are."""
        from pymongo.errors import BulkWriteError

        documents = [{"_id": entry["id"], **scope, **_without_id(entry)} for entry in entries]
        try:
            await self._collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            _raise_unless_duplicates(error)

    async def known(self, scope: Mapping[str, str], ids: Sequence[str]) -> set[str]:
        """Which of these entries are kept."""
        cursor = Scoped(self._collection, **scope).find({"_id": {"$in": list(ids)}}, projection={"_id": 1})
        return {document["_id"] async for document in cursor}

    async def page(
        self, scope: Mapping[str, str], entity: str, entity_id: str, page: int, limit: int
    ) -> tuple[list[Document], int]:
        """The history of one thing, newest first, and how long it is."""
        scoped = Scoped(self._collection, **scope)
        query = {"entity": entity, "entityId": entity_id}
        cursor = scoped.find(query).sort([("ver", -1), ("_id", 1)]).skip((page - 1) * limit).limit(limit)
        return [document async for document in cursor], await scoped.count(query)


class MongoProducts:
    """`products`, always seen through one store of one tenant."""

    def __init__(self, collection: AsyncCollection[Document], audit: MongoAudit) -> None:
        self._collection = collection
        self._audit = audit

    async def find(self, tenant_id: str, store_id: str, barcodes: Sequence[str]) -> dict[str, ProductDocument]:
        """The products with these barcodes, also deleted ones, by barcode."""
        cursor = self._scoped(tenant_id, store_id).find({"barcode": {"$in": list(barcodes)}})
        return {document["barcode"]: cast(ProductDocument, document) async for document in cursor}

    async def sharing(
        self, tenant_id: str, store_id: str, barcodes: Sequence[str], unit_barcodes: Sequence[str]
    ) -> list[ProductDocument]:
        """Products on sale whose barcode is one of `unit_barcodes`, or whose packs have any of these barcodes."""
        either = [
            {"barcode": {"$in": list(unit_barcodes)}},
            {"units.barcode": {"$in": [*barcodes, *unit_barcodes]}},
        ]
        cursor = self._scoped(tenant_id, store_id).find(
            {"status": {"$ne": DELETED}, "$or": either}, projection={"barcode": 1, "units": 1}
        )
        return [cast(ProductDocument, document) async for document in cursor]

    def on_sale(self, tenant_id: str, store_id: str, limit: int) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        """What a phone must know of every product on sale, in batches."""
        cursor = self._scoped(tenant_id, store_id).find(
            {"status": ACTIVE},
            projection={
                "_id": 0,
                **dict.fromkeys(("barcode", "name", "price", "measure", "ageRestriction", "units"), 1),
            },
            limit=limit,
            batch_size=1000,
        )
        return batches(cursor)

    async def apply(self, tenant_id: str, store_id: str, writes: Sequence[Write]) -> set[str]:
        """Make decided edits in one unordered bulk; returns the barcodes of those that took effect.

        An insert loses to the unique index, an update to whoever wrote since it was read: both are left out.
        New documents get their `_id` here.
        """
        from pymongo.errors import BulkWriteError

        scoped = self._scoped(tenant_id, store_id)
        operations = [_operation(scoped, write) for write in writes]
        lost: set[int] = set()
        try:
            result = await self._collection.bulk_write(operations, ordered=False)
            matched = result.matched_count
        except BulkWriteError as error:
            lost = _raise_unless_duplicates(error)
            matched = error.details["nMatched"]
        standing = [write for index, write in enumerate(writes) if index not in lost]
        if matched == sum(write.before_ver is not None for write in standing):
            return {write.after["barcode"] for write in standing}
        return await self._took_effect(scoped, standing)

    async def _took_effect(self, scoped: Scoped, writes: Sequence[Write]) -> set[str]:
        """A bulk only counts what matched. Each edit left its mark on the document, or by now in the audit log."""
        ops = {write.entry["id"]: write.after["barcode"] for write in writes}
        cursor = scoped.find({"barcode": {"$in": list(ops.values())}}, projection={"barcode": 1, "audit.id": 1})
        found = {entry["id"] async for document in cursor for entry in document.get("audit") or ()}
        missing = [op for op in ops if op not in found]
        found |= await self._audit.known(scoped.scope, missing)
        return {barcode for op, barcode in ops.items() if op in found}

    async def settle(self, tenant_id: str, store_id: str, entries: Mapping[str, Sequence[AuditEntry]]) -> None:
        """Move audit entries (by barcode) from their products to the audit log; safe to repeat."""
        scoped = self._scoped(tenant_id, store_id)
        flat = [entry for several in entries.values() for entry in several]
        if not flat:
            return
        await self._audit.add(scoped.scope, flat)
        await self._collection.update_many(
            scoped.filter({"barcode": {"$in": list(entries)}}),
            {"$pull": {"audit": {"id": {"$in": [entry["id"] for entry in flat]}}}},
        )

    async def page(self, tenant_id: str, store_id: str, listing: Listing) -> tuple[list[ProductDocument], int]:
        """One page of a store's products, and how many there are on all pages."""
        query = _query(listing)
        if query is None:
            return [], 0
        scoped = self._scoped(tenant_id, store_id)
        direction = -1 if listing.descending else 1
        cursor = scoped.find(query).skip((listing.page - 1) * listing.limit).limit(listing.limit)
        if listing.sort == "createdAt":
            # A bulk gives many products one time. Read along this index they keep one order from page to page.
            cursor = cursor.sort("createdAt", direction).hint([("storeId", 1), ("createdAt", -1)])
        else:
            cursor = cursor.sort([(field, direction) for field in SORTS[listing.sort]])
        documents = [cast(ProductDocument, document) async for document in cursor]
        return documents, await scoped.count(query)

    async def brand_in_use(self, tenant_id: str, store_ids: Iterable[str], brand_id: str) -> bool:
        """Whether a product on sale carries the brand; asked store by store, as the indexes are."""
        for store_id in store_ids:
            query = {"brandId": brand_id, "status": {"$ne": DELETED}}
            if await self._scoped(tenant_id, store_id).find_one(query, projection={"_id": 1}) is not None:
                return True
        return False

    async def unsettled(self, before: datetime, limit: int) -> list[ProductDocument]:
        """Products of any store whose edit was not finished by the process that made it."""
        cursor = self._collection.find({"audit.when": {"$lt": before}}).limit(limit)
        return [cast(ProductDocument, document) async for document in cursor]

    def _scoped(self, tenant_id: str, store_id: str) -> Scoped:
        return Scoped(self._collection, tenantId=tenant_id, storeId=store_id)


class MongoRecords:
    """Brands, modules, stores or settings: small documents of a tenant, edited under a version.

    `key` is the field that names them; for stores it is `_id`, because a store's id is unique across tenants.
    """

    def __init__(self, collection: AsyncCollection[Document], audit: MongoAudit, key: str) -> None:
        self._collection = collection
        self._audit = audit
        self._key = key

    async def find(self, tenant_id: str, name: str) -> Document | None:
        """The tenant's record, also one that was removed."""
        return await self._scoped(tenant_id).find_one({self._key: name})

    async def insert(self, tenant_id: str, document: Document, entry: AuditEntry) -> bool:
        """Keep a new record with its audit entry; False when the name is taken, by whomever."""
        from pymongo.errors import DuplicateKeyError

        try:
            await self._scoped(tenant_id).insert_one({**document, "audit": [entry]})
        except DuplicateKeyError:
            return False
        await self._settle(tenant_id, document[self._key], [entry])
        return True

    async def update(self, tenant_id: str, name: str, ver: int, fresh: Mapping[str, Any], entry: AuditEntry) -> bool:
        """Change the version that was read; False when somebody wrote since."""
        result = await self._scoped(tenant_id).update_one(
            {self._key: name, "ver": ver}, {"$set": {**fresh, "ver": ver + 1}, "$push": {"audit": entry}}
        )
        if not result.matched_count:
            return False
        await self._settle(tenant_id, name, [entry])
        return True

    async def page(
        self, tenant_id: str, names: Iterable[str] | None, page: int, limit: int
    ) -> tuple[list[Document], int]:
        """The tenant's records in the order of their names, only `names` when given; not the removed ones."""
        scoped = self._scoped(tenant_id)
        query: Document = {"deletedAt": None}
        if names is not None:
            query[self._key] = {"$in": sorted(names)}
        cursor = scoped.find(query).sort(self._key, 1).skip((page - 1) * limit).limit(limit)
        return [document async for document in cursor], await scoped.count(query)

    async def names(self, tenant_id: str, among: Iterable[str] | None = None) -> set[str]:
        """Which records the tenant has, of all or of those asked for."""
        query: Document = {"deletedAt": None}
        if among is not None:
            query[self._key] = {"$in": sorted(among)}
        cursor = self._scoped(tenant_id).find(query, projection={self._key: 1})
        return {document[self._key] async for document in cursor}

    async def settle_unfinished(self, before: datetime, limit: int) -> int:
        """Move audit entries that a dead process left; returns of how many records."""
        moved = 0
        async for document in self._collection.find({"audit.when": {"$lt": before}}).limit(limit):
            await self._settle(document["tenantId"], document[self._key], document["audit"])
            moved += 1
        return moved

    async def _settle(self, tenant_id: str, name: str, entries: Sequence[AuditEntry]) -> None:
        scope = {"tenantId": tenant_id, "storeId": name} if self._key == "_id" else {"tenantId": tenant_id}
        await self._audit.add(scope, entries)
        await self._scoped(tenant_id).update_one(
            {self._key: name}, {"$pull": {"audit": {"id": {"$in": [entry["id"] for entry in entries]}}}}
        )

    def _scoped(self, tenant_id: str) -> Scoped:
        return Scoped(self._collection, tenantId=tenant_id)


def _operation(scoped: Scoped, write: Write) -> Any:
    from bson import ObjectId
    from pymongo import InsertOne, UpdateOne

    marks = {"edit": {"op": write.entry["id"], "ver": write.after["ver"], "action": write.entry["action"]}}
    outbox = [write.event] if write.event is not None else []
    after = write.after
    if write.before_ver is None:
        after["_id"] = ObjectId()
        return InsertOne({**after, **marks, **scoped.scope, "outbox": outbox, "audit": [write.entry]})
    update: Document = {
        "$set": {**write.fresh, **marks, "ver": after["ver"], "updatedAt": after["updatedAt"]},
        "$push": {"audit": write.entry, **({"outbox": write.event} if outbox else {})},
    }
    return UpdateOne(scoped.filter({"barcode": after["barcode"], "ver": write.before_ver}), update)


def _query(listing: Listing) -> Document | None:
    """The filter of a list; None when nothing can match. Ranges, not patterns: no text of a caller is a regex."""
    query: Document = {"status": listing.status or {"$in": ["active", "inactive"]}}
    if listing.category_id is not None:
        query["categoryId"] = listing.category_id
    if listing.brand_id is not None:
        query["brandId"] = listing.brand_id
    if listing.quick is not None:
        query["showInQuickProducts"] = listing.quick
    if listing.search is not None:
        ways: list[Document] = []
        if listing.search.words:
            ways.append({"$and": [{"nameTokens": {"$elemMatch": _starts(w)}} for w in listing.search.words]})
        if listing.search.digits:
            ways.append({"barcode": _starts(listing.search.digits)})
        if not ways:
            return None
        query["$or"] = ways
    return query


def _starts(text: str) -> Document:
    return {"$gte": text, "$lt": text + _END}


def _without_id(entry: AuditEntry) -> Document:
    return {key: value for key, value in entry.items() if key != "id"}


def _raise_unless_duplicates(error: Any) -> set[int]:
    """The positions that lost to a unique index; anything else that went wrong is raised."""
    errors = error.details["writeErrors"]
    if error.details["writeConcernErrors"] or any(each["code"] != 11000 for each in errors):
        raise error
    return {each["index"] for each in errors}
