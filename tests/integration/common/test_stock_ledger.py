"""Every movement once: many at the same moment, repeated, and older than what the product remembers."""

import asyncio

import pytest

from functions.common import clock, mongo, stock
from functions.common.errors import Conflict, NotFound, Unavailable
from functions.common.products import new_document, stock_field
from functions.common.retail.stocktaking import MOST_RECENT
from tests.support import World, close

BARCODE = "4006381333931"


async def shelf(avail: int) -> None:
    """One product with so much on the shelf."""
    first = stock_field(avail, {"t": 1, "q": 0, "s": "erp", "e": "first"})
    document = new_document(tenant_id="t", store_id="s", barcode=BARCODE, name="Pen", now=clock.now(), stock=first)
    await mongo.collection("products").insert_one(dict(document))


async def sell(number: int, quantity: int = 1000) -> stock.Recorded:
    """Sale `number`; when the product is contended the till repeats it, as it may."""
    while True:
        try:
            return await stock.record(
                tenant_id="t",
                store_id="s",
                barcode=BARCODE,
                movement={"id": f"sale-{number}", "kind": "sale", "q": quantity, "at": 1000 + number},
                by="till",
            )
        except Unavailable:
            await asyncio.sleep(0.01)


async def held() -> tuple[int, int]:
    """What is left, and what was sold."""
    product = await mongo.collection("products").find_one({})
    assert product is not None
    return product["stock"]["avail"], product["stock"]["sold"]


async def test_more_sales_at_one_moment_than_the_product_remembers_all_count_once(world: World) -> None:
    await shelf(1_000_000)
    count = 2 * MOST_RECENT
    first = await asyncio.gather(*(sell(n) for n in range(count)))
    again = await asyncio.gather(*(sell(n) for n in range(count)))
    assert await held() == (1_000_000 - count * 1000, count * 1000)
    assert {r.outcome for r in first} == {"applied"}
    assert {r.outcome for r in again} == {"already_applied"}
    assert await mongo.collection(stock.COLLECTION).count_documents({"state": "done"}) == count
    await close()


async def test_a_sale_beyond_the_count_is_kept_as_a_discrepancy_never_as_negative_stock(world: World) -> None:
    await shelf(1000)
    await asyncio.gather(*(sell(n) for n in range(3)))
    assert await held() == (0, 3000)
    product = await mongo.collection("products").find_one({})
    assert product is not None
    assert product["stock"]["short"] == 2000
    await close()


async def test_an_id_used_for_another_movement_and_an_unknown_product_are_refused(world: World) -> None:
    with pytest.raises(NotFound):
        await sell(1)
    await shelf(10_000)
    await sell(1)
    with pytest.raises(Conflict) as caught:
        await sell(1, quantity=2000)
    assert caught.value.code == "MOVEMENT_ID_REUSED"
    assert await held() == (9000, 1000)
    await close()


async def test_the_same_movement_written_by_many_at_once_counts_once_and_fails_nobody(world: World) -> None:
    """Two tasks of one payment write the same sale: the ledger's upsert of one of them finds the other's."""
    await shelf(100_000)
    for number in range(30):
        done = await asyncio.gather(*(sell(number) for _ in range(20)))
        assert sorted(r.outcome for r in done).count("applied") <= 1
    assert await held() == (70_000, 30_000)
    assert await mongo.collection(stock.COLLECTION).count_documents({}) == 30
    await close()
