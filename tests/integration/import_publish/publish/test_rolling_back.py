"""Rolling back an import: what it changed goes back, and what others have changed since stays theirs."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from functions.common import clock, failpoints, stock
from functions.common.errors import AlreadyDone, Conflict, Retryable
from functions.import_publish import rolling_back
from tests.integration.import_publish.publish.conftest import BEFORE, STORE, TENANT, Shop, gtin, product, row


async def kept(shop: Shop, import_id: str = "i1") -> list[tuple[str, str]]:
    """(barcode, field) of everything that was left to others."""
    plans = await shop.database.import_undo.find({"importId": import_id, "kind": "rollback"}).to_list()
    return sorted((each["barcode"], each["field"]) for plan in plans for each in plan["kept"])


def without_times(document: dict[str, Any]) -> dict[str, Any]:
    gone = ("ver", "updatedAt", "edit", "imports", "price", "stock")
    return {key: value for key, value in document.items() if key not in gone}


async def test_everything_that_nobody_touched_goes_back(shop: Shop) -> None:
    before = [
        product(1, name="One", metadata={"a": 1, "b": 2}),
        product(2, price=None),
        product(3, status="deleted", description="gone"),
        product(4),
    ]
    await shop.database.products.insert_many(before)
    rows = [
        row(1, name="Uno", price=90, metadata={"a": "x", "c": "new"}),
        row(2, price=200, stock=3000),
        row(3, name="Tres", price=95),
        {"r": 0, "b": gtin(4), "v": {}, "a": "withdraw", "d": [["status", "active", "deleted"]]},
        row(5, name="Cinco", price=300),
    ]
    await shop.stage(rows)
    await shop.run()
    imported = await shop.live(1, 2, 3, 4, 5)
    assert [each["status"] for each in imported] == ["active", "active", "active", "deleted", "active"]
    document = await shop.roll_back()
    one, two, three, four, five = now = await shop.live(1, 2, 3, 4, 5)
    assert [without_times(each) for each in now[:4]] == [without_times(each) for each in before]
    assert (one["price"]["amount"], two["price"], two["stock"]) == (100, None, None)
    assert (three["price"]["amount"], four["status"], five["status"]) == (100, "active", "deleted")
    assert all(after["ver"] > then["ver"] for after, then in zip(now, imported, strict=True))
    assert document["state"] == "rolled_back"
    assert document["rollback"]["result"] == {
        "restored": 2, "withdrawn": 2, "returned": 1, "kept": 0, "unchanged": 0, "products": 5,
    }  # fmt: skip
    assert {each["barcode"] for each in shop.told("product_withdrawn")} == {gtin(4), gtin(3), gtin(5)}
    who = [each["who"] for each in await shop.database.audit_log.find({"entityId": gtin(1)}).sort("ver", 1).to_list()]
    assert who == ["ann", "bob"]


async def test_a_price_goes_back_without_going_back_in_time(shop: Shop) -> None:
    await shop.database.products.insert_one(product(1))
    await shop.stage([row(1, price=90)])
    await shop.run()
    w = (await shop.live(1))["price"]["w"]
    await shop.roll_back()
    now = (await shop.live(1))["price"]
    assert (now["amount"], now["w"]["t"], now["w"]["q"]) == (100, w["t"], w["q"] + 1)
    assert [(each["old"], each["new"]) for each in shop.told("price_changed")] == [(100, 90), (90, 100)]


async def test_what_others_changed_since_stays_and_is_named(shop: Shop) -> None:
    await shop.database.products.insert_many([product(1, metadata={"a": 1}), product(2), product(3), product(4)])
    rows = [row(1, name="Uno", description="new", metadata={"a": "x", "b": "y"}), row(2, price=90, name="Dos")]
    await shop.stage([*rows, row(3, name="Tres"), row(5, name="Cinco"), row(6, name="Seis")])
    await shop.run()
    price = {"amount": 70, "currency": "EUR", "w": {"t": clock.micros() + 10**9, "q": 0, "s": "erp", "e": "x"}}
    theirs = {"edit": {"op": "theirs", "ver": 10**15, "action": "updated"}}
    for number, fresh in (
        (1, {"name": "Theirs", "metadata": {"a": "x", "b": "z"}}),
        (2, {"price": price}),
        (3, {"status": "deleted"}),
        (5, {"description": "they have taken it over"} | theirs),
    ):
        await shop.database.products.update_one({"barcode": gtin(number)}, {"$set": fresh, "$inc": {"ver": 1}})
    document = await shop.roll_back()
    one, two, three, five, six = await shop.live(1, 2, 3, 5, 6)
    assert (one["name"], one["description"], one["metadata"]) == ("Theirs", None, {"a": 1, "b": "z"})
    assert (two["price"]["amount"], two["name"]) == (70, "Product 2")
    assert (three["name"], three["status"]) == ("Tres", "deleted")
    assert (five["status"], six["status"]) == ("active", "deleted")
    assert await kept(shop) == sorted(
        [(gtin(1), "name"), (gtin(1), "metadata.b"), (gtin(2), "price"), (gtin(3), "status"), (gtin(5), "")]
    )
    result = document["rollback"]["result"]
    assert (result["kept"], result["restored"], result["withdrawn"], result["products"]) == (4, 2, 1, 5)
    listed, total = await shop.deps.applying.plans.kept(document, 1, 2)
    assert (len(listed), total) == (2, 5)


async def test_what_was_sold_since_stays_sold(shop: Shop) -> None:
    sold = {"id": "m1", "kind": "sale", "q": 2000, "at": BEFORE + 20}
    had = {**product(1, stock=7000)["stock"], "sold": 2000, "recent": [sold]}
    await shop.database.products.insert_many([product(1) | {"stock": had}, product(2)])
    await shop.stage([row(1, stock=50_000, asOf=BEFORE + 10), row(2, stock=9000)])
    await shop.run()
    assert (await shop.live(1))["stock"]["avail"] == 48_000
    for number in (1, 2):
        movement: Any = {"id": "m2", "kind": "sale", "q": 1000, "at": clock.micros()}
        await stock.record(tenant_id=TENANT, store_id=STORE, barcode=gtin(number), movement=movement, by="till")
    await shop.roll_back()
    one, two = await shop.live(1, 2)
    assert (one["stock"]["avail"], one["stock"]["sold"]) == (6000, 3000)
    assert (two["stock"]["avail"], two["stock"]["sold"]) == (8000, 1000), "there was nothing to go back to"
    assert await kept(shop) == [(gtin(2), "stock")]


async def test_two_imports_one_after_the_other_are_taken_back_one_by_one(shop: Shop) -> None:
    await shop.database.products.insert_one(product(1, name="Zero"))
    for number, name in enumerate(("First", "Second")):
        await shop.stage([row(1, name=name, price=80 + number)], import_id=f"i{number}")
        await shop.run(f"i{number}")
    await shop.roll_back("i0")
    made = await shop.live(1)
    assert (made["name"], made["price"]["amount"]) == ("Second", 81)
    await shop.roll_back("i1")
    made = await shop.live(1)
    assert (made["name"], made["price"]["amount"]) == ("First", 80)


@pytest.mark.parametrize(
    "place", ["import.after_plan_before_bulk", "import.after_bulk_before_progress", "import.after_publish_before_done"]
)
async def test_a_worker_that_dies_while_it_takes_back_is_continued(shop: Shop, place: str) -> None:
    await shop.database.products.insert_many([product(1), product(2)])
    await shop.stage([row(1, name="Uno"), row(3, name="Tres")], [row(2, price=90)])
    await shop.run()
    await rolling_back.request(shop.deps, await shop.found(), "bob", "brand_manager")
    await rolling_back.start(shop.deps, TENANT, "i1")
    failpoints.configure(f"{place}:raise")
    for n in (0, 1):
        with pytest.raises(Retryable):
            await rolling_back.roll_back_chunk(shop.deps, TENANT, "i1", n)
    failpoints.configure("")
    await shop.database.products.update_one({"barcode": gtin(2)}, {"$set": {"name": "Theirs"}, "$inc": {"ver": 1}})
    await shop.work_off()
    one, two, three = await shop.live(1, 2, 3)
    assert (one["name"], one["ver"]) == ("Product 1", product(1)["ver"] + 2)
    assert (two["name"], two["price"]["amount"], two["ver"]) == ("Theirs", 100, product(2)["ver"] + 3)
    assert three["status"] == "deleted"
    assert await shop.database.audit_log.count_documents({}) == 6
    assert (await shop.found())["state"] == "rolled_back"


async def test_two_workers_take_a_chunk_back_once(shop: Shop) -> None:
    await shop.database.products.insert_many([product(n) for n in range(30)])
    await shop.stage([row(n, name=f"New {n}") for n in range(30)])
    await shop.run()
    await rolling_back.request(shop.deps, await shop.found(), "bob", "brand_manager")
    await rolling_back.start(shop.deps, TENANT, "i1")
    both = (rolling_back.roll_back_chunk(shop.deps, TENANT, "i1", 0) for _ in range(3))
    results = await asyncio.gather(*both, return_exceptions=True)
    assert all(result is None or isinstance(result, AlreadyDone) for result in results), results
    made = await shop.database.products.find().to_list()
    assert {each["ver"] - product(0)["ver"] for each in made} == {2}
    assert (await shop.found())["rollback"]["result"]["restored"] == 30


async def test_only_what_is_published_can_be_taken_back_and_only_for_thirty_days(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.stage([row(1, name="One")])
    with pytest.raises(Conflict):
        await rolling_back.request(shop.deps, await shop.found(), "bob", "brand_manager")
    await shop.run()
    later = clock.seconds() + timedelta(days=31).total_seconds()
    monkeypatch.setattr(clock, "_source", lambda: later)
    with pytest.raises(Conflict, match="30 days"):
        await rolling_back.request(shop.deps, await shop.found(), "bob", "brand_manager")


async def test_asking_twice_takes_back_once(shop: Shop) -> None:
    await shop.stage([row(1, name="One")])
    await shop.run()
    document = await shop.roll_back()
    again = await rolling_back.request(shop.deps, document, "bob", "brand_manager")
    assert again["ver"] == document["ver"]
    assert shop.tasks == []
