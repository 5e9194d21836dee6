"""The stock ledger on a real MongoDB: every movement once, whatever crashes or runs at the same time."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httpx
import pytest

from functions.common import stock
from functions.common.errors import Conflict, NotFound
from functions.common.retail.stocktaking import MOST_RECENT, Movement
from functions.common.stock import Recorded
from tests.integration.price_ingest.conftest import MILK, T1, UNKNOWN, Database
from tests.support import World

AT = 1_795_165_200_000_000
SECOND = 1_000_000


def sale(name: str, q: int = 1_000, second: float = 1, kind: Any = "sale") -> Movement:
    return {"id": name, "kind": kind, "q": q, "at": AT + int(second * SECOND)}


async def record(movement: Movement, *, barcode: str = MILK, tenant: str = "t1") -> Recorded:
    return await stock.record(tenant_id=tenant, store_id="s1", barcode=barcode, movement=movement, by="test")


async def count(apply: httpx.AsyncClient, world: World, thousandths: int, second: int = 0) -> None:
    content = {
        "storeId": "s1",
        "barcode": MILK,
        "stock": thousandths,
        "sourceTime": f"2026-11-20T09:{second // 60:02}:{second % 60:02}Z",
    }
    assert (await world.push(apply, T1, content)).status_code == 204


async def milk(shop: Database) -> dict[str, Any]:
    found = await shop.products.find_one({"storeId": "s1", "barcode": MILK})
    assert found is not None
    return found


async def test_a_movement_changes_the_stock_once_however_often_it_is_recorded(
    apply: httpx.AsyncClient, world: World, shop: Database
) -> None:
    await count(apply, world, 10_000)
    outcomes = [(await record(sale("o1:1"))).outcome for _ in range(3)]
    assert outcomes == ["applied", "already_applied", "already_applied"]
    assert (await record(sale("o2:1", 500, kind="return"))).avail == 9_500
    product = await milk(shop)
    assert (product["stock"]["avail"], product["stock"]["sold"]) == (9_500, 500)
    assert await shop.stock_movements.count_documents({"kind": {"$ne": "count"}, "state": "done"}) == 2


async def test_recording_at_the_same_time_takes_each_movement_in_once(
    apply: httpx.AsyncClient, world: World, shop: Database
) -> None:
    await count(apply, world, 100_000)
    moves = [sale(f"o{n % 10}") for n in range(30)]
    recorded = await asyncio.gather(*(record(each) for each in moves), return_exceptions=True)
    again = await asyncio.gather(*(record(each) for each in moves[:10]))
    assert {each.outcome for each in again} <= {"applied", "already_applied"}
    applied = [each for each in [*recorded, *again] if isinstance(each, Recorded) and each.outcome == "applied"]
    assert len(applied) == 10
    assert (await milk(shop))["stock"]["avail"] == 90_000


async def test_an_absolute_count_from_before_300_sales_does_not_bring_them_back(
    apply: httpx.AsyncClient, world: World, shop: Database
) -> None:
    await count(apply, world, 1_000_000)
    for n in range(60):
        await record(sale(f"o{n}", second=n + 1))
    await count(apply, world, 500_000, second=20)
    after = sum(1_000 for n in range(60) if n + 1 > 20)
    product = await milk(shop)
    assert product["stock"]["avail"] == 500_000 - after
    assert product["stock"]["floor"] > AT, "its own memory does not reach back so far"
    await count(apply, world, 400_000, second=25)
    assert (await milk(shop))["stock"]["avail"] == 400_000 - sum(1_000 for n in range(60) if n + 1 > 25)
    assert len((await milk(shop))["stock"]["recent"]) <= MOST_RECENT


async def test_what_is_sold_before_anybody_counted_is_taken_off_the_first_count(
    apply: httpx.AsyncClient, world: World, shop: Database
) -> None:
    first = await record(sale("o1", second=10))
    assert (first.outcome, first.avail) == ("applied", None)
    assert (await milk(shop))["stock"] is None
    await count(apply, world, 10_000, second=5)
    assert (await milk(shop))["stock"]["avail"] == 9_000
    assert (await record(sale("o1", second=10))).outcome == "already_applied"
    assert (await milk(shop))["stock"]["avail"] == 9_000


async def test_a_movement_that_died_half_way_is_finished_by_its_repetition_once(
    apply: httpx.AsyncClient, world: World, shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await count(apply, world, 10_000)
    take_in = stock._take_in

    async def die_before(*_: Any) -> None:
        raise ConnectionResetError

    async def die_after(*arguments: Any) -> None:
        await take_in(*arguments)
        raise ConnectionResetError

    for name, death in (("before", die_before), ("after", die_after)):
        monkeypatch.setattr(stock, "_take_in", death)
        with pytest.raises(ConnectionResetError):
            await record(sale(name))
        monkeypatch.setattr(stock, "_take_in", take_in)
    assert await shop.stock_movements.count_documents({"state": "pending"}) == 2
    assert (await record(sale("before"))).outcome == "applied"
    assert (await record(sale("after"))).outcome == "already_applied"
    assert (await milk(shop))["stock"]["avail"] == 8_000
    assert await shop.stock_movements.count_documents({"state": "pending"}) == 0


async def test_a_pending_movement_that_a_count_took_in_is_not_applied_again(
    apply: httpx.AsyncClient, world: World, shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in = stock._take_in

    async def die(*_: Any) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(stock, "_take_in", die)
    with pytest.raises(ConnectionResetError):
        await record(sale("o1", second=10))
    monkeypatch.setattr(stock, "_take_in", take_in)
    await count(apply, world, 10_000, second=5)
    assert (await milk(shop))["stock"]["avail"] == 9_000
    assert (await record(sale("o1", second=10))).outcome == "already_applied"
    assert (await milk(shop))["stock"]["avail"] == 9_000


async def test_counts_and_sales_at_the_same_time_end_at_the_last_count_and_what_followed(
    apply: httpx.AsyncClient, world: World, shop: Database
) -> None:
    chance = random.Random(7)
    moves = [sale(f"o{n}", chance.randint(1, 5) * 100, second=chance.uniform(0, 60)) for n in range(40)]

    async def selling(mine: list[Movement]) -> None:
        for each in mine:
            await record(each)

    async def counting() -> None:
        for second in (30, 10, 40, 20):
            await count(apply, world, 100_000 + second, second=second)

    await asyncio.gather(selling(moves[::2]), selling(moves[1::2]), counting())
    after = sum(each["q"] for each in moves if each["at"] > AT + 40 * SECOND)
    assert (await milk(shop))["stock"]["avail"] == 100_040 - after


async def test_unknown_products_and_ids_used_twice_are_refused(apply: httpx.AsyncClient, shop: Database) -> None:
    with pytest.raises(NotFound):
        await record(sale("o1"), barcode=UNKNOWN)
    with pytest.raises(NotFound):
        await record(sale("o1"), tenant="t2")
    await record(sale("o1"))
    with pytest.raises(Conflict):
        await record(sale("o1", 2_000))
    assert await shop.stock_movements.count_documents({}) == 1
