"""Two tenants' shops behind the real price doors, with what they publish kept in a list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from functions.catalog.collections import COLLECTIONS as CATALOG
from functions.common import migrations, products, pubsub, redis, tasks
from functions.common.migrations import SHARED
from functions.price_ingest.collections import COLLECTIONS
from tests.support import World

BORN = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
MILK, WINE, UNKNOWN = "4006381333931", "3012345678902", "4012345678901"
T1, T2 = "/push/price-updates/t1", "/push/price-updates/t2"

Database = AsyncDatabase[dict[str, Any]]


def product(barcode: str, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"tenant_id": "t1", "store_id": "s1", "name": f"Product {barcode}", "now": BORN}
    return dict(products.new_document(barcode=barcode, **made | fields))


def store(store_id: str, tenant_id: str, currency: str = "EUR") -> dict[str, Any]:
    return {
        "_id": store_id,
        "tenantId": tenant_id,
        "name": store_id,
        "currency": currency,
        "timeZone": "Europe/Berlin",
        "status": "active",
        "ver": 1,
    }


class Outbox:
    """What was published and enqueued, instead of Pub/Sub and Cloud Tasks."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, pubsub.OutMessage]] = []
        self.tasks: list[dict[str, Any]] = []
        self.down: Exception | None = None

    async def publish(self, topic: str, messages: Sequence[pubsub.OutMessage]) -> list[str]:
        if self.down is not None:
            raise self.down
        self.messages += [(topic, message) for message in messages]
        return [str(len(self.messages)) for _ in messages]

    async def enqueue(self, queue: str, service: str, path: str, body: dict[str, Any], **_: Any) -> None:
        assert (queue, service, path) == ("price-ingest-events-replay", "price-ingest-events", "/tasks/replay")
        self.tasks.append(body)

    def on(self, topic: str) -> list[pubsub.OutMessage]:
        return [message for name, message in self.messages if name == topic]

    def changes(self) -> list[tuple[str, dict[str, Any]]]:
        """(event id, change) of every announced change."""
        events = [orjson.loads(message.data) for message in self.on("catalog-events")]
        return [(event["id"], change) for event in events for change in event["data"]["changes"]]


@pytest.fixture
def world(mongod: str, redis_server: str, module_database: str) -> Iterator[World]:
    made = World(mongo_uri=mongod, database=module_database, redis_url=redis_server)
    with made.installed():
        yield made


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> Outbox:
    made = Outbox()
    monkeypatch.setattr(pubsub, "publish", made.publish)
    monkeypatch.setattr(tasks, "enqueue", made.enqueue)
    return made


@pytest.fixture
async def shop(world: World) -> AsyncIterator[Database]:
    """The database of two tenants; everything else is empty, Redis as well."""
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(world.settings.mongodb_uri, tz_aware=True) as client:
        database: Database = client[world.settings.mongodb_database]
        if "products" not in await database.list_collection_names():
            await migrations.apply(database, [*CATALOG, *COLLECTIONS, *SHARED])
        for name in await database.list_collection_names():
            await database[name].delete_many({})
        await database.stores.insert_many([store("s1", "t1"), store("s2", "t2"), store("s3", "t1", "CHF")])
        await database.products.insert_many(
            [
                product(MILK),
                product(WINE),
                product(MILK, store_id="s3"),
                product(MILK, tenant_id="t2", store_id="s2"),
            ]
        )
        flusher = redis.Cache(world.settings.redis_url, timeout=2.0)
        await flusher.client.flushall()
        await flusher.close()
        yield database


@pytest.fixture
async def apply(world: World, shop: Database, outbox: Outbox) -> AsyncIterator[httpx.AsyncClient]:
    """The applying door."""
    async with world.door("price_ingest", "price_ingest_apply") as made:
        yield made


@pytest.fixture
async def rest(world: World, shop: Database, outbox: Outbox) -> AsyncIterator[httpx.AsyncClient]:
    """The REST door, called by an ERP of the first tenant."""
    async with world.door("price_ingest", "price_ingest") as made:
        made.headers.update(world.staff("erp", "t1"))
        yield made


@pytest.fixture
async def events(world: World, shop: Database, outbox: Outbox) -> AsyncIterator[httpx.AsyncClient]:
    """The door of catalogue events, dead letters and replays."""
    async with world.door("price_ingest", "price_ingest_events") as made:
        yield made
