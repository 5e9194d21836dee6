"""The room's real doors on a real MongoDB and Redis; only Pub/Sub is a list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest

from functions.catalog.collections import COLLECTIONS as CATALOG
from functions.common import migrations, mongo, products, pubsub
from functions.common.pubsub import OutMessage
from functions.discount.collections import COLLECTIONS
from tests import support
from tests.integration.discount import card_room
from tests.integration.discount.card_room import BERLIN, PARIS, RIVAL, ROME, TENANT, CardRoom
from tests.support import World

__all__ = ["BERLIN", "PARIS", "RIVAL", "ROME", "TENANT"]

MILK, MILK_CASE, UNPRICED = "4006381333931", "14006381333938", "5012345678900"
BORN = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
WATERMARK: products.Watermark = {"t": 1, "q": 1, "s": "erp", "e": "e-1"}
TEN = {"type": "percentage", "match": {"categories": ["milk"]}, "basisPoints": 1000}


@dataclass
class Discount:
    """The room as brand managers see it, and what it published."""

    world: World
    client: httpx.AsyncClient
    published: list[dict[str, Any]] = field(default_factory=list)
    pubsub_down: bool = False

    def manager(self, *stores: str, tenant: str = TENANT) -> dict[str, str]:
        return self.world.staff("brand_manager", tenant, stores or ("*",))

    async def create(
        self, promotion_id: str = "milk-week", headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        body = {"promotionId": promotion_id, "name": "Milk week", "benefit": TEN, **more}
        return await self.client.post("/v1/promotions", json=body, headers=headers or self.manager())

    async def put(
        self, promotion_id: str = "milk-week", headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        body = {"name": "Milk week", "benefit": TEN, "status": "active", **more}
        return await self.client.put(f"/v1/promotions/{promotion_id}", json=body, headers=headers or self.manager())

    async def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> httpx.Response:
        return await self.client.get(f"/v1/promotions{path}", headers=headers or self.manager(), params=query)

    async def delete(self, promotion_id: str = "milk-week", headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.client.delete(f"/v1/promotions/{promotion_id}", headers=headers or self.manager())

    async def try_out(self, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        body = {"storeId": BERLIN, "lines": [{"lineId": "1", "barcode": MILK}], **more}
        return await self.client.post("/v1/promotions:dry-run", json=body, headers=headers or self.manager())

    async def document(self, promotion_id: str = "milk-week") -> dict[str, Any]:
        found = await mongo.database().promotions.find_one({"promotionId": promotion_id})
        assert found is not None
        return dict(found)

    def events(self) -> list[tuple[str, int, str, list[str] | None]]:
        """What was published: promotion, version, state, stores."""
        return [
            (each["promotionId"], each["ver"], each["status"], each["storeIds"])
            for event in self.published
            for each in event["data"]["promotions"]
        ]


@pytest.fixture
async def world(mongod: str, redis_server: str, emptied_database: str) -> AsyncIterator[World]:
    world = World(mongo_uri=mongod, database=emptied_database, redis_url=redis_server)
    with world.installed():
        kept = [each for each in CATALOG if each.name in ("stores", "products")]
        await migrations.apply(mongo.database(), [*migrations.SHARED, *kept, *COLLECTIONS])
        await stock()
        yield world
        await support.close()


@pytest.fixture
async def discount(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Discount]:
    async with world.door("discount", "discount") as client:
        discount = Discount(world, client)

        async def publish(topic: str, messages: Sequence[OutMessage]) -> list[str]:
            if discount.pubsub_down:
                raise ConnectionError("Pub/Sub is away")
            assert topic == "discount-events"
            discount.published += [orjson.loads(message.data) for message in messages]
            return [str(index) for index in range(len(messages))]

        monkeypatch.setattr(pubsub, "publish", publish)
        yield discount


@pytest.fixture
async def cards(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CardRoom]:
    async with card_room.opened(world, monkeypatch) as room:
        yield room


async def stock() -> None:
    """Three stores of two tenants, and what one of them sells."""
    stamps = {"status": "active", "ver": 1, "createdAt": BORN, "updatedAt": BORN}
    for tenant, store, zone in (
        (TENANT, BERLIN, "Europe/Berlin"),
        (TENANT, PARIS, "Europe/Paris"),
        (RIVAL, ROME, "Europe/Rome"),
    ):
        named = {"tenantId": tenant, "name": store, "currency": "EUR", "timeZone": zone}
        await mongo.database().stores.insert_one({"_id": store, **named, **stamps})
    units: list[products.Unit] = [{"name": "case", "barcode": MILK_CASE, "quantity": 6000, "price": 899}]
    for barcode, amount in ((MILK, 159), (UNPRICED, None)):
        price = None if amount is None else products.price_field(amount, "EUR", WATERMARK)
        document = products.new_document(
            tenant_id=TENANT, store_id=BERLIN, barcode=barcode, name="Milk", now=BORN, category_id="milk",
            brand_id="alp", tax_class="reduced", price=price, units=units if barcode == MILK else (),
        )  # fmt: skip
        await mongo.database().products.insert_one(dict(document))
