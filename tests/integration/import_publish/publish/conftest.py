"""Staged imports of one store, published by the real verbs into a real MongoDB and a real Redis."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from functions.catalog.collections import COLLECTIONS as CATALOG
from functions.common import clock, failpoints, migrations, product_edits, products, pubsub, redis, tasks
from functions.common.errors import AlreadyDone
from functions.common.migrations import SHARED
from functions.common.product_names import searchable
from functions.common.retail.barcode import check_digit
from functions.import_publish import gently, publishing, rolling_back, wiring
from functions.import_publish.collections import COLLECTIONS
from functions.import_publish.domain import codes, differences, profiles, staged
from functions.import_publish.domain.rules import Rules
from functions.price_ingest.collections import COLLECTIONS as PRICES
from tests.support import World, close

TENANT, STORE = "t1", "s1"
BORN = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
BEFORE = product_edits.micros(BORN)
Database = AsyncDatabase[dict[str, Any]]


def gtin(number: int) -> str:
    """A valid GTIN-13 for each number."""
    body = f"401234{number:06d}"
    return body + check_digit(body)


def product(number: int, *, price: int | None = 100, stock: int | None = None, **fields: Any) -> dict[str, Any]:
    """A product that is live before the import."""
    w: products.Watermark = {"t": BEFORE, "q": 0, "s": "erp", "e": "before"}
    name = fields.pop("name", f"Product {number}")
    made = dict(
        products.new_document(
            tenant_id=TENANT,
            store_id=STORE,
            barcode=gtin(number),
            name=name,
            now=BORN,
            price=None if price is None else products.price_field(price, "EUR", w),
            stock=None if stock is None else products.stock_field(stock, w),
        )
    )
    return {**made, **searchable(name), **fields}


class Shop:
    """One store, what it publishes, and the worker of its imports."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.messages: list[pubsub.OutMessage] = []
        self.tasks: list[dict[str, Any]] = []
        self.down: Exception | None = None

    # -- what happens around the room --------------------------------------------------------------------------

    async def publish(self, topic: str, messages: Sequence[pubsub.OutMessage]) -> list[str]:
        assert topic == "catalog-events"
        if self.down is not None:
            raise self.down
        self.messages += messages
        return [""] * len(messages)

    async def enqueue(self, queue: str, service: str, path: str, body: dict[str, Any], **_: Any) -> None:
        assert queue == service + "-" + path.rpartition("/")[2]
        self.tasks.append({"path": path, **body})

    @property
    def events(self) -> dict[str, Any]:
        """id -> (type, data) of everything published; the same id always says the same."""
        found: dict[str, Any] = {}
        for message in self.messages:
            event = orjson.loads(message.data)
            said = (event["type"], event["data"])
            assert found.setdefault(event["id"], said) == said, "one id, two facts"
        return found

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The products, or the changes, of all events of a kind."""
        return [
            each
            for type_, data in self.events.values()
            if type_ == f"catalog.{kind}"
            for each in data.get("products", data.get("changes"))
        ]

    # -- what the room is given --------------------------------------------------------------------------------

    async def live(self, *numbers: int) -> Any:
        """The products with these numbers."""
        found = [await self.database.products.find_one({"storeId": STORE, "barcode": gtin(n)}) for n in numbers]
        return found[0] if len(found) == 1 else found

    async def stage(self, *chunks: Sequence[Mapping[str, Any]], import_id: str = "i1", **fields: Any) -> dict[str, Any]:
        """An approved import with these chunks of rows, each compared with what is live now."""
        now = clock.now()
        everything = [await self._staged(rows) for rows in chunks]
        document = {
            "_id": import_id,
            "tenantId": TENANT,
            "storeId": STORE,
            "groupId": import_id,
            "state": "publishing",
            "name": "file.csv",
            "source": {"kind": "upload", "name": "file.csv", "format": "csv", "delimiter": ";", "columns": COLUMNS},
            "profile": profiles.BUILT_IN["retailscan"].to_dict(),
            "rules": Rules().to_dict(),
            "mode": "partial",
            "currency": "EUR",
            "timeZone": "Europe/Berlin",
            "corrects": None,
            "counts": staged.tally(row for rows in everything for row in rows).counts,
            "codes": {},
            "confirms": {},
            "chunks": len(chunks),
            "confirmed": [],
            "approval": {"by": "ann", "at": now},
            "work": {"fence": 1, "until": None, "owner": None},
            "progress": None,
            "result": None,
            "createdBy": "ann",
            "createdAt": now,
            "updatedAt": now,
            "ver": 1,
            **fields,
        }
        await self.database.imports.insert_one(document)
        for n, rows in enumerate(everything):
            await self.database.product_staging.insert_one(_chunk(import_id, n, rows, now))
        return document

    async def _staged(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        made = []
        for row in rows:
            kept = {key: value for key, value in row.items() if key != "faults"}
            live = await self.database.products.find_one({"storeId": STORE, "barcode": row["b"]})
            faults = row.get("faults", [])
            if "a" not in kept:
                kept["a"], changes = differences.diff(row["v"], live)
                if changes:
                    kept["d"] = changes
            staged.settle(kept, faults)
            if codes.worst(faults) == "error":
                kept["raw"] = [row["b"], row["v"].get("name"), str(row["v"].get("price"))]
            made.append(kept)
        return made

    # -- what the room does ------------------------------------------------------------------------------------

    @property
    def deps(self) -> publishing.Deps:
        return wiring.deps().publishing

    async def begin(self, import_id: str = "i1") -> None:
        """Deliver the task that makes the tasks of the chunks, and lose those."""
        await publishing.start(self.deps, TENANT, import_id)
        self.tasks.clear()

    async def chunk(self, n: int = 0, import_id: str = "i1", *, again: bool = False) -> None:
        """Deliver the task of a chunk to a process of its own: it waits for nobody's turn."""
        gently.alone.replace(None)
        await publishing.publish_chunk(self.deps, TENANT, import_id, n, again=again)

    async def run(self, import_id: str = "i1") -> dict[str, Any]:
        """Publish an import to its end, task by task, and return it."""
        await publishing.start(self.deps, TENANT, import_id)
        await self.work_off()
        found = await self.database.imports.find_one({"_id": import_id})
        assert found is not None
        return found

    async def work_off(self) -> None:
        """Deliver the tasks that are waiting, and those that they make."""
        while self.tasks:
            task = self.tasks.pop(0)
            with contextlib.suppress(AlreadyDone):
                await self.deliver(task)

    async def deliver(self, task: Mapping[str, Any]) -> None:
        """Do what a task says."""
        scope = (self.deps, TENANT, task["importId"])
        if task["path"] == "/tasks/publish":
            await (publishing.publish_chunk(*scope, task["n"]) if "n" in task else publishing.start(*scope))
        else:
            assert task["path"] == "/tasks/rollback"
            await (rolling_back.roll_back_chunk(*scope, task["n"]) if "n" in task else rolling_back.start(*scope))

    async def roll_back(self, import_id: str = "i1") -> dict[str, Any]:
        """Take an import back to the end, and return it."""
        await rolling_back.request(self.deps, await self.found(import_id), "bob", "brand_manager")
        await self.work_off()
        return await self.found(import_id)

    async def clear(self) -> None:
        """Begin anew."""
        for name in await self.database.list_collection_names():
            await self.database[name].delete_many({})
        self.messages.clear()
        self.tasks.clear()

    async def found(self, import_id: str = "i1") -> dict[str, Any]:
        """The import as it is now."""
        found = await self.database.imports.find_one({"_id": import_id})
        assert found is not None
        return found


