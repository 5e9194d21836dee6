"""Stock that is held for orders: never more than there is, once for each order, and back or sold in the end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from functions.common import clock, mongo, stock
from functions.common.errors import TooMany, Unavailable
from functions.common.product_cache import ProductCache
from functions.common.products import new_document, stock_field
from functions.common.retail import stocktaking
from functions.common.stock_holds import MOST_HOLDS, StockHolds
from tests.support import World, close

PEN, INK, PAPER = "4006381333931", "4006381333948", "4006381333955"
UNTIL = datetime(2026, 11, 21, 10, tzinfo=UTC)
PAID = UNTIL - timedelta(minutes=5)
HOLDS = StockHolds()


async def shelf(avail: int | None, barcode: str = PEN) -> None:
    """A product with so much on the shelf; None: nobody keeps its stock."""
    first = None if avail is None else stock_field(avail, {"t": 1, "q": 0, "s": "erp", "e": "first"})
    document = dict(
        new_document(tenant_id="t", store_id="s", barcode=barcode, name="Pen", now=clock.now(), stock=first)
    )
    if first is not None:
        document["stock"] = {**first, "count": avail}
    await mongo.collection("products").insert_one(document)


async def kept(barcode: str = PEN) -> dict[str, int]:
    """What the product says: free, short, held and sold; and that it is what the ledger says."""
    product = await mongo.collection("products").find_one({"barcode": barcode})
    assert product is not None
    figures = product["stock"]
    held = sum(hold["n"] for hold in figures["holds"])
    sold = 0
    async for entry in mongo.collection("stock_movements").find({"barcode": barcode, "state": "done", "kind": "sale"}):
        sold += entry["q"]
    assert figures["avail"] - figures.get("short", 0) == figures["count"] - sold - held
    assert figures["avail"] >= 0
    return {"avail": figures["avail"], "held": held, "sold": figures["sold"], "short": figures.get("short", 0)}


async def reserve(order: str, demand: dict[str, int], *, scarce: bool = True) -> bool:
    done = await HOLDS.reserve("t", "s", order, demand, UNTIL, scarce=demand if scarce else ())
    if done.short:
        await HOLDS.release("t", "s", order, list(demand))
    return not done.short


async def commit(order: str, sold: dict[str, int]) -> None:
    while True:
        try:
            return await HOLDS.commit("t", "s", order, sold, PAID, by="checkout")
        except Unavailable:
            await asyncio.sleep(0.01)


async def test_of_two_hundred_who_want_the_last_fifty_fifty_get_one(world: World) -> None:
    await shelf(50_000)
    got = await asyncio.gather(*(reserve(f"o{n}", {PEN: 1000}) for n in range(200)))
    assert sum(got) == 50
    assert await kept() == {"avail": 0, "held": 50_000, "sold": 0, "short": 0}
    await close()


@pytest.mark.parametrize("scarce", [True, False])
async def test_of_equal_baskets_of_last_items_whoever_is_refused_holds_nothing(world: World, scarce: bool) -> None:
    for barcode in (PEN, INK, PAPER):
        await shelf(10_000, barcode)
    demand = {PEN: 1000, INK: 1000, PAPER: 2000}
    got = await asyncio.gather(*(reserve(f"o{n}", demand, scarce=scarce) for n in range(40)))
    assert sum(got) <= 5
    if scarce:
        assert sum(got) == 5
    for barcode, each in demand.items():
        assert (await kept(barcode))["held"] == sum(got) * each
    await close()


async def test_reserving_committing_and_releasing_may_be_repeated(world: World) -> None:
    await shelf(5_000)
    assert await reserve("o", {PEN: 2000})
    assert await reserve("o", {PEN: 2000})
    assert await kept() == {"avail": 3000, "held": 2000, "sold": 0, "short": 0}
    await commit("o", {PEN: 2000})
    await commit("o", {PEN: 2000})
    assert await kept() == {"avail": 3000, "held": 0, "sold": 2000, "short": 0}
    assert await HOLDS.release("t", "s", "o", [PEN]) == 0
    assert await reserve("p", {PEN: 3000})
    assert await HOLDS.release("t", "s", "p", [PEN]) == 1
    assert await HOLDS.release("t", "s", "p", [PEN]) == 0
    assert await kept() == {"avail": 3000, "held": 0, "sold": 2000, "short": 0}
    await close()


class Told:
    """A cache that notes what it is told about."""

    def __init__(self) -> None:
        self.versions: list[tuple[str, int]] = []

    async def invalidate(self, _store: str, versions: Sequence[tuple[str, int]]) -> None:
        self.versions += versions


async def test_what_is_held_already_is_told_again_for_whoever_took_it_may_have_died(world: World) -> None:
    await shelf(2_000)
    told = Told()
    holds = StockHolds(cast(ProductCache, told))
    first = await holds.reserve("t", "s", "o", {PEN: 2000}, UNTIL)
    again = await holds.reserve("t", "s", "o", {PEN: 2000}, UNTIL)
    assert first == again
    assert [(each.barcode, each.taken) for each in again.emptied] == [(PEN, 2000)]
    assert told.versions == [(PEN, again.emptied[0].ver)] * 2
    await close()


async def test_who_did_not_take_the_last_does_not_say_so_the_second_time_either(world: World) -> None:
    await shelf(3_000)
    assert await reserve("o", {PEN: 2000})
    assert await reserve("p", {PEN: 1000})
    again = await HOLDS.reserve("t", "s", "o", {PEN: 2000}, UNTIL)
    assert again.held == {PEN: 2000}
    assert again.emptied == ()
    await close()


async def test_of_a_basket_that_is_sold_in_part_the_rest_is_free(world: World) -> None:
    await shelf(5_000)
    assert await reserve("o", {PEN: 3000})
    await commit("o", {PEN: 1000})
    assert await kept() == {"avail": 4000, "held": 0, "sold": 1000, "short": 0}
    await close()


async def test_who_holds_once_more_what_is_sold_already_lets_go_of_it_with_the_next_commit(world: World) -> None:
    await shelf(5_000)
    assert await reserve("o", {PEN: 2000})
    await commit("o", {PEN: 2000})
    # A process that slept takes the hold again; whoever settles it repeats the sale.
    assert await reserve("o", {PEN: 2000})
    assert await kept() == {"avail": 1000, "held": 2000, "sold": 2000, "short": 0}
    await commit("o", {PEN: 2000})
    assert await kept() == {"avail": 3000, "held": 0, "sold": 2000, "short": 0}
    await close()


async def test_a_sale_that_a_count_has_taken_in_from_the_ledger_is_not_held_besides(world: World) -> None:
    await shelf(5_000)
    assert await reserve("o", {PEN: 2000})
    at = int(PAID.timestamp() * 1_000_000)
    sale: stocktaking.Entry = {"id": "o", "kind": "sale", "q": 2000, "at": at, "pending": True}
    await mongo.collection(stock.COLLECTION).insert_one(
        {
            "_id": f"s:{PEN}:o",
            "tenantId": "t",
            "storeId": "s",
            "barcode": PEN,
            **{name: sale[name] for name in ("id", "kind", "q", "at")},
            "by": "checkout",
            "state": stock.PENDING,
            "recordedAt": PAID,
        }
    )
    product = await mongo.collection("products").find_one({})
    assert product is not None
    mark: stocktaking.Watermark = {"t": at - 1, "q": 0, "s": "erp", "e": "two"}
    fresh = stocktaking.counted(product["stock"], count=5000, w=mark, ledger=[sale])
    await mongo.collection("products").update_one({}, {"$set": {"stock": fresh}, "$inc": {"ver": 1}})
    await commit("o", {PEN: 2000})
    found = await kept()
    assert (found["avail"], found["held"], found["short"]) == (3000, 0, 0)
    await close()


async def test_a_shortage_says_what_is_left(world: World) -> None:
    await shelf(1_500)
    await shelf(9_000, INK)
    done = await HOLDS.reserve("t", "s", "o", {PEN: 2000, INK: 1000}, UNTIL)
    assert [tuple(each) for each in done.short] == [(PEN, 2000, 1500)]
    assert done.held == {INK: 1000}
    assert await HOLDS.release("t", "s", "o", [PEN, INK]) == 1
    assert (await kept(INK))["held"] == 0
    await close()


async def test_stock_that_nobody_keeps_is_enough_and_its_sale_is_in_the_ledger(world: World) -> None:
    await shelf(None)
    done = await HOLDS.reserve("t", "s", "o", {PEN: 2000}, UNTIL)
    assert (done.held, done.short) == ({}, ())
    await commit("o", {PEN: 2000})
    (entry,) = await mongo.collection(stock.COLLECTION).find({}).to_list()
    assert (entry["q"], entry["state"]) == (2000, "done")
    await close()


async def test_a_product_that_too_many_hold_asks_to_come_back(world: World) -> None:
    await shelf(10_000_000)
    holds = [{"order": f"x{n}", "n": 1, "exp": UNTIL} for n in range(MOST_HOLDS)]
    await mongo.collection("products").update_one(
        {"barcode": PEN}, {"$set": {"stock.holds": holds, "stock.count": 10_000_000 + MOST_HOLDS}}
    )
    with pytest.raises(TooMany):
        await HOLDS.reserve("t", "s", "o", {PEN: 1000}, UNTIL)
    await close()


async def test_a_count_below_what_is_held_is_made_up_for_when_it_comes_back(world: World) -> None:
    await shelf(5_000)
    assert await reserve("a", {PEN: 2000})
    assert await reserve("b", {PEN: 2000})
    product = await mongo.collection("products").find_one({})
    assert product is not None
    fresh = stocktaking.counted(product["stock"], count=3000, w={"t": 9, "q": 0, "s": "erp", "e": "two"}, ledger=[])
    await mongo.collection("products").update_one({}, {"$set": {"stock": fresh}, "$inc": {"ver": 1}})
    assert await kept() == {"avail": 0, "held": 4000, "sold": 0, "short": 1000}
    # In the database it is done by a pipeline, in memory by a function: both say the same.
    same = stocktaking.let_go(fresh, "a")
    await HOLDS.release("t", "s", "a", [PEN])
    product = await mongo.collection("products").find_one({})
    assert product is not None
    assert product["stock"] == same
    assert await kept() == {"avail": 1000, "held": 2000, "sold": 0, "short": 0}
    await close()


async def test_only_holds_beyond_their_end_are_left_over(world: World) -> None:
    await shelf(5_000)
    assert await reserve("a", {PEN: 1000})
    assert await HOLDS.leftovers(UNTIL, 10) == []
    (left,) = await HOLDS.leftovers(UNTIL + timedelta(seconds=1), 10)
    assert tuple(left) == ("t", "s", PEN, "a")
    await close()


async def test_whatever_is_repeated_in_whatever_order_nothing_is_lost(world: World) -> None:
    await shelf(20_000)
    await shelf(15_000, INK)
    seed = random.randrange(10**6)
    dice = random.Random(seed)
    fates = {f"o{n}": dice.choice(["commit", "release", "hang"]) for n in range(40)}

    async def live(order: str, fate: str) -> None:
        demand = {PEN: 1000, INK: 500}
        if not await reserve(order, demand):
            return
        if fate == "commit":
            await asyncio.gather(*(commit(order, demand) for _ in range(2)))
        elif fate == "release":
            await asyncio.gather(*(HOLDS.release("t", "s", order, list(demand)) for _ in range(2)))

    await asyncio.gather(*(live(order, fate) for order, fate in fates.items()))
    for barcode in (PEN, INK):
        figures = await kept(barcode)
        assert figures["short"] == 0, f"seed {seed}"
    await close()
