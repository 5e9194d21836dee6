"""The room's real doors on a real MongoDB; the bucket is a dictionary, queues are worked off when a test says so."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from functions.catalog.collections import COLLECTIONS as CATALOG
from functions.common import clock, migrations, mongo, products, pubsub, tasks
from functions.common.migrations import SHARED
from functions.import_publish.collections import COLLECTIONS
from functions.import_publish.sources import blobs
from tests.support import World
from tests.unit.import_publish.fakes import MemoryBucket

TENANT, RIVAL = "acme", "umbrella"
BERLIN, PARIS, ROME = "acme-berlin", "acme-paris", "umbrella-rome"
MILK, WINE, RICE, SALT = "4006381333931", "3012345678902", "5000112637922", "96385074"
BORN = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
CSV = {"Content-Type": "text/csv"}


class Room:
    """Imports as callers see them, and what lies behind."""

    def __init__(self, world: World, client: httpx.AsyncClient, worker: httpx.AsyncClient) -> None:
        self.world, self.client, self.worker = world, client, worker
        self.bucket = MemoryBucket()
        self.queue: deque[tuple[str, dict[str, Any], datetime | None]] = deque()
        self.published: list[dict[str, Any]] = []
        self.manager = world.staff("brand_manager", TENANT)

    @property
    def database(self) -> Any:
        return mongo.database()

    # -- what callers do

    async def upload(self, content: bytes | str, headers: dict[str, str] | None = None, **query: Any) -> httpx.Response:
        body = content.encode() if isinstance(content, str) else content
        return await self.client.post(
            "/v1/imports",
            params={"storeId": BERLIN, **query},
            content=body,
            headers={**CSV, **(headers or self.manager)},
        )

    async def staged(self, content: bytes | str, headers: dict[str, str] | None = None, **query: Any) -> str:
        """The id of an import that was uploaded and staged."""
        reply = await self.upload(content, headers, **query)
        assert reply.status_code == 202, reply.text
        await self.work_off()
        import_id: str = reply.json()["data"]["imports"][0]["importId"]
        return import_id

    async def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> Any:
        reply = await self.client.get(path, params=query, headers=headers or self.manager)
        assert reply.status_code == 200, reply.text
        return reply.json()["data"]

    async def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.client.post(path, json=body, headers=headers or self.manager)

    async def view(self, import_id: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.get(f"/v1/imports/{import_id}")
        return found

    async def rows(self, import_id: str, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.get(f"/v1/imports/{import_id}/rows", limit=100, **query)
        return found

    async def correct(self, import_id: str, line: int, **body: Any) -> httpx.Response:
        return await self.client.patch(f"/v1/imports/{import_id}/rows/{line}", json=body, headers=self.manager)

    # -- what the platform does

    async def work_off(self, *, only: Sequence[str] = ("fetch", "stage")) -> None:
        """Deliver the tasks of these queues until there are none; the others stay."""
        left = deque[tuple[str, dict[str, Any], datetime | None]]()
        while self.queue:
            queue, body, at = self.queue.popleft()
            if queue not in only:
                left.append((queue, body, at))
                continue
            reply = await self.task(queue, body)
            assert reply.status_code == 204, reply.text
        self.queue = left

    async def task(self, queue: str, body: dict[str, Any]) -> httpx.Response:
        path = f"/tasks/{queue}"
        return await self.worker.post(path, json=body, headers=self.world.platform(path))

    async def sweep(self) -> None:
        path = "/jobs/resume-imports"
        reply = await self.worker.post(path, headers=self.world.platform(path))
        assert reply.status_code == 204, reply.text

    async def enqueue(
        self, queue: str, service: str, path: str, body: dict[str, Any], *, schedule: datetime | None = None, **_: Any
    ) -> None:
        name = path.removeprefix("/tasks/")
        assert (queue, service) == (f"import-publish-work-{name}", "import-publish-work")
        self.queue.append((name, body, schedule))

    async def publish(self, topic: str, messages: Sequence[pubsub.OutMessage]) -> list[str]:
        assert topic == "catalog-events"
        self.published += [orjson.loads(message.data) for message in messages]
        return [str(index) for index, _ in enumerate(messages)]

    # -- what lies behind

    async def document(self, import_id: str) -> dict[str, Any]:
        found = await self.database.imports.find_one({"_id": import_id})
        assert found is not None
        return dict(found)

    async def chunks(self, import_id: str) -> list[dict[str, Any]]:
        return [each async for each in self.database.product_staging.find({"importId": import_id}).sort("n", 1)]

    async def sell(self, barcode: str, store: str = BERLIN, **fields: Any) -> None:
        made: dict[str, Any] = {"name": f"Product {barcode}", "now": BORN, "tax_class": "standard"}
        price = fields.pop("price", 199)
        mark: products.Watermark = {"t": int(BORN.timestamp() * 1e6), "q": 1, "s": "erp", "e": "e-1"}
        made["price"] = None if price is None else products.price_field(price, "EUR", mark)
        tenant = {BERLIN: TENANT, PARIS: TENANT, ROME: RIVAL}[store]
        units = fields.pop("units", [])
        document = products.new_document(tenant_id=tenant, store_id=store, barcode=barcode, **(made | fields))
        await self.database.products.insert_one({**document, "units": units})


@pytest.fixture
async def room(
    mongod: str, redis_server: str, emptied_database: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Room]:
    world = World(mongo_uri=mongod, database=emptied_database, redis_url=redis_server)
    with world.installed():
        await migrations.apply(mongo.database(), [*SHARED, *CATALOG, *COLLECTIONS])
        async with (
            world.door("import_publish", "import_publish") as client,
            world.door("import_publish", "import_publish_work") as worker,
        ):
            room = Room(world, client, worker)
            blobs.bucket.replace(room.bucket)
            monkeypatch.setattr(tasks, "enqueue", room.enqueue)
            monkeypatch.setattr(pubsub, "publish", room.publish)
            for store, tenant in ((BERLIN, TENANT), (PARIS, TENANT), (ROME, RIVAL)):
                await room.database.stores.insert_one(
                    {
                        "_id": store,
                        "tenantId": tenant,
                        "name": store,
                        "currency": "EUR",
                        "timeZone": "Europe/Berlin",
                        "status": "active",
                        "ver": 1,
                    }
                )
            yield room
            blobs.bucket.replace(None)


@pytest.fixture
def later() -> Iterator[Callable[[timedelta], None]]:
    """Call it to be so much later."""
    yield lambda delta: clock.freeze(lambda: time.time() + delta.total_seconds())
    clock.freeze(None)
