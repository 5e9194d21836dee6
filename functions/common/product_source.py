"""Where the product cache is filled from: MongoDB, one store at a time."""

from __future__ import annotations

from collections.abc import Sequence

from functions.common import mongo, products
from functions.common.mongo import Document, Scoped

QUERY_MILLIS = 2_500
"""A query is given up before the driver's socket is."""


class MongoProducts:
    """Products from the primary, and only what a majority of members has: what a cache may be filled with."""

    async def find(self, tenant_id: str, store_id: str, barcodes: Sequence[str]) -> list[Document]:
        """The products that have one of these barcodes, or a pack that has; deleted ones too.

        Raises the driver's errors when there is no primary.
        """
        scope = Scoped(mongo.cache_source(products.COLLECTION), tenantId=tenant_id, storeId=store_id)
        wanted = {"$in": list(barcodes)}
        cursor = scope.find(
            {"$or": [{"barcode": wanted}, {"units.barcode": wanted}]},
            projection=products.CACHED_FIELDS,
            max_time_ms=QUERY_MILLIS,
        )
        return await cursor.to_list()
