"""What is live in a store, as far as an import compares itself with it. Read here, never written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence

from functions.common import mongo, products
from functions.common.mongo import Document, Scoped

BRANDS = "brands"
MOST_BRANDS = 50_000
_BATCH = 5_000


class Live:
    """The products of one store at a time."""

    async def find(
        self, tenant_id: str, store_id: str, barcodes: Sequence[str], fields: Mapping[str, int]
    ) -> dict[str, Document]:
        """The products with these barcodes, also deleted ones, by barcode."""
        if not barcodes:
            return {}
        cursor = _scoped(tenant_id, store_id).find({"barcode": {"$in": barcodes}}, projection=fields, batch_size=_BATCH)
        return {found["barcode"]: found for found in await cursor.to_list()}

    async def has_packs(self, tenant_id: str, store_id: str) -> bool:
        """Whether any product of the store has packs with barcodes of their own."""
        query = {"units.barcode": {"$gt": ""}}
        return await _scoped(tenant_id, store_id).find_one(query, projection={"_id": 1}) is not None

    async def packs(self, tenant_id: str, store_id: str, barcodes: Sequence[str]) -> dict[str, str]:
        """Which of these barcodes are packs of products on sale, and of which."""
        query = {"units.barcode": {"$in": barcodes}, "status": {"$ne": products.DELETED}}
        wanted, found = set(barcodes), dict[str, str]()
        async for product in _scoped(tenant_id, store_id).find(query, projection={"barcode": 1, "units.barcode": 1}):
            found.update(
                (unit["barcode"], product["barcode"]) for unit in product["units"] if unit["barcode"] in wanted
            )
        return found

    async def brands(self, tenant_id: str) -> Collection[str]:
        """The brands a tenant has."""
        scoped = Scoped(mongo.collection(BRANDS), tenantId=tenant_id)
        cursor = scoped.find({"deletedAt": None}, projection={"_id": 0, "brandId": 1}, batch_size=_BATCH)
        return {each["brandId"] for each in await cursor.limit(MOST_BRANDS).to_list()}

    async def barcodes(self, tenant_id: str, store_id: str) -> AsyncIterator[list[str]]:
        """The barcodes of all products that are not withdrawn, some thousand at a time, in their order."""
        last = ""
        while True:
            query = {"barcode": {"$gt": last}, "status": {"$ne": products.DELETED}}
            cursor = _scoped(tenant_id, store_id).find(
                query, projection={"_id": 0, "barcode": 1}, sort=[("barcode", 1)], limit=_BATCH, batch_size=_BATCH
            )
            found = [each["barcode"] for each in await cursor.to_list()]
            if not found:
                return
            yield found
            last = found[-1]


def projection(fields: Mapping[str, int], carried: Iterable[str], always: Collection[str]) -> dict[str, int]:
    """The part of `fields` that rows which carry some fields are compared with."""
    wanted = {*carried, *always}
    return {name: 1 for name in fields if name.partition(".")[0] in wanted}


def _scoped(tenant_id: str, store_id: str) -> Scoped:
    return Scoped(mongo.collection(products.COLLECTION), tenantId=tenant_id, storeId=store_id)
