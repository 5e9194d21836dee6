"""The list of a store's purchases: as quick with 1,000,000 of them as with few."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from functions.checkout import wiring
from functions.common import mongo
from functions.common.stores import Store
from tests.support import World

LAST = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
STATES = ("closed", "closed", "closed", "refunded", "expired")
MOST_SECONDS = 1.0
BERLIN = Store("berlin", "acme", "Berlin", "EUR", "Europe/Berlin", "active", "strict", (), 1)


def fill(uri: str, database: str, count: int) -> None:
    with MongoClient[dict[str, Any]](uri) as client:
        collection, made = client[database]["purchases"], []
        for number in range(count):
            at = LAST - timedelta(seconds=number * 31_536_000 // count)
            made.append(
                {
                    "_id": f"berlin.{number:032x}", "tenantId": "acme", "storeId": "berlin", "createdAt": at,
                    "state": STATES[number % 5], "lines": [{"name": "x" * 300}] * 3, "receipt": {"number": number},
                }
            )  # fmt: skip
            if len(made) == 10_000:
                collection.insert_many(made, ordered=False, bypass_document_validation=True)
                made = []


@pytest.mark.parametrize(
    "count", [20_000, pytest.param(1_000_000, marks=pytest.mark.soak)], ids=lambda count: f"{count:,}"
)
async def test_a_page_of_purchases_and_how_many_there_are_come_from_indexes_alone(world: World, count: int) -> None:
    await asyncio.to_thread(fill, world.settings.mongodb_uri, world.settings.mongodb_database, count)
    for state, many in ((None, count), ("closed", count * 3 // 5)):
        started = time.perf_counter()
        found, total = await wiring.lists().of_store(BERLIN, state, (None, None), 1, 20)
        took = time.perf_counter() - started
        sys.stdout.write(f"{state}: {took:.3f} s\n")
        assert (len(found), total) == (20, many)
        assert took < MOST_SECONDS
    assert await examined() <= 2 * 20


async def examined() -> int:
    """How many purchases were read for such lists, as the server itself says."""
    database = mongo.database()
    await database.command("profile", 2)
    for state in (None, "closed"):
        await wiring.lists().of_store(BERLIN, state, (None, None), 1, 20)
    await database.command("profile", 0)
    asked = {"ns": f"{database.name}.purchases"}
    read = [each.get("docsExamined", 0) async for each in database["system.profile"].find(asked)]
    # Tests that come after would like to empty it, which MongoDB refuses.
    await database.drop_collection("system.profile")
    assert len(read) == 4, "a page and a count for each"
    return sum(read)
