"""A shop with everything a scanner can meet, behind the real scan door."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from redis import Redis

from functions.catalog.collections import COLLECTIONS
from functions.common import migrations, products, redis, stores
from functions.common.product_cache import ProductCache
from functions.common.products import ProductDocument, Watermark
from tests.support import World

BORN = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
PRICED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
WATERMARK: Watermark = {"t": int(PRICED.timestamp() * 1_000_000), "q": 1, "s": "erp", "e": "e-1"}

MILK = "4006381333931"
MILK_CASE = "14006381333938"
SIX_PACK = "4006381333948"
CHEESE = "2123450000005"
HAM = "90401234512346"
GUM = "96385074"
WINE = "3012345678902"
UNPRICED = "5012345678900"
INACTIVE = "5012345678917"
DELETED = "5012345678924"
UNKNOWN = "4012345678901"


def product(barcode: str, name: str, amount: int | None = None, **fields: Any) -> ProductDocument:
    price = None if amount is None else products.price_field(amount, "EUR", WATERMARK)
    defaults: dict[str, Any] = {"tenant_id": "t1", "store_id": "s1", "now": BORN, "price": price}
    return products.new_document(barcode=barcode, name=name, **{**defaults, **fields})


def shelf() -> list[ProductDocument]:
    stock = products.stock_field
    return [
        product(
            MILK,
            "Oat milk",
            159,
            brand_id="b1",
            category_id="c1",
            tax_class="reduced",
            image_url="https://img.test/milk.png",
            stock=stock(12_000, WATERMARK),
            units=[
                {"name": "case of 6", "barcode": MILK_CASE, "quantity": 6000, "price": 899},
                {"name": "pair", "barcode": SIX_PACK, "quantity": 2000},
            ],
        ),
        product(CHEESE, "Gouda", 1590, measure="weight", stock=stock(3_500, WATERMARK)),
        product(HAM, "Ham", 2490, measure="weight", recalled_lots=["BAD1"]),
        product(GUM, "Gum", 99, stock=stock(0, WATERMARK)),
        product(WINE, "Wine", 799, age_restriction=18),
        product(UNPRICED, "New thing"),
        product(INACTIVE, "Seasonal", 100, status="inactive"),
        product(DELETED, "Gone", 100, status="deleted"),
        product(MILK, "Their milk", 199, tenant_id="t2", store_id="s2"),
    ]


def store(store_id: str, tenant_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "_id": store_id,
        "tenantId": tenant_id,
        "name": store_id,
        "currency": "EUR",
        "timeZone": "Europe/Berlin",
        "status": "active",
        "stockPolicy": "strict",
        "labelTemplates": ["ean13-weight-verified"],
        "codeVersion": 1,
        "ver": 1,
        **fields,
    }


@pytest.fixture(scope="module")
def world(mongod: str, redis_server: str, module_database: str) -> Iterator[World]:
    made = World(mongo_uri=mongod, database=module_database, redis_url=redis_server)
    with made.installed():
        yield made


@pytest.fixture
async def shop(world: World) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """The database of two tenants' shops as they were founded; Redis is empty."""
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(world.settings.mongodb_uri, tz_aware=True) as client:
        database: AsyncDatabase[dict[str, Any]] = client[world.settings.mongodb_database]
        if "products" not in await database.list_collection_names():
            await migrations.apply(database, [c for c in COLLECTIONS if c.name in ("products", "stores")])
        await database.products.delete_many({})
        await database.stores.delete_many({})
        await database.stores.insert_many([store("s1", "t1"), store("s2", "t2"), store("s3", "t1", status="inactive")])
        await database.products.insert_many([dict(doc) for doc in shelf()])
        with Redis.from_url(world.settings.redis_url) as flusher:
            flusher.flushall()
        stores.forget()
        yield database


@pytest.fixture
async def client(world: World, shop: object) -> AsyncIterator[httpx.AsyncClient]:
    async with world.door("scan", "scan") as made:
        made.headers.update(world.checked_in("t1", "s1"))
        yield made


@pytest.fixture
async def writer(world: World) -> AsyncIterator[ProductCache]:
    """The cache as another process writes it."""
    connection = redis.Cache(world.settings.redis_url, timeout=2.0)
    cache = ProductCache(connection)
    yield cache
    await cache.close()
    await connection.close()
