"""Workers that die at random, twice at work on everything, while prices stream in and editors edit.

The oracle knows what must come out: each row once, prices and stocks as their watermarks say, what editors did after
the import theirs, and of every product one entry in the audit log by this import and one event.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from typing import Any

import pytest

from functions.common import failpoints
from functions.common.errors import AlreadyDone, Retryable
from functions.import_publish.domain.codes import fault
from tests.integration.import_publish.publish.conftest import BEFORE, Shop, gtin, product, row

SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1 << 30)
CHUNKS, ROWS, LIVE = 6, 40, 120
PLACES = (
    "import.after_plan_before_bulk",
    "import.after_bulk_before_progress",
    "import.after_publish_before_done",
    "import.after_done_before_counted",
)


@pytest.fixture
def dice() -> random.Random:
    print(f"SEED={SEED}")  # noqa: T201 (shown when the test fails)
    return random.Random(SEED)


def file(dice: random.Random) -> list[list[dict[str, Any]]]:
    """Rows about products that are there, that are new, that are gone, and some with errors."""
    numbers = list(range(CHUNKS * ROWS))
    dice.shuffle(numbers)
    wrong = fault("PRICE_NOT_A_NUMBER", "price", "price", "x")
    rows = []
    for number in numbers:
        values: dict[str, Any] = {"name": f"Imported {number}", "price": 1000 + number}
        if number % 3 == 0:
            values["stock"] = 5000
        if number % 7 == 0:
            values["asOf"] = BEFORE - 1
        rows.append(row(number, faults=[wrong] if number % 11 == 0 else (), **values))
    return [rows[at : at + ROWS] for at in range(0, len(rows), ROWS)]


class Storm:
    """Everything that goes on at the same time."""

    def __init__(self, shop: Shop, dice: random.Random) -> None:
        self.shop, self.dice = shop, dice
        self.over = False
        self.prices: dict[int, int] = {}
        self.edited: dict[int, str] = {}

    async def worker(self) -> None:
        chunks = list(range(CHUNKS)) * 3
        self.dice.shuffle(chunks)
        for n in chunks:
            while True:
                await asyncio.sleep(self.dice.random() * 0.01)
                try:
                    await self.shop.chunk(n, again=True)
                except Retryable:
                    continue
                except AlreadyDone:
                    pass
                break

    async def stream(self) -> None:
        """Newer prices than the import's, for some of the products that are there."""
        step = 0
        while not self.over:
            step += 1
            number = self.dice.randrange(LIVE)
            t = BEFORE + 10**15 + step
            price = {"amount": step, "currency": "EUR", "w": {"t": t, "q": 0, "s": "erp", "e": f"e{step}"}, "old": None}
            await self.shop.database.products.update_one(
                {"barcode": gtin(number)}, {"$set": {"price": price}, "$inc": {"ver": 1}}
            )
            self.prices[number] = step
            await asyncio.sleep(self.dice.random() * 0.004)

    async def editor(self) -> None:
        """Edits of a field that the file does not have, and of names once they are imported."""
        while not self.over:
            number = self.dice.randrange(LIVE)
            found = await self.shop.live(number)
            fresh: dict[str, Any] = {"description": f"edit {number}"}
            if found["name"].startswith("Imported"):
                fresh["name"] = f"Edited {number}"
            edit = {"op": "theirs", "ver": found["ver"] + 1, "action": "updated"}
            done = await self.shop.database.products.update_one(
                {"_id": found["_id"], "ver": found["ver"]}, {"$set": {**fresh, "edit": edit}, "$inc": {"ver": 1}}
            )
            if done.matched_count and "name" in fresh:
                self.edited[number] = fresh["name"]
            await asyncio.sleep(self.dice.random() * 0.004)


async def test_each_row_is_published_once_whatever_happens(shop: Shop, dice: random.Random) -> None:
    await shop.database.products.insert_many([product(n, stock=9000) for n in range(LIVE)])
    rows = file(dice)
    await shop.stage(*rows)
    await shop.begin()
    storm = Storm(shop, dice)
    failpoints.configure(",".join(f"{place}:raise:0.2" for place in PLACES))
    others = [asyncio.create_task(each) for each in (storm.stream(), storm.editor())]
    await asyncio.gather(*(storm.worker() for _ in range(4)))
    storm.over = True
    await asyncio.gather(*others)
    failpoints.configure("")
    with contextlib.suppress(AlreadyDone):
        await shop.run()  # what the sweep does, if a worker died after the last chunk
    document = await shop.found()

    wrong = {each["b"] for chunk in rows for each in chunk if each.get("faults")}
    assert document["state"] == "partly_published"
    result = document["result"]
    given_up = result["failed"]
    assert result["rejected"] == len(wrong)
    assert sum(result[name] for name in ("created", "updated", "stale", "unchanged", "failed", "rejected")) == 240
    failed = {
        item["barcode"] for kept in await shop.database.import_failures.find().to_list() for item in kept["items"]
    }
    assert len(failed) == len(wrong) + given_up
    await check_products(shop, storm, failed)
    await check_traces(shop, failed)


async def check_products(shop: Shop, storm: Storm, failed: set[str]) -> None:
    found = {each["barcode"]: each for each in await shop.database.products.find().to_list()}
    for number in range(CHUNKS * ROWS):
        barcode = gtin(number)
        if barcode in failed:
            assert number < LIVE or barcode not in found
            continue
        each = found.pop(barcode)
        old = number % 7 == 0 and number < LIVE
        assert each["name"] == storm.edited.get(number, f"Imported {number}"), number
        assert each["price"]["amount"] == storm.prices.get(number, 100 if old else 1000 + number), number
        counted = number % 3 == 0
        stock = (9000 if old else 5000) if counted else 9000 if number < LIVE else None
        assert (each["stock"] and each["stock"]["avail"]) == stock, number


async def check_traces(shop: Shop, failed: set[str]) -> None:
    """One entry and one event for each product, the ledger's counts once."""
    entries = await shop.database.audit_log.find({"requestId": "i1"}).to_list()
    named = [each["entityId"] for each in entries]
    assert len(named) == len(set(named)) == CHUNKS * ROWS - len(failed)
    told = [each["barcode"] for kind in ("product_published", "product_changed") for each in shop.told(kind)]
    assert sorted(told) == sorted(named)
    versions = {each["entityId"]: each["ver"] for each in entries}
    assert all(versions[each["barcode"]] == each["ver"] for each in shop.told("product_changed"))
    counts = await shop.database.stock_movements.find().to_list()
    expected = [n for n in range(LIVE) if n % 3 == 0 and n % 7 and gtin(n) not in failed]
    assert sorted(each["barcode"] for each in counts) == sorted(gtin(n) for n in expected)
