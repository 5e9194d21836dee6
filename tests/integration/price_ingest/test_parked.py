"""Updates of products that do not exist yet: kept for a day, applied when the product is published."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from functions.common import clock
from functions.common.contracts.catalog import PRODUCT_PUBLISHED
from functions.common.contracts.envelope import Event, to_message
from tests.integration.price_ingest.conftest import T1, UNKNOWN, Database, Outbox, product
from tests.support import World

PATH = "/push/catalog-events"


def update(minute: int = 0, **fields: Any) -> dict[str, Any]:
    return {"storeId": "s1", "barcode": UNKNOWN, "sourceTime": f"2026-11-20T09:{minute:02}:00Z"} | fields


async def publish(
    events: httpx.AsyncClient,
    world: World,
    store: str = "s1",
    tenant: str = "t1",
    *,
    barcodes: Sequence[str] = (UNKNOWN,),
) -> httpx.Response:
    kind, version = PRODUCT_PUBLISHED
    data = {"products": [{"barcode": barcode, "ver": 1} for barcode in barcodes]}
    message = to_message(Event("e1", kind, version, tenant, store, datetime(2026, 11, 20, tzinfo=UTC), data))
    return await world.push(events, PATH, message.data, attributes=message.attributes)


async def found(shop: Database) -> dict[str, Any]:
    document = await shop.products.find_one({"storeId": "s1", "barcode": UNKNOWN})
    assert document is not None
    return document


async def test_the_newest_of_each_field_is_applied_when_the_product_is_published(
    apply: httpx.AsyncClient, events: httpx.AsyncClient, world: World, shop: Database, outbox: Outbox
) -> None:
    for minute, fields in ((2, {"price": 200}), (3, {"stock": 3_000}), (1, {"price": 100, "stock": 1_000})):
        await world.push(apply, T1, update(minute, **fields))
    await shop.products.insert_one(product(UNKNOWN))
    for _ in range(2):
        assert (await publish(events, world)).status_code == 204
    document = await found(shop)
    assert (document["price"]["amount"], document["stock"]["avail"]) == (200, 3_000)
    assert await shop.parked_updates.count_documents({}) == 0
    assert sorted(change["new"] for _, change in outbox.changes()) == [200, 3_000]


async def test_one_event_for_many_products_applies_what_each_of_them_has_waiting(
    apply: httpx.AsyncClient, events: httpx.AsyncClient, world: World, shop: Database, outbox: Outbox
) -> None:
    parked = {UNKNOWN: 200, "4000000000006": 300, "4000000000013": 400}
    for barcode, price in parked.items():
        await world.push(apply, T1, update(price=price) | {"barcode": barcode})
    born = [UNKNOWN, "4000000000006", "4000000000020"]
    await shop.products.insert_many([product(barcode) for barcode in born])
    for _ in range(2):
        assert (await publish(events, world, barcodes=[*born, "4000000000013"])).status_code == 204
    prices = {each["barcode"]: each["price"] async for each in shop.products.find({"barcode": {"$in": born}})}
    assert {barcode: price and price["amount"] for barcode, price in prices.items()} == {
        UNKNOWN: 200,
        "4000000000006": 300,
        "4000000000020": None,
    }
    assert [each["barcode"] async for each in shop.parked_updates.find()] == ["4000000000013"], "it is not there yet"
    assert sorted(change["new"] for _, change in outbox.changes()) == [200, 300]


async def test_an_event_for_another_store_or_tenant_applies_nothing(
    apply: httpx.AsyncClient, events: httpx.AsyncClient, world: World, shop: Database
) -> None:
    await world.push(apply, T1, update(price=200))
    for store, tenant in (("s3", "t1"), ("s1", "t2")):
        assert (await publish(events, world, store, tenant)).status_code == 204
    assert await shop.parked_updates.count_documents({}) == 1


async def test_what_was_parked_a_day_ago_is_not_applied_even_if_it_is_still_there(
    apply: httpx.AsyncClient, events: httpx.AsyncClient, world: World, shop: Database
) -> None:
    await world.push(apply, T1, update(price=200))
    await shop.parked_updates.update_many({}, {"$set": {"expiresAt": clock.now() - timedelta(seconds=1)}})
    await shop.products.insert_one(product(UNKNOWN))
    await publish(events, world)
    assert (await found(shop))["price"] is None


async def test_concurrent_updates_of_one_unknown_product_keep_the_newest(
    apply: httpx.AsyncClient, world: World, shop: Database
) -> None:
    pushes = [world.push(apply, T1, update(n % 60, price=n, source="$price.k")) for n in range(60)]
    assert {reply.status_code for reply in await asyncio.gather(*pushes)} == {204}
    (parked,) = await shop.parked_updates.find().to_list()
    assert (parked["price"]["v"], parked["price"]["k"][2]) == (59, "$price.k")


async def test_a_product_created_at_the_same_moment_gets_its_update(
    apply: httpx.AsyncClient, events: httpx.AsyncClient, world: World, shop: Database
) -> None:
    for n in range(20):
        await shop.products.delete_many({"barcode": UNKNOWN})
        await shop.parked_updates.delete_many({})

        async def create(n: int = n) -> None:
            await asyncio.sleep(n * 0.0005)
            await shop.products.insert_one(product(UNKNOWN))
            await publish(events, world)

        await asyncio.gather(world.push(apply, T1, update(price=n), message_id=f"m{n}"), create())
        assert ((await found(shop))["price"] or {}).get("amount") == n
