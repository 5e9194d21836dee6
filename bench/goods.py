"""Products for the price benchmarks, in two tenants: one whose ERP we serve, one for the baselines to write to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bench.results import CannotMeasure
from functions.common.products import new_document, price_field, stock_field
from local import catalogue
from local.suite import Suite

OURS, THEIRS = catalogue.TENANTS[0], catalogue.TENANTS[1]
FIRST_NUMBER = 10_000
"""Behind the numbers of the demo catalogue."""
PLENTY = 20_000

Good = tuple[str, str]
"""(storeId, barcode)"""


@dataclass(frozen=True, slots=True)
class Update:
    """One new price. Minor units."""

    store_id: str
    barcode: str
    price: int


def of(tenant: catalogue.Tenant, count: int) -> list[Good]:
    """So many products, store by store in turn."""
    stores = [store_id for store_id, _, _ in tenant.stores]
    return [
        (stores[number % len(stores)], catalogue.gtin(tenant, FIRST_NUMBER + number // len(stores)))
        for number in range(count)
    ]


def insert(suite: Suite, tenant: catalogue.Tenant, count: int) -> None:
    """Put them into MongoDB as the catalogue would."""
    from pymongo import MongoClient

    now = datetime.now(UTC).replace(microsecond=0)
    mark = {"t": int(now.timestamp()) * 1_000_000 - 60_000_000, "q": 0, "s": "bench", "e": "bench"}
    documents: list[Any] = [
        new_document(
            tenant_id=tenant.id,
            store_id=store_id,
            barcode=barcode,
            name=f"Benchmark {barcode}",
            now=now,
            brand_id="bench",
            category_id="bench",
            tax_class="standard",
            price=price_field(1, tenant.currency, mark),  # type: ignore[arg-type]
            stock=stock_field(100_000, mark),  # type: ignore[arg-type]
        )
        for store_id, barcode in of(tenant, count)
    ]
    client: MongoClient[dict[str, Any]]
    with MongoClient(suite.mongo_uri, w="majority") as client:
        for start in range(0, count, 2_000):
            client[suite.mongo_database].products.insert_many(documents[start : start + 2_000], ordered=False)


def new_prices(goods: Sequence[Good], turn: int) -> list[Update]:
    """A price for each that it never had before; `turn` counts from 0."""
    return [
        Update(store_id, barcode, 100 + number % 900 + 1_000 * (turn + 1))
        for number, (store_id, barcode) in enumerate(goods)
    ]


def messages(updates: Sequence[Update], size: int) -> list[str]:
    """The updates as an ERP publishes them: a list of `size` a message, or each by itself."""
    at = datetime.now(UTC).isoformat()
    wire = [{"storeId": u.store_id, "barcode": u.barcode, "price": u.price, "sourceTime": at} for u in updates]
    if size == 1:
        return [json.dumps(each) for each in wire]
    return [json.dumps(wire[start : start + size]) for start in range(0, len(wire), size)]


def check(suite: Suite, tenant: catalogue.Tenant, updates: Sequence[Update]) -> None:
    """Raises CannotMeasure unless every product in MongoDB has exactly its new price."""
    from pymongo import MongoClient
    from pymongo.collection import Collection

    client: MongoClient[dict[str, Any]]
    with MongoClient(suite.mongo_uri) as client:
        products: Collection[dict[str, Any]] = client[suite.mongo_database].products
        found = products.find(
            {"tenantId": tenant.id, "brandId": "bench"}, {"storeId": 1, "barcode": 1, "price.amount": 1}
        )
        prices = {(each["storeId"], each["barcode"]): each["price"]["amount"] for each in found}
    wrong = [u for u in updates if prices.get((u.store_id, u.barcode)) != u.price]
    if wrong:
        raise CannotMeasure(f"{len(wrong)} of {len(updates)} products do not have their new price")
