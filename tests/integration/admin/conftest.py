"""The dashboard's operations with a real MongoDB, and the stores of two tenants in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from functions.admin import collections
from functions.catalog import collections as catalog
from functions.common import migrations, mongo
from tests.support import ROOT, World, app_of, client_of, close


@pytest.fixture
def world(mongod: str, database: str) -> World:
    """Keys and a database of its own."""
    made = World(mongo_uri=mongod, database=database)
    made.environment |= {
        "PUBLIC_API_URL": "https://api.test",
        "DASHBOARD_KEY": "a key for tests that is long enough to be one",
        "DASHBOARD_SIGN_IN": "local",
    }
    return made


@pytest.fixture
async def door(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The room's public door, with two tenants' stores."""
    with world.installed():
        await migrations.apply(mongo.database(), [*collections.COLLECTIONS, *catalog.COLLECTIONS])
        born = {"currency": "EUR", "timeZone": "Europe/Berlin", "status": "active", "codeVersion": 1, "ver": 1}
        stores = [
            {"_id": store, "tenantId": tenant, "name": store, **born}
            for store, tenant in (("berlin", "acme"), ("rome", "rival"))
        ]
        await (
            mongo.database()
            .get_collection("stores")
            .with_options()
            .insert_many(stores, bypass_document_validation=True)
        )
        async with client_of(app_of("admin", ROOT / "functions" / "admin" / "main.py")) as client:
            client.headers.update(world.staff("brand_manager", "acme"))
            yield client
            await close()
