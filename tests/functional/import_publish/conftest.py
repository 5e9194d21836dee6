"""The room's doors without any server behind them: what is refused here was refused before a look at the data."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from functions.common import stores
from functions.common.stores import Store
from functions.import_publish.sources import blobs
from tests.support import World
from tests.unit.import_publish.fakes import MemoryBucket

TENANT, STORE = "acme", "acme-berlin"


@pytest.fixture(scope="session")
def shared_world() -> World:
    """Keys take a while to make."""
    return World()


@pytest.fixture
def world(shared_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    async def find(tenant_id: str, store_id: str) -> Store | None:
        if (tenant_id, store_id) != (TENANT, STORE):
            return None
        return Store(store_id, tenant_id, "Berlin", "EUR", "Europe/Berlin", "active", "strict", (), 1)

    monkeypatch.setattr(stores, "find", find)
    return shared_world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    with world.installed():
        blobs.bucket.replace(MemoryBucket())
        async with world.door("import_publish", "import_publish") as client:
            yield client
        blobs.bucket.replace(None)


@pytest.fixture
async def worker(world: World) -> AsyncIterator[httpx.AsyncClient]:
    with world.installed():
        async with world.door("import_publish", "import_publish_work") as client:
            yield client