COLUMNS = ["barcode", "name", "price"]


def _chunk(import_id: str, n: int, rows: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    counts = staged.tally(rows)
    return {
        "_id": f"{import_id}:{n:06d}",
        "tenantId": TENANT,
        "storeId": STORE,
        "importId": import_id,
        "n": n,
        "kind": "rows",
        "first": rows[0]["r"],
        "last": rows[-1]["r"],
        "keys": b"",
        "counts": counts.counts,
        "codes": counts.codes,
        "confirms": counts.confirms,
        "rows": rows,
        "state": "staged",
        "attempts": 0,
        "result": None,
        "fence": 1,
        "ver": 1,
        "expireAt": now + timedelta(days=7),
    }


def row(number: int, *, faults: Sequence[codes.Fault] = (), **values: Any) -> dict[str, Any]:
    """A row of the file about the product of a number. `price` and `stock` as they are stored."""
    made: dict[str, Any] = {"r": number + 2, "b": gtin(number), "v": values}
    return made | ({"faults": list(faults)} if faults else {})


@pytest.fixture
def world(mongod: str, redis_server: str, module_database: str) -> Iterator[World]:
    made = World(mongo_uri=mongod, database=module_database, redis_url=redis_server)
    with made.installed():
        yield made


@pytest.fixture
async def shop(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    """An empty store."""
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(world.settings.mongodb_uri, tz_aware=True) as client:
        database: Database = client[world.settings.mongodb_database]
        if "products" not in await database.list_collection_names():
            await migrations.apply(database, [*CATALOG, *PRICES, *COLLECTIONS, *SHARED])
        for name in await database.list_collection_names():
            await database[name].delete_many({})
        flusher = redis.Cache(world.settings.redis_url, timeout=2.0)
        await flusher.client.flushall()
        await flusher.close()
        made = Shop(database)
        monkeypatch.setattr(pubsub, "publish", made.publish)
        monkeypatch.setattr(tasks, "enqueue", made.enqueue)
        yield made
        failpoints.configure(None)
        await wiring.close()
        await close()
