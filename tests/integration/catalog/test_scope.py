"""Every command that the catalogue sends about a tenant's data names the tenant and the store."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pymongo import AsyncMongoClient, monitoring

from functions.common import mongo
from functions.common.mongo import Scoped
from tests.integration.catalog.conftest import GTIN, GTIN_2, STORE, Catalog
from tests.support import World

NEEDED = {
    "products": ("tenantId", "storeId"),
    "audit_log": ("tenantId",),
    "brands": ("tenantId",),
    "modules": ("tenantId",),
}


class Recorder(monitoring.CommandListener):
    """Filters and documents of the commands sent, with the collection they were for."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, Any]]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        command, name = event.command, event.command_name
        collection = str(command.get(name))
        parts = [each["q"] for each in (*command.get("updates", ()), *command.get("deletes", ()))]
        parts += command.get("documents", ())
        parts += [command[key] for key in ("filter", "query") if key in command]
        parts += [stage["$match"] for stage in command.get("pipeline", ())[:1] if "$match" in stage]
        self.seen += [(name, collection, dict(part)) for part in parts]

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...

    def unscoped(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Commands that lack an equality on a field of their collection's scope."""
        return [
            (name, collection, part)
            for name, collection, part in self.seen
            if not all(isinstance(part.get(key), str) for key in NEEDED.get(collection, ()))
        ]


@pytest.fixture
async def recorder(world: World, mongod: str) -> Recorder:
    recorder = Recorder()
    await mongo.close()
    mongo._client = AsyncMongoClient(mongod, tz_aware=True, w="majority", event_listeners=[recorder])
    mongo._loop = asyncio.get_running_loop()
    return recorder


async def a_day_of_an_editor(catalog: Catalog) -> None:
    client, headers, products = catalog.client, catalog.manager, catalog.products()
    await client.post("/v1/brands", json={"brandId": "faber", "name": "Faber"}, headers=headers)
    await client.patch("/v1/brands/faber", json={"name": "Faber-Castell"}, headers=headers)
    await client.get("/v1/brands", headers=headers)
    module = {"moduleId": "offers", "name": "Offers", "version": "1.0.0"}
    await client.post("/v1/modules", json=module, headers=headers)
    await client.delete("/v1/modules/offers", headers=headers)
    unit = {"name": "six", "barcode": GTIN_2, "quantity": 6000}
    assert (await catalog.create(brandId="faber", units=[unit])).status_code == 201
    assert (await catalog.create()).status_code == 409
    assert (await catalog.patch({"name": "Pen", "units": []})).status_code == 200
    items = [{"barcode": GTIN, "name": "Biro"}, {"barcode": GTIN_2, "name": "Six"}]
    assert (await client.post(f"{products}:bulk", json={"products": items}, headers=headers)).status_code == 200
    for path in (f"{products}?q=biro", f"{products}?sort=createdAt", f"{products}/{GTIN}/history"):
        assert (await client.get(path, headers=headers)).status_code == 200
    await client.delete("/v1/brands/faber", headers=headers)
    await client.delete(f"{products}/{GTIN}", headers=headers)
    await client.post(f"/v1/stores/{STORE}/cache:clear", headers=headers)


async def test_every_command_carries_its_scope(recorder: Recorder, catalog: Catalog) -> None:
    await a_day_of_an_editor(catalog)
    assert {(name, collection) for name, collection, _ in recorder.seen} >= {
        ("find", "products"), ("aggregate", "products"), ("update", "products"), ("insert", "products"),
        ("insert", "audit_log"), ("find", "audit_log"), ("insert", "brands"), ("update", "brands"),
        ("aggregate", "brands"), ("find", "modules"), ("update", "modules"),
    }  # fmt: skip
    assert recorder.unscoped() == []


async def test_without_the_scope_filter_the_same_day_is_caught(
    recorder: Recorder, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard proven: the test above is red when the scope is left out of filters."""
    monkeypatch.setattr(Scoped, "filter", lambda self, query=None: dict(query or {}))
    await a_day_of_an_editor(catalog)
    assert {collection for _, collection, _ in recorder.unscoped()} == set(NEEDED)
