"""A slow reader against a writer: what plain cache-aside puts back, and that ours does not."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from functions.common import (
    failpoints,
    product_cache,
    product_invalidations,
    product_reader,
    product_scripts,
    redis,
)
from functions.common.product_cache import ProductCache
from functions.common.product_reader import ProductReader
from functions.common.product_source import MongoProducts
from functions.common.redis import Script
from tests.integration.scan.conftest import MILK
from tests.support import World, close

Database = AsyncDatabase[dict[str, Any]]
READS = 100_000 if os.environ.get("FAULTS") == "full" else 20_000
READERS = 6


class Truth:
    """What the writer has finished, and how often a reader was answered with less."""

    def __init__(self) -> None:
        self.written = 0
        self.reads = 0
        self.stale = 0
        self.last = 0
        self.back = 0

    async def read(self, get: Callable[[], Awaitable[int]]) -> None:
        current, last = self.written, self.last
        ver = await get()
        self.reads += 1
        self.stale += ver < current
        self.back += ver < last
        self.last = max(self.last, ver)


async def race(truth: Truth, get: Callable[[], Awaitable[int]], put: Callable[[], Awaitable[int]], reads: int) -> None:
    """Readers as fast as they can, one writer that never stops, until there were enough reads."""

    async def reader() -> None:
        while truth.reads < reads:
            await truth.read(get)
            await asyncio.sleep(0)

    async def writer() -> None:
        while truth.reads < reads:
            truth.written = await put()
            await asyncio.sleep(random.uniform(0, 0.004))

    await asyncio.gather(*(reader() for _ in range(READERS)), writer())


@pytest.fixture
async def connection(world: World, shop: Database) -> AsyncIterator[redis.Cache]:
    # The machine may be busy with other tests: what is tested here is order, not speed.
    made = redis.Cache(world.settings.redis_url, timeout=5.0)
    yield made
    await made.close()
    await close()


@pytest.fixture
def _slow_fillers() -> Iterator[None]:
    failpoints.configure("cache.before_fill:sleep:10:0.05")
    yield
    failpoints.configure(None)


async def write(shop: Database) -> dict[str, Any]:
    doc = await shop.products.find_one_and_update(
        {"tenantId": "t1", "storeId": "s1", "barcode": MILK},
        {"$inc": {"ver": 1, "price.amount": 1}},
        return_document=True,
    )
    assert doc is not None
    return doc


async def test_plain_cache_aside_serves_prices_that_were_replaced(shop: Database, connection: redis.Cache) -> None:
    """The dangerous state is real: the same load on SET and DEL goes wrong."""
    client, source = connection.client, MongoProducts()
    dice = random.Random(7)

    async def get() -> int:
        cached = await client.get("naive")
        if cached is not None:
            return int(cached)
        (doc,) = await source.find("t1", "s1", [MILK])
        if dice.random() < 0.3:
            await asyncio.sleep(dice.uniform(0, 0.02))
        await client.set("naive", doc["ver"], px=60_000)
        return int(doc["ver"])

    async def put() -> int:
        doc = await write(shop)
        await client.delete("naive")
        return int(doc["ver"])

    truth = Truth()
    await race(truth, get, put, 3000)
    assert truth.stale > 0


async def race_ours(shop: Database, connection: redis.Cache, reads: int) -> Truth:
    """Redis and MongoDB alone, no copies in memory, three processes; the writer alternates value and tombstone."""
    cache = ProductCache(connection)
    readers = [ProductReader(ProductCache(connection), MongoProducts()) for _ in range(3)]
    turns = itertools.cycle(readers)

    async def get() -> int:
        held = await next(turns).get("t1", "s1", MILK)
        assert held is not None
        return held.ver

    async def put() -> int:
        doc = await write(shop)
        if doc["ver"] % 2:
            await cache.write_documents([doc])
        else:
            await cache.invalidate("s1", [(MILK, doc["ver"])])
        return int(doc["ver"])

    truth = Truth()
    before = product_reader._database.value
    await race(truth, get, put, reads)
    assert product_reader._database.value - before > reads / 100, "fills did race with writes"
    assert cache.unconfirmed == 0
    return truth


@pytest.mark.usefixtures("_slow_fillers")
async def test_no_reader_ever_sees_a_version_older_than_the_one_written_before_it_asked(
    shop: Database, connection: redis.Cache
) -> None:
    truth = await race_ours(shop, connection, READS)
    assert (truth.stale, truth.back) == (0, 0)


@pytest.mark.usefixtures("_slow_fillers")
async def test_without_the_version_guard_readers_do_see_old_prices(
    shop: Database, connection: redis.Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    unguarded = product_scripts.STORE.replace("wins = version > standing", "wins = true")
    assert unguarded != product_scripts.STORE
    monkeypatch.setattr(product_cache, "_STORE", Script(unguarded))
    assert (await race_ours(shop, connection, 5000)).stale > 0


@pytest.mark.usefixtures("_slow_fillers")
async def test_three_processes_with_copies_never_go_back_and_are_never_late_by_more_than_a_moment(
    world: World, shop: Database, connection: redis.Cache
) -> None:
    """With copies in memory an answer may lag behind by the way of the invalidation, but each process only moves on."""
    cache = ProductCache(connection)
    readers, subscriptions = [], []
    for _ in range(3):
        reader = ProductReader(ProductCache(connection), MongoProducts())
        readers.append(reader)
        subscriptions.append(
            product_invalidations.Invalidations(
                lambda: redis.connect(world.settings.redis_url, timeout=None), reader, cache.adopt_server
            )
        )
        subscriptions[-1].start()
    async with asyncio.timeout(10):
        while not all(reader._listening for reader in readers):
            await asyncio.sleep(0.01)
    done = asyncio.Event()
    replaced_at: dict[int, float] = {}
    worst = 0.0
    loop = asyncio.get_running_loop()
    hits = product_reader._memory.value

    async def read(reader: ProductReader) -> None:
        nonlocal worst
        last = 0
        while not done.is_set():
            began = loop.time()
            held = await reader.get("t1", "s1", MILK)
            assert held is not None
            assert held.ver >= last
            last = held.ver
            gone = replaced_at.get(held.ver)
            if gone is not None and gone < began:
                worst = max(worst, began - gone)
            await asyncio.sleep(0)

    async def change() -> None:
        for _ in range(300):
            doc = await write(shop)
            await cache.write_documents([doc])
            replaced_at[doc["ver"] - 1] = loop.time()
            await asyncio.sleep(random.uniform(0, 0.006))
        done.set()

    await asyncio.gather(change(), *(read(reader) for reader in readers for _ in range(2)))
    assert product_reader._memory.value - hits > 1000, "memory did answer"
    assert worst < 2.0
    for subscription in subscriptions:
        await subscription.close()


async def test_at_rest_redis_holds_what_the_database_holds(shop: Database, connection: redis.Cache) -> None:
    cache = ProductCache(connection)
    reader = ProductReader(cache, MongoProducts())
    for _ in range(20):
        doc = await write(shop)
        await cache.write_documents([doc])
        await reader.get("t1", "s1", MILK)
    snapshot = await cache.read("s1", [MILK])
    assert snapshot is not None
    (value,) = snapshot.values
    assert value is not None
    assert int(value[:16]) == doc["ver"]
