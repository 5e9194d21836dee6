"""A store opens, prints its poster, lets a shopper in, and replaces the poster: two rooms, no shared code."""

from __future__ import annotations

import pytest

from functions.catalog import collections as catalog_collections
from functions.catalog import settings as catalog_settings
from functions.common import migrations, mongo
from functions.sessions import collections as sessions_collections
from functions.sessions import settings as sessions_settings
from functions.sessions import wiring
from tests.support import World, bearer


@pytest.fixture
def world(mongod: str, redis_server: str, database: str) -> World:
    return World(mongo_uri=mongod, database=database, redis_url=redis_server)


async def test_a_poster_lets_shoppers_in_until_it_is_replaced(world: World) -> None:
    rooms = (migrations.SHARED, catalog_collections.COLLECTIONS, sessions_collections.COLLECTIONS)
    manager, ann = world.staff("brand_manager", "acme"), world.shopper("ann")
    store = {"storeId": "acme-berlin", "name": "Berlin", "currency": "EUR", "timeZone": "Europe/Berlin"}
    with world.installed():
        catalog_settings.load.replace(None)
        sessions_settings.load.replace(None)
        wiring.deps.replace(None)
        await migrations.apply(mongo.database(), [each for room in rooms for each in room])
        async with world.door("catalog", "catalog") as catalog, world.door("sessions", "sessions") as sessions:
            # Given a store with a poster at its entrance
            assert (await catalog.post("/v1/stores", json=store, headers=manager)).status_code == 201
            path = "/v1/stores/acme-berlin/check-in-code"
            poster = (await catalog.get(path, headers=manager)).json()["data"]["code"]
            # When a shopper scans it
            entered = await sessions.post("/v1/sessions", json={"storeCode": poster}, headers=ann)
            # Then the visit is in that store, and its token is accepted
            assert entered.status_code == 201, entered.text
            visit = entered.json()["data"]
            assert visit["store"] == store
            current = await sessions.get("/v1/sessions/current", headers=bearer(visit["token"]))
            assert current.json()["data"]["storeId"] == "acme-berlin"
            # When the poster is replaced
            replaced = await catalog.post(f"{path}:rotate", headers=manager)
            # Then the old one opens nothing, and the new one does
            old = await sessions.post("/v1/sessions", json={"storeCode": poster}, headers=ann)
            assert old.json()["error"]["code"] == "STORE_CODE_OUTDATED"
            new = {"storeCode": replaced.json()["data"]["code"]}
            assert (await sessions.post("/v1/sessions", json=new, headers=ann)).status_code == 201
            # When the store closes
            await catalog.delete("/v1/stores/acme-berlin", headers=manager)
            # Then nobody gets in
            closed = await sessions.post("/v1/sessions", json=new, headers=ann)
            assert closed.json()["error"]["code"] == "STORE_CLOSED"
