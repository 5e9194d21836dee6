"""What is out of stock, in a real MongoDB: from facts in any order, and from looking at the shelves."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from bson.int64 import Int64

from functions.admin import sales_wiring, shelves
from functions.common import mongo, stores
from functions.common.contracts import catalog
from functions.common.contracts.envelope import Event
from functions.common.errors import Rejected
from functions.common.products import new_document, stock_field

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TEA, CUPS, SOAP = "4009999700010", "4009999700027", "4009999700034"
STORE, SCOPE = "/v1/stores/berlin", {"tenantId": "acme", "storeId": "berlin"}
WATERMARK: Any = {"t": 1, "q": 0, "s": "erp", "e": "e1"}


def at(minutes: int) -> datetime:
    return NOW - timedelta(hours=5) + timedelta(minutes=minutes)


def change(ver: int, old: int | None, new: int, minutes: int, barcode: str = TEA) -> dict[str, Any]:
    given = {"barcode": barcode, "field": "stock", "old": old, "new": new, "currency": None, "ver": ver}
    return {**given, "sourceTime": at(minutes).isoformat()}


async def told(*changes: dict[str, Any], store: str = "berlin") -> None:
    event = Event("e", *catalog.PRICE_CHANGED, "acme", store, NOW, {"changes": list(changes)})
    await shelves.take(sales_wiring.stocks(), event, NOW)


async def shelve(barcode: str, avail: int | None, *, ver: int = 5, minutes: int = 0, **more: Any) -> None:
    stock = None if avail is None else stock_field(avail, WATERMARK)
    tenant = more.pop("tenant", "acme")
    document: dict[str, Any] = dict(
        new_document(
            tenant_id=tenant, store_id="berlin" if tenant == "acme" else "rome", barcode=barcode,
            name=f"Product {barcode}", now=at(minutes), stock=stock, **more,
        )
    )  # fmt: skip
    document["ver"] = Int64(ver)
    await mongo.collection("products").insert_one(document)


async def moved(barcode: str, avail: int, minutes: int, **more: Any) -> None:
    change = {"$set": {"stock.avail": avail, "updatedAt": at(minutes), **more}, "$inc": {"ver": 1}}
    await mongo.collection("products").update_one({"storeId": "berlin", "barcode": barcode}, change)


async def look(minutes: int) -> None:
    stores.forget()
    assert await shelves.look_at_all(sales_wiring.stocks(), await stores.open_ones(), at(minutes)) == 2


async def missing(door: httpx.AsyncClient, when: str = "now") -> list[dict[str, Any]]:
    reply = await door.get(f"{STORE}/stock-outs", params={"when": when})
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["data"]
    return found


def stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("seed", range(3))
async def test_facts_in_any_order_told_twice_and_at_once_end_the_same(door: httpx.AsyncClient, seed: int) -> None:
    changes = [
        change(3, 5000, 0, 0), change(4, 0, 2000, 30), change(7, 2000, 0, 60), change(2, 8000, 5000, -10),
        change(9, 0, 1000, 90, CUPS), change(8, 1000, 0, 80, CUPS), change(12, 4000, 0, 100, SOAP),
    ]  # fmt: skip
    changes *= 2
    random.Random(seed).shuffle(changes)
    await asyncio.gather(*(told(each) for each in changes))
    tea, soap = await missing(door)
    assert (tea["barcode"], tea["times"], soap["barcode"]) == (TEA, 2, SOAP)
    assert (tea["since"], tea["until"]) == (stamp(at(60)), stamp(at(30)))
    assert tea["seconds"] >= 1800
    past = await missing(door, "before")
    assert [(each["barcode"], each["since"] is None) for each in past] == [(TEA, False), (CUPS, True)]
    assert (past[1]["times"], past[1]["seconds"]) == (1, 600)


async def test_a_look_finds_what_nobody_told_and_ends_what_is_over(door: httpx.AsyncClient) -> None:
    await shelve(TEA, 0, minutes=-30)
    await shelve(CUPS, 4000)
    await shelve(SOAP, None)
    await shelve("4009999700041", 0, status="inactive")
    await shelve(TEA, 0, tenant="rival")
    await told(change(5, 3000, 0, 0, CUPS), change(5, 3000, 0, -10, "4009999700041"))
    await look(10)
    (tea,) = await missing(door)
    assert (tea["barcode"], tea["name"], tea["since"]) == (TEA, f"Product {TEA}", stamp(at(-30)))
    await moved(TEA, 2000, 12)
    await moved(CUPS, 0, 14)
    await look(15)
    assert [(each["barcode"], each["since"]) for each in await missing(door)] == [(CUPS, stamp(at(14)))]
    await look(15)
    (day,) = (await door.get(f"{STORE}/availability")).json()["data"]
    assert (day["date"], day["listed"], day["out"], day["looks"]) == ("2026-11-20", 3, 1, 2), "once each five minutes"
    assert day["share"] == 666_666
    await moved(CUPS, 0, 20, status="deleted")
    await look(25)
    assert await missing(door) == [], "what is not sold any more is not missing"
    (_, ended) = sorted(await missing(door, "before"), key=lambda each: str(each["until"]))
    assert (ended["barcode"], ended["until"]) == (CUPS, stamp(at(20)))


async def test_what_a_look_knows_already_is_not_written_again(door: httpx.AsyncClient) -> None:
    await shelve(TEA, 0)
    await look(5)
    before = await mongo.collection("stock_outs").find().to_list()
    await moved(TEA, 0, 7)
    await look(10)
    assert await mongo.collection("stock_outs").find().to_list() == before


async def test_a_shelf_that_was_empty_for_a_moment_was_empty(door: httpx.AsyncClient) -> None:
    moment = (NOW + timedelta(milliseconds=20)).isoformat()
    await told(change(3, 5000, 0, 300), {**change(4, 0, 5000, 0), "sourceTime": moment})
    (tea,) = await missing(door, "before")
    assert (tea["times"], tea["seconds"]) == (1, 0)


async def test_only_what_is_over_is_forgotten(door: httpx.AsyncClient) -> None:
    await told(change(3, 5000, 0, 0))
    (kept,) = await mongo.collection("stock_outs").find().to_list()
    assert "expiresAt" not in kept
    await told(change(4, 0, 5000, 9))
    (kept,) = await mongo.collection("stock_outs").find().to_list()
    assert kept["expiresAt"] == at(9) + timedelta(days=92)
    await told(change(5, 5000, 0, 11))
    (kept,) = await mongo.collection("stock_outs").find().to_list()
    assert "expiresAt" not in kept


async def test_another_tenants_shelves_are_not_there(door: httpx.AsyncClient) -> None:
    await shelve(TEA, 0, tenant="rival")
    await look(5)
    for what in ("stock-outs", "availability"):
        assert (await door.get(f"/v1/stores/rome/{what}")).status_code == 404
    assert await missing(door) == []
    with pytest.raises(Rejected):
        await told({"barcode": TEA})


async def test_pages_come_from_an_index_however_much_is_missing(door: httpx.AsyncClient) -> None:
    changes = [change(number, 1000, 0, number % 200, f"{4_009_999_000_000 + number}") for number in range(1, 2_001)]
    for start in range(0, 2_000, 500):
        await told(*changes[start : start + 500])
    reply = (await door.get(f"{STORE}/stock-outs", params={"limit": 100, "page": 2})).json()
    assert reply["pagination"] == {"page": 2, "limit": 100, "total": 2000, "totalPages": 20}
    since = [each["since"] for each in reply["data"]]
    assert since == sorted(since)
    await told(*(change(9_999, 0, 1000, number + 1, f"{4_009_999_000_000 + number}") for number in range(1, 201)))
    wanted = {"find": "stock_outs", "filter": {**SCOPE, "until": {"$type": "date"}}, "sort": {"seconds": -1, "_id": 1}}
    plan = await mongo.database().command("explain", {**wanted, "limit": 50})
    assert plan["executionStats"]["totalDocsExamined"] == 50
    asked = {"find": "stock_outs", "filter": {"tenantId": "acme", "storeId": "berlin", "since": {"$type": "date"}}}
    plan = await mongo.database().command("explain", {**asked, "sort": {"since": 1, "_id": 1}, "limit": 100})
    assert plan["executionStats"]["totalDocsExamined"] == 100
    for number in range(20):
        await shelve(f"{4_009_999_100_000 + number}", number)
    shelf = {"tenantId": "acme", "storeId": "berlin", "status": "active", "stock.avail": 0}
    plan = await mongo.database().command("explain", {"find": "products", "filter": shelf})
    assert plan["executionStats"]["totalDocsExamined"] == 1
    listed = {"storeId": "berlin", "status": "active"}
    plan = await mongo.database().command("explain", {"count": "products", "query": listed})
    assert plan["executionStats"]["totalDocsExamined"] == 0
