"""The room's door without any server behind it: what is refused here needed no look at the data."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from functions.common import ratelimit, stores
from functions.common.stores import Store
from tests.support import World

TENANT, STORE, FOREIGN_STORE = "acme", "acme-berlin", "umbrella-rome"


@pytest.fixture(scope="session")
def shared_world() -> World:
    """Keys take a while to make."""
    world = World()
    world.environment |= {"STRIPE_API_KEY": "sk_test_nobody"}
    return world


@pytest.fixture
def world(shared_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    async def find(tenant_id: str, store_id: str) -> Store | None:
        owner = {STORE: TENANT, FOREIGN_STORE: "umbrella"}.get(store_id)
        if owner != tenant_id:
            return None
        return Store(store_id, owner, "Berlin", "EUR", "Europe/Berlin", "active", "strict", (), 1)

    monkeypatch.setattr(stores, "find", find)
    for name in ("manage", "checkout"):
        monkeypatch.setitem(ratelimit.RATES, name, (1e6, 10**6))
    return shared_world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    with world.installed():
        async with world.door("checkout", "checkout") as client:
            yield client
