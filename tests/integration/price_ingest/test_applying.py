"""Price updates through the real push door: MongoDB, Redis, events, reports."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from functions.common import failpoints, redis
from functions.common.product_cache import ProductCache, parse
from functions.common.products import from_cached
from tests.integration.price_ingest.conftest import MILK, T1, T2, UNKNOWN, WINE, Database, Outbox
from tests.support import World


def update(barcode: str = MILK, minute: int = 0, **fields: Any) -> dict[str, Any]:
    return {"storeId": "s1", "barcode": barcode, "sourceTime": f"2026-11-20T09:{minute:02}:00Z"} | fields


async def priced(shop: Database, barcode: str = MILK, store_id: str = "s1") -> dict[str, Any]:
    found = await shop.products.find_one({"storeId": store_id, "barcode": barcode})
    assert found is not None
    return found


async def cached(world: World, barcode: str = MILK, store_id: str = "s1") -> tuple[int, dict[str, Any]]:
    snapshot = await ProductCache(redis.cache()).read(store_id, [barcode])
    assert snapshot is not None
    assert snapshot.values[0] is not None
    ver, payload = parse(snapshot.values[0])
    return ver, dict(from_cached(payload)) if payload else {}


async def scan(shop: Database, barcode: str = MILK) -> None:
    """Somebody looks at the product: it is in the cache from now on."""
    await ProductCache(redis.cache()).write_documents([await priced(shop, barcode)])


async def test_a_price_reaches_mongodb_the_cache_and_the_world(
    apply: httpx.AsyncClient, world: World, shop: Database, outbox: Outbox
) -> None:
    before = await priced(shop)
    await scan(shop)
    reply = await world.push(apply, T1, update(price=199, stock=12_000, sequence=7, source="sap"), message_id="m1")
    assert reply.status_code == 204, reply.text
    after = await priced(shop)
    assert after["price"]["amount"] == 199
    assert after["price"]["currency"] == "EUR"
    assert {**after["price"]["w"], "e": ""} == {"t": 1795165200000000, "q": 7, "s": "sap", "e": ""}
    assert after["stock"]["avail"] == 12_000
    assert after["ver"] == before["ver"] + 1
    ver, product = await cached(world)
    assert (ver, product["price"]["amount"], product["stock"]["avail"]) == (after["ver"], 199, 12_000)
    changes = outbox.changes()
    assert [change for _, change in changes] == [
        {
            "barcode": MILK,
            "field": "price",
            "old": None,
            "new": 199,
            "currency": "EUR",
            "sourceTime": "2026-11-20T09:00:00Z",
            "ver": after["ver"],
        },
        {
            "barcode": MILK,
            "field": "stock",
            "old": None,
            "new": 12_000,
            "currency": None,
            "sourceTime": "2026-11-20T09:00:00Z",
            "ver": after["ver"],
        },
    ]
    (entry,) = await shop.stock_movements.find().to_list()
    assert (entry["kind"], entry["q"], entry["avail"], entry["at"]) == ("count", 12_000, 12_000, 1795165200000000)
    untouched = await priced(shop, store_id="s2")
    assert untouched["price"] is None


async def test_what_nobody_scans_is_only_made_void_in_the_cache(
    apply: httpx.AsyncClient, world: World, shop: Database
) -> None:
    await scan(shop, WINE)
    await world.push(apply, T1, [update(price=199), update(WINE, price=799)])
    assert await cached(world) == ((await priced(shop))["ver"], {})
    ver, wine = await cached(world, WINE)
    assert (ver, wine["price"]["amount"], wine["name"]) == ((await priced(shop, WINE))["ver"], 799, f"Product {WINE}")


async def test_metadata_is_never_touched(apply: httpx.AsyncClient, world: World, shop: Database) -> None:
    before = await priced(shop)
    await world.push(apply, T1, update(price=199))
    after = await priced(shop)
    mine = ("price", "stock", "ver", "updatedAt")
    assert {k: v for k, v in after.items() if k not in mine} == {k: v for k, v in before.items() if k not in mine}


async def test_late_and_repeated_updates_change_nothing(apply: httpx.AsyncClient, world: World, shop: Database) -> None:
    batch = {"batchId": "b1"}
    await world.push(apply, T1, update(minute=5, price=300), attributes=batch)
    await world.push(apply, T1, update(minute=4, price=200), attributes=batch)
    await world.push(apply, T1, update(minute=5, price=300), attributes=batch)
    await world.push(apply, T1, update(minute=5, price=301), attributes=batch)
    assert (await priced(shop))["price"]["amount"] == 300
    counts: dict[str, int] = {}
    async for part in shop.price_batch_parts.find({"batchId": "b1"}):
        for name, value in part["counts"].items():
            counts[name] = counts.get(name, 0) + value
    assert counts == {
        "received": 4,
        "applied": 1,
        "stale": 1,
        "duplicate": 1,
        "conflict": 1,
        "parked": 0,
        "rejected": 0,
    }
    (issue,) = await shop.price_issues.find().to_list()
    assert (issue["kind"], issue["kept"], issue["offered"], issue["barcode"]) == ("conflict", 300, 301, MILK)


async def test_concurrent_pushes_share_rounds_and_all_are_applied(
    apply: httpx.AsyncClient, world: World, shop: Database, outbox: Outbox
) -> None:
    pushes = [
        world.push(apply, T1, update(barcode, minute=n % 60, price=n, sequence=n), message_id=f"m{n}-{barcode}")
        for n in range(1, 101)
        for barcode in (MILK, WINE)
    ]
    replies = await asyncio.gather(*pushes)
    assert {reply.status_code for reply in replies} == {204}
    for barcode in (MILK, WINE):
        assert (await priced(shop, barcode))["price"]["amount"] == 59
    assert (await cached(world))[0] == (await priced(shop))["ver"]


@pytest.mark.parametrize(
    "place",
    ["price.before_mongo", "price.after_mongo_before_cache", "price.after_publish_before_ack"],
)
async def test_a_crash_anywhere_is_made_good_by_the_redelivery(
    apply: httpx.AsyncClient, world: World, shop: Database, outbox: Outbox, place: str
) -> None:
    content = [update(price=199, stock=5_000), update(WINE, price=799)]
    await scan(shop)
    failpoints.configure(f"{place}:raise")
    try:
        reply = await world.push(apply, T1, content, message_id="m1", attributes={"batchId": "b1"})
        assert reply.status_code == 500
        first = dict(outbox.changes() and {change["barcode"]: eid for eid, change in outbox.changes()})
    finally:
        failpoints.configure(None)
    reply = await world.push(apply, T1, content, message_id="m1", attributes={"batchId": "b1"})
    assert reply.status_code == 204
    product = await priced(shop)
    assert (product["price"]["amount"], product["stock"]["avail"]) == (199, 5_000)
    ver, seen = await cached(world)
    assert ver == product["ver"]
    assert (seen or {"price": {"amount": 199}})["price"]["amount"] == 199
    announced = {(change["barcode"], change["field"]): eid for eid, change in outbox.changes()}
    assert set(announced) == {(MILK, "price"), (MILK, "stock"), (WINE, "price")}
    assert len(set(announced.values())) == 1
    for barcode, event_id in first.items():
        assert announced[barcode, "price"] == event_id
    assert len(await shop.stock_movements.find().to_list()) == 1
    (part,) = await shop.price_batch_parts.find().to_list()
    assert (part["counts"]["applied"], part["counts"]["received"]) == (2, 2)


async def test_the_tenant_comes_from_the_path_alone(apply: httpx.AsyncClient, world: World, shop: Database) -> None:
    reply = await world.push(apply, T2, update(price=1), attributes={"tenantId": "t1"})
    assert reply.status_code == 204
    assert (await priced(shop))["price"] is None
    (dead,) = await shop.dead_letters.find().to_list()
    assert (dead["tenantId"], dead["code"]) == ("t2", "STORE_NOT_IN_SCOPE")
    stranger = await world.push(apply, T2, update(price=1), headers=world.platform(T1))
    assert stranger.status_code == 401


async def test_an_update_of_an_unknown_product_is_parked_and_the_newest_of_each_field_kept(
    apply: httpx.AsyncClient, world: World, shop: Database
) -> None:
    for minute, fields in ((2, {"price": 200}), (3, {"stock": 3_000}), (1, {"price": 100, "stock": 1_000})):
        assert (await world.push(apply, T1, update(UNKNOWN, minute, **fields))).status_code == 204
    (parked,) = await shop.parked_updates.find().to_list()
    assert (parked["price"]["v"], parked["stock"]["v"], parked["tenantId"]) == (200, 3_000, "t1")
