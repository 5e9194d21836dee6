"""What the rooms declare about their collections keeps the laws of the data."""

from __future__ import annotations

import pytest

from functions.common import migrations
from functions.common.migrations import Collection, Index

REPORTS = {"price_batches", "price_batch_parts", "price_issues"}
"""What became of updates, for a month: nothing reads them to decide anything."""

THROW_AWAY = {
    "sessions",
    "discountcards",
    "notices",
    "product_staging",
    "import_undo",
    "parked_updates",
    "idempotency",
    "loyalty_answers",
    "payment_events",
    # Single purchases are checkout's own; what a day came to stays.
    "sales_receipts",
    "price_points",
    "stock_outs",
    *REPORTS,
}
"""A TTL index anywhere else would delete live data: products above all, whose updatedAt is old when nothing changed."""

SWEPT = {"holds.at", "outbox.at", "audit.when", "dueAt", "refunds.dueAt", "nextAt", "lease.until", "stock.holds.exp"}
"""What waits to be sent, written down or gone on with, in any store: partial indexes that are nearly always empty."""

NOBODYS = {"payment_events"}
"""They come to the payment provider's account; which tenant they are about is said by our own purchase alone."""

DECLARED = [
    pytest.param(collection, index, id=f"{collection.name}.{index.name}")
    for collections in migrations.discover().values()
    for collection in collections
    for index in collection.indexes
]


@pytest.mark.parametrize(("collection", "index"), DECLARED)
def test_an_index_starts_with_the_store_or_the_tenant_or_only_ends_lives(collection: Collection, index: Index) -> None:
    first = index.keys[0][0]
    if index.ttl_seconds is not None:
        assert collection.name in THROW_AWAY
        assert len(index.keys) == 1, "MongoDB does not delete by a compound index"
    else:
        assert first in ("storeId", "tenantId") or (first in SWEPT and index.partial is not None)


def test_products_have_all_indexes_of_the_design() -> None:
    (products,) = (c for c in migrations.discover()["catalog"] if c.name == "products")
    keys = {index.keys for index in products.indexes}
    for second in ("barcode", "status", "categoryId", "brandId", "showInQuickProducts", "name", "units.barcode"):
        assert (("storeId", 1), (second, 1)) in keys
    assert (("storeId", 1), ("createdAt", -1)) in keys


def test_a_barcode_exists_once_in_a_store() -> None:
    (products,) = (c for c in migrations.discover()["catalog"] if c.name == "products")
    (index,) = (index for index in products.indexes if index.keys == (("storeId", 1), ("barcode", 1)))
    assert index.unique


@pytest.mark.parametrize(
    "collection",
    [c for room, cs in migrations.discover().items() if room != "common" for c in cs],
    ids=lambda c: c.name,
)
def test_every_collection_has_a_validator_that_asks_for_the_tenant(collection: Collection) -> None:
    assert collection.validator is not None
    assert ("tenantId" in collection.validator["$jsonSchema"]["required"]) != (collection.name in NOBODYS)
