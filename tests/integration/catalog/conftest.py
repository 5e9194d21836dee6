"""The catalogue's real doors on a real MongoDB and Redis; only Pub/Sub is a list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import pytest
from redis import Redis

from functions.catalog import settings as catalog_settings
from functions.catalog.collections import COLLECTIONS
from functions.common import migrations, mongo, pubsub
from functions.common.pubsub import OutMessage
from tests.support import World

TENANT, OTHER_TENANT = "acme", "umbrella"
STORE, SECOND_STORE, FOREIGN_STORE = "acme-berlin", "acme-paris", "umbrella-rome"
GTIN, GTIN_2, GTIN_3 = "4006381333931", "5000112637922", "96385074"


@dataclass
class Catalog:
    """The catalogue as callers see it, and what it published."""

    world: World
    client: httpx.AsyncClient
    published: list[dict[str, Any]] = field(default_factory=list)
    pubsub_down: bool = False

    @property
    def manager(self) -> dict[str, str]:
        return self.world.staff("brand_manager", TENANT)

    @property
    def database(self) -> Any:
        return mongo.database()

    def products(self, store: str = STORE) -> str:
        return f"/v1/stores/{store}/products"

    async def create(self, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        body = {"barcode": GTIN, "name": "Fine Pencil", **more}
        return await self.client.post(self.products(), json=body, headers=headers or self.manager)

    async def patch(self, body: dict[str, Any], **headers: str) -> httpx.Response:
        return await self.client.patch(f"{self.products()}/{GTIN}", json=body, headers=self.manager | headers)

    async def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> httpx.Response:
        return await self.client.get(path, headers=headers or self.manager, params=query)

    async def document(self, barcode: str = GTIN, store: str = STORE) -> dict[str, Any]:
        found = await self.database.products.find_one({"storeId": store, "barcode": barcode})
        assert found is not None
        return dict(found)

    async def audit(self, entity: str = "product") -> list[dict[str, Any]]:
        return [entry async for entry in self.database.audit_log.find({"entity": entity}).sort("ver", 1)]

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        return [(event["type"], event["data"]) for event in self.published]


@pytest.fixture
async def world(mongod: str, redis_server: str, emptied_database: str) -> AsyncIterator[World]:
    world = World(mongo_uri=mongod, database=emptied_database, redis_url=redis_server)
    with world.installed():
        # Another folder's products of the same names may still be in the cache.
        with Redis.from_url(redis_server) as cache:
            cache.flushdb()
        catalog_settings.load.replace(None)
        await migrations.apply(mongo.database(), [*migrations.SHARED, *COLLECTIONS])
        yield world
        catalog_settings.load.replace(None)


@pytest.fixture
async def catalog(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Catalog]:
    async with world.door("catalog", "catalog") as client:
        catalog = Catalog(world, client)

        async def publish(topic: str, messages: Sequence[OutMessage]) -> list[str]:
            if catalog.pubsub_down:
                raise ConnectionError("Pub/Sub is away")
            assert topic == "catalog-events"
            catalog.published += [orjson.loads(message.data) for message in messages]
            return [str(index) for index in range(len(messages))]

        monkeypatch.setattr(pubsub, "publish", publish)
        for tenant, store in ((TENANT, STORE), (TENANT, SECOND_STORE), (OTHER_TENANT, FOREIGN_STORE)):
            body = {"storeId": store, "name": store.title(), "currency": "EUR", "timeZone": "Europe/Berlin"}
            reply = await client.post("/v1/stores", json=body, headers=world.staff("brand_manager", tenant))
            assert reply.status_code == 201, reply.text
        yield catalog
