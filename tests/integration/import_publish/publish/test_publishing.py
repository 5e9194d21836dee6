"""Publishing chunk by chunk: what becomes of rows, and that each is published once whatever happens on the way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from functions.common import bulk, clock, failpoints
from functions.common.errors import AlreadyDone, Retryable
from functions.import_publish.domain.codes import fault
from functions.import_publish.publishing_repository import Products, Writes
from tests.integration.import_publish.publish.conftest import BEFORE, STORE, Shop, gtin, product, row


def no_price() -> Any:
    return fault("PRICE_NOT_A_NUMBER", "price", "price", "1,2,3")


async def test_new_products_are_complete_audited_and_announced(shop: Shop) -> None:
    await shop.stage([row(1, name="Crème", price=199, stock=3000, metadata={"origin": "FR", "empty": None})])
    document = await shop.run()
    made = await shop.live(1)
    assert (made["name"], made["nameTokens"], made["status"], made["measure"]) == ("Crème", ["creme"], "active", "each")
    assert (made["price"]["amount"], made["price"]["currency"], made["stock"]["avail"]) == (199, "EUR", 3000)
    assert made["metadata"] == {"origin": "FR"}
    assert made["price"]["w"]["s"] == "import:i1"
    (entry,) = await shop.database.audit_log.find().to_list()
    assert (entry["action"], entry["who"], entry["requestId"], entry["entityId"]) == ("created", "ann", "i1", gtin(1))
    assert {change["field"] for change in entry["changes"]} == {
        "name", "status", "measure", "taxClass", "metadata", "price", "stock",
    }  # fmt: skip
    assert shop.told("product_published") == [{"barcode": gtin(1), "ver": made["ver"]}]
    assert (document["state"], document["result"]["created"], document["result"]["rows"]) == ("published", 1, 1)


async def test_only_the_changes_that_somebody_could_see_are_made(shop: Shop) -> None:
    await shop.database.products.insert_many([product(1, name="Old", description="d"), product(2), product(3)])
    await shop.stage([row(1, name="New", description="d", price=150), row(2, price=100), row(3, name="Product 3")])
    await shop.database.products.update_one(
        {"barcode": gtin(1)}, {"$set": {"description": "edited"}, "$inc": {"ver": 1}}
    )
    document = await shop.run()
    made, same, other = await shop.live(1, 2, 3)
    assert (made["name"], made["description"], made["price"]["amount"]) == ("New", "edited", 150)
    assert (same["ver"], other["ver"]) == (product(2)["ver"], product(3)["ver"]), "what does not change is not written"
    (changed,) = shop.told("product_changed")
    assert changed == {"barcode": gtin(1), "ver": made["ver"], "changed": ["name"]}
    (price,) = shop.told("price_changed")
    assert (price["old"], price["new"], price["ver"]) == (100, 150, made["ver"])
    assert document["result"] == document["result"] | {"updated": 1, "unchanged": 2, "rows": 3}


@pytest.mark.parametrize(
    ("pace", "sizes"), [({}, [20, 20, 5]), ({"pace": "gentle"}, [20, 20, 5]), ({"pace": "full"}, [45])]
)
async def test_products_are_written_at_the_pace_of_the_approval_and_taken_back_gently(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, pace: dict[str, str], sizes: list[int]
) -> None:
    written: dict[str, list[int]] = {"product": []}
    write, insert = Products.write, bulk.insert_missing

    async def counted_write(self: Products, writes: Writes) -> dict[int, bool]:
        written["product"].append(len(writes.inserts) + len(writes.updates))
        return await write(self, writes)

    async def counted_insert(collection: str, documents: Any) -> None:
        written.setdefault(collection, []).append(len(documents))
        await insert(collection, documents)

    monkeypatch.setattr(Products, "write", counted_write)
    monkeypatch.setattr(bulk, "insert_missing", counted_insert)
    approval = {"by": "ann", "at": clock.now(), **pace}
    await shop.database.products.insert_many([product(n, stock=500) for n in range(45)])
    await shop.stage([row(n, name="N", stock=1000) for n in range(45)], approval=approval)
    assert (await shop.run())["result"]["updated"] == 45
    assert (written["product"], written["audit_log"], written["stock_movements"]) == (sizes, sizes, sizes)
    assert sorted(each["barcode"] for each in shop.told("product_changed")) == sorted(gtin(n) for n in range(45))
    written["product"].clear()
    assert (await shop.roll_back())["rollback"]["result"]["restored"] == 45
    assert written["product"] == [20, 20, 5]


async def test_a_price_alone_is_no_edit_of_the_catalogue(shop: Shop) -> None:
    await shop.database.products.insert_one(product(1, edit={"op": "x", "ver": 7, "action": "updated"}))
    await shop.stage([row(1, price=150)])
    await shop.run()
    assert (await shop.live(1))["edit"]["ver"] == 7
    assert shop.told("product_changed") == []
    assert [entry["action"] for entry in await shop.database.audit_log.find().to_list()] == ["updated"]


async def test_a_price_that_the_store_knows_better_is_reported_and_not_written(shop: Shop) -> None:
    await shop.database.products.insert_many([product(1), product(2)])
    await shop.stage([row(1, price=90, asOf=BEFORE - 1), row(2, name="N", price=90, asOf=BEFORE - 1)])
    document = await shop.run()
    one, two = await shop.live(1, 2)
    assert (one["price"]["amount"], two["price"]["amount"], two["name"]) == (100, 100, "N")
    result = document["result"]
    assert (result["stale"], result["updated"], result["staleFields"], document["state"]) == (1, 1, 2, "published")


async def test_a_price_that_came_while_the_import_was_looked_at_wins_if_it_is_newer(shop: Shop) -> None:
    await shop.database.products.insert_one(product(1))
    await shop.stage([row(1, price=90)])
    newer = {"amount": 120, "currency": "EUR", "w": {"t": clock.micros() + 60_000_000, "q": 0, "s": "erp", "e": "x"}}
    await shop.database.products.update_one({"barcode": gtin(1)}, {"$set": {"price": newer}, "$inc": {"ver": 1}})
    document = await shop.run()
    assert (await shop.live(1))["price"]["amount"] == 120
    assert document["result"]["stale"] == 1


async def test_a_count_keeps_what_was_sold_after_it_and_has_its_entry_in_the_ledger(shop: Shop) -> None:
    sold = {"id": "m1", "kind": "sale", "q": 2000, "at": BEFORE + 20}
    stock = product(1, stock=9000)["stock"] | {"avail": 7000, "sold": 2000, "recent": [sold]}
    await shop.database.products.insert_many([product(1) | {"stock": stock}, product(2)])
    await shop.stage([row(1, stock=5000, asOf=BEFORE + 10), row(2, stock=4000)])
    await shop.run()
    one, two = await shop.live(1, 2)
    assert (one["stock"]["avail"], one["stock"]["count"], one["stock"]["sold"]) == (3000, 5000, 2000)
    assert two["stock"]["avail"] == 4000
    entries = await shop.database.stock_movements.find().sort("barcode", 1).to_list()
    assert [(each["kind"], each["q"], each["avail"], each["old"]) for each in entries] == [
        ("count", 5000, 3000, 7000),
        ("count", 4000, 4000, None),
    ]
    assert sorted((each["old"] or 0, each["new"]) for each in shop.told("price_changed")) == [(0, 4000), (7000, 3000)]


async def test_withdrawn_products_come_back_only_if_that_was_to_be_seen(shop: Shop) -> None:
    await shop.database.products.insert_many([product(1, status="deleted", metadata={"old": 1}), product(2)])
    await shop.stage([row(1, name="Back", price=150), row(2, name="Changed")])
    await shop.database.products.update_one({"barcode": gtin(2)}, {"$set": {"status": "deleted"}, "$inc": {"ver": 1}})
    document = await shop.run()
    one, two = await shop.live(1, 2)
    assert (one["status"], one["name"], one["metadata"], one["price"]["amount"]) == ("active", "Back", {}, 150)
    assert (two["status"], two["name"]) == ("deleted", "Product 2")
    assert [each["barcode"] for each in shop.told("product_published")] == [gtin(1)]
    assert (document["result"]["returned"], document["result"]["failed"]) == (1, 1)
    (kept,) = await shop.database.import_failures.find().to_list()
    assert (kept["reason"], kept["items"][0]["line"], document["state"]) == (
        "WITHDRAWN_MEANWHILE",
        4,
        "partly_published",
    )


async def test_a_full_catalogue_withdraws(shop: Shop) -> None:
    await shop.database.products.insert_many([product(1), product(2, status="deleted")])
    gone = [{"r": 0, "b": gtin(n), "v": {}, "a": "withdraw", "d": [["status", "active", "deleted"]]} for n in (1, 2)]
    await shop.stage(gone)
    document = await shop.run()
    assert [each["status"] for each in await shop.live(1, 2)] == ["deleted", "deleted"]
    assert [each["barcode"] for each in shop.told("product_withdrawn")] == [gtin(1)]
    assert (document["result"]["withdrawn"], document["result"]["unchanged"]) == (1, 1)


async def test_rows_with_errors_stay_behind_and_the_others_are_published(shop: Shop) -> None:
    rows = [row(1, name="One"), row(2, name="Two", faults=[no_price()]), {**row(3, name="Three"), "x": True}]
    await shop.stage(rows)
    document = await shop.run()
    assert [each and each["name"] for each in await shop.live(1, 2, 3)] == ["One", None, None]
    assert document["result"] == document["result"] | {"rows": 3, "created": 1, "rejected": 1, "excluded": 1}
    (kept,) = await shop.database.import_failures.find().to_list()
    (item,) = kept["items"]
    assert (kept["status"], kept["reason"], kept["batchId"]) == ("failed", "PRICE_NOT_A_NUMBER", "i1")
    assert (item["line"], item["raw"][0], item["status"]) == (4, gtin(2), "failed")
    assert document["failures"] == {"failed": 1, "pending": 0, "retried": 0, "resolved": 0}


async def test_what_must_be_confirmed_is_published_only_when_it_was(shop: Shop) -> None:
    await shop.database.products.insert_many([product(1), product(2)])
    jump = [fault("PRICE_JUMP", "price", None, "1", before="1", after="0.01")]
    await shop.stage([row(1, price=1, faults=jump)], import_id="no")
    await shop.stage([row(2, price=1, faults=jump)], import_id="yes", confirmed=["PRICE_JUMP"])
    assert (await shop.run("no"))["result"]["rejected"] == 1
    assert (await shop.run("yes"))["result"]["updated"] == 1
    assert [each["price"]["amount"] for each in await shop.live(1, 2)] == [100, 1]


async def test_a_barcode_that_became_a_pack_of_another_product_is_not_created(shop: Shop) -> None:
    await shop.stage([row(1, name="One")])
    pack = {"name": "six", "barcode": gtin(1), "quantity": 6000, "price": None}
    await shop.database.products.insert_one(product(2, units=[pack]))
    document = await shop.run()
    assert document["result"]["failed"] == 1
    (kept,) = await shop.database.import_failures.find().to_list()
    assert gtin(2) in kept["items"][0]["faults"][0][4]


async def test_one_row_that_the_database_refuses_does_not_hold_up_the_others(shop: Shop) -> None:
    await shop.stage([row(1, name="One"), row(2, name="Two", status="asleep"), row(3, name="Three")])
    document = await shop.run()
    assert (document["result"]["created"], document["result"]["failed"]) == (2, 1)
    (kept,) = await shop.database.import_failures.find().to_list()
    assert (kept["reason"], kept["items"][0]["values"]["name"]) == ("PUBLISH_FAILED", "Two")


async def test_a_chunk_run_twice_changes_nothing(shop: Shop) -> None:
    await shop.database.products.insert_many([product(1), product(2)])
    await shop.stage([row(1, price=90), row(3, name="New")], [row(2, name="Other")])
    await shop.chunk(0)
    before, told = await everything(shop), len(shop.messages)
    with pytest.raises(AlreadyDone):
        await shop.chunk(0, again=True)
    assert await everything(shop) == before
    assert len(shop.messages) == told


async def test_two_workers_at_the_same_chunk_publish_each_row_once(shop: Shop) -> None:
    await shop.database.products.insert_many([product(n) for n in range(40)])
    await shop.stage([row(n, name=f"New {n}", price=90 + n) for n in range(80)])
    await shop.begin()
    results = await asyncio.gather(*(shop.chunk(0) for _ in range(4)), return_exceptions=True)
    assert all(result is None or isinstance(result, AlreadyDone) for result in results), results
    made = await shop.database.products.find().to_list()
    assert len(made) == 80
    assert {each["ver"] - product(0)["ver"] for each in made if each["createdAt"] == product(0)["createdAt"]} == {1}
    assert await shop.database.audit_log.count_documents({}) == 80
    assert len(shop.told("product_published")) == 40
    assert len(shop.told("product_changed")) == 40
    document = await shop.found()
    assert (document["state"], document["published"]["chunks"]) == ("published", 1)
    assert document["result"] == document["result"] | {"created": 40, "updated": 40}


PLACES = [
    "import.after_plan_before_bulk",
    "import.after_bulk_before_progress",
    "import.after_publish_before_done",
    "import.after_done_before_counted",
]


@pytest.mark.parametrize("place", PLACES)
async def test_a_worker_that_dies_anywhere_is_continued_and_nothing_is_done_twice(shop: Shop, place: str) -> None:
    rows = [row(1, name="One", price=90), row(2, price=95), row(3, name="Three"), row(4, name="F", faults=[no_price()])]
    await shop.database.products.insert_many([product(1), product(2)])
    await shop.stage(rows, [row(5, name="Five")])
    await shop.run()
    oracle, facts = await everything(shop), shop.events
    assert facts

    await shop.clear()
    await shop.database.products.insert_many([product(1), product(2)])
    await shop.stage(rows, [row(5, name="Five")])
    failpoints.configure(f"{place}:raise")
    for n in (0, 1):
        with pytest.raises(Retryable):
            await shop.chunk(n)
    failpoints.configure("")
    document = await shop.run()
    assert await everything(shop) == oracle
    assert shop.events.keys() == facts.keys()
    assert document["state"] == "partly_published"
    assert document["result"] == document["result"] | {"rows": 5, "created": 2, "updated": 2, "rejected": 1}


async def test_an_editor_s_change_between_crash_and_continuation_is_not_undone(shop: Shop) -> None:
    await shop.database.products.insert_one(product(1))
    await shop.stage([row(1, name="Imported")])
    failpoints.configure("import.after_bulk_before_progress:raise")
    with pytest.raises(Retryable):
        await shop.chunk()
    edit = {"op": "theirs", "ver": product(1)["ver"] + 2, "action": "updated"}
    await shop.database.products.update_one(
        {"barcode": gtin(1)}, {"$set": {"name": "Theirs", "edit": edit}, "$inc": {"ver": 1}}
    )
    failpoints.configure("")
    await shop.chunk(again=True)
    made = await shop.live(1)
    assert (made["name"], made["ver"]) == ("Theirs", product(1)["ver"] + 2)
    assert [each["ver"] for each in shop.told("product_changed")] == [product(1)["ver"] + 1]


async def test_writers_in_between_are_respected_and_the_row_is_decided_again(shop: Shop) -> None:
    await shop.database.products.insert_many([product(1, price=100), product(2)])
    await shop.stage([row(1, name="New", price=150), row(2, name="Two"), row(3, name="Three")])
    await shop.begin()
    failpoints.configure("import.after_plan_before_bulk:raise")
    with pytest.raises(Retryable):
        await shop.chunk()
    failpoints.configure("")
    price = {"amount": 120, "currency": "EUR", "w": {"t": BEFORE + 1, "q": 0, "s": "erp", "e": "x"}, "old": 100}
    await shop.database.products.update_one({"barcode": gtin(1)}, {"$set": {"price": price}, "$inc": {"ver": 1}})
    await shop.database.products.insert_one(product(3, name="Theirs"))
    await shop.chunk(again=True)
    one, two, three = await shop.live(1, 2, 3)
    assert (one["name"], one["price"]["amount"], one["price"]["old"]) == ("New", 150, 120)
    assert (two["name"], three["name"]) == ("Two", "Three")
    (change,) = shop.told("price_changed")
    assert (change["old"], change["new"]) == (120, 150)
    document = await shop.found()
    assert document["result"] == document["result"] | {"updated": 3, "created": 0}


async def test_a_worker_that_slept_while_another_decided_anew_says_what_that_one_said(shop: Shop) -> None:
    await shop.database.products.insert_many([product(1), product(2)])
    await shop.stage([row(1, name="One", price=150), row(2, name="Two")])
    await shop.begin()
    failpoints.configure("import.after_plan_before_bulk:sleep:400")
    asleep = asyncio.create_task(shop.chunk())
    while not await shop.database.import_undo.find_one():
        await asyncio.sleep(0.01)
    price = {"amount": 120, "currency": "EUR", "w": {"t": BEFORE + 1, "q": 0, "s": "erp", "e": "x"}, "old": 100}
    await shop.database.products.update_one({"barcode": gtin(1)}, {"$set": {"price": price}, "$inc": {"ver": 1}})
    await shop.chunk(again=True)
    assert not asleep.done()
    await asyncio.gather(asleep, return_exceptions=True)
    entries = await shop.database.audit_log.find().to_list()
    assert sorted((each["entityId"], each["ver"] - product(1)["ver"]) for each in entries) == [
        (gtin(1), 2),
        (gtin(2), 1),
    ]
    assert [(each["old"], each["new"]) for each in shop.told("price_changed")] == [(120, 150)]


async def test_a_product_that_changes_all_the_time_is_given_up_and_named(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.database.products.insert_many([product(1), product(2)])
    await shop.stage([row(1, name="New"), row(2, name="Two")])
    write = shop.deps.applying.products.write

    async def meddle(writes: Any) -> Any:
        await shop.database.products.update_one({"barcode": gtin(1)}, {"$inc": {"ver": 1}})
        return await write(writes)

    monkeypatch.setattr(type(shop.deps.applying.products), "write", lambda _, writes: meddle(writes))
    document = await shop.run()
    assert (document["result"]["updated"], document["result"]["failed"]) == (1, 1)
    (kept,) = await shop.database.import_failures.find().to_list()
    assert (kept["reason"], kept["items"][0]["barcode"]) == ("CONCURRENT_EDIT", gtin(1))
    assert (await shop.live(1))["name"] == "Product 1"


async def test_without_pub_sub_the_chunk_stays_open_and_is_told_later(shop: Shop) -> None:
    await shop.stage([row(1, name="One")])
    await shop.begin()
    shop.down = ConnectionError("Pub/Sub is away")
    for _ in range(15):
        with pytest.raises(Retryable):
            await shop.chunk(again=True)
    assert shop.messages == []
    shop.down = None
    await shop.chunk(again=True)
    assert [each["barcode"] for each in shop.told("product_published")] == [gtin(1)]
    assert (await shop.found())["result"]["created"] == 1


async def test_a_chunk_that_fails_by_itself_ends_as_failures_and_the_import_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.stage([row(1, name="One"), row(2, name="Two")], [row(3, name="Three")])

    await shop.begin()

    async def poison(_: Any, writes: Any) -> Any:
        if any(document["name"] == "One" for _, document in writes.inserts):
            raise ValueError("cannot be written at all")
        return await write(shop.deps.applying.products, writes)

    write = type(shop.deps.applying.products).write
    monkeypatch.setattr(type(shop.deps.applying.products), "write", poison)
    for _ in range(10):
        with pytest.raises(ValueError, match="at all"):
            await shop.chunk(again=True)
    await shop.chunk(again=True)
    await shop.chunk(1)
    document = await shop.found()
    assert document["state"] == "partly_published"
    assert document["result"] == document["result"] | {"created": 1, "failed": 2}
    (kept,) = await shop.database.import_failures.find().to_list()
    assert kept["codes"] == {"PUBLISH_FAILED": 2}


async def test_the_cache_forgets_what_was_imported_and_has_what_is_scanned(shop: Shop) -> None:
    await shop.database.products.insert_many([product(1), product(2)])
    cache: Any = shop.deps.applying.cache
    await cache.write_documents([await shop.live(1)])
    await shop.stage([row(1, name="Scanned"), row(2, name="Never scanned")])
    await shop.run()
    found = await cache.read(STORE, [gtin(1), gtin(2)])
    assert found is not None
    scanned, never = found.values
    assert b'"Scanned"' in scanned
    assert never.endswith(b"|")


async def test_too_many_failures_raise_an_alarm(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    await shop.stage([row(n, name="N", faults=[no_price()] if n % 2 else []) for n in range(10)])
    await shop.run()
    assert "import.failure_rate" in capsys.readouterr().err


async def everything(shop: Shop) -> dict[str, Any]:
    """What is stored in the end, without ids and times that two runs cannot share."""
    found: dict[str, Any] = {}
    for each in await shop.database.products.find().to_list():
        born = each["createdAt"] != product(0)["createdAt"]
        gone = ("_id", "updatedAt", "createdAt", "edit") + (("ver",) if born else ())
        kept = {key: value for key, value in each.items() if key not in gone}
        for name in ("price", "stock"):
            if kept[name] is not None:
                kept[name] = {key: value for key, value in kept[name].items() if key != "w"}
        found[each["barcode"]] = kept
    entries = await shop.database.audit_log.find().sort("entityId", 1).to_list()
    found["audit"] = [(each["entityId"], each["action"], each["changes"]) for each in entries]
    failed = await shop.database.import_failures.find().sort("_id", 1).to_list()
    found["failures"] = [(each["_id"], each["codes"], each["counts"]) for each in failed]
    return found
