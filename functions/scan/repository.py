"""Products and stores as this room reads them; it owns no collection of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from functions.common import mongo, products, stores
from functions.common.mongo import Document, Scoped
from functions.common.retail import labels
from functions.common.stores import Store
from functions.scan.domain import StoreRules

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


class StoreDirectory:
    """The rules of stores; their label templates are parsed once per version read."""

    def __init__(self) -> None:
        self._parsed: dict[str, tuple[Store, StoreRules]] = {}

    async def rules(self, tenant_id: str, store_id: str) -> StoreRules | None:
        """The rules of an open store; None when the tenant has no such store or it is closed."""
        store = await stores.find(tenant_id, store_id)
        if store is None or store.status != "active":
            return None
        known = self._parsed.get(store_id)
        if known is None or known[0] is not store:
            known = self._parsed[store_id] = (store, _rules(store))
        return known[1]


def _rules(store: Store) -> StoreRules:
    templates: tuple[str | Mapping[str, Any], ...] = store.label_templates
    return StoreRules(store.currency, store.time_zone, tuple(labels.parse_template(each) for each in templates))
