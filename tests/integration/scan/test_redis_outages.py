"""The scan door over a Redis that is away, frozen, slow, flaky or forgetful: it answers, and comes right by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pymongo.asynchronous.database import AsyncDatabase

from functions.common import product_cache, product_reader, redis
from functions.common.product_cache import ProductCache
from functions.scan import wiring
from local import services
from tests.integration.scan.conftest import GUM, MILK
from tests.integration.scan.wire_faults import Wire, wire_to
from tests.support import World

Database = AsyncDatabase[dict[str, Any]]


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[services.Redis]:
    with services.Redis(tmp_path_factory.mktemp("redis-outages")) as server:
        yield server


@pytest.fixture(scope="module")
def world(mongod: str, own_redis: services.Redis, module_database: str) -> Iterator[World]:
    made = World(
        mongo_uri=mongod, database=module_database, redis_url=own_redis.url, redis_timeout_seconds=redis.TIMEOUT_SECONDS
    )
    with made.installed():
        yield made


async def scans(client: httpx.AsyncClient, count: int, barcode: str = MILK) -> list[int]:
    """Prices of scans one after another; every one must succeed."""
    prices = []
    for _ in range(count):
        reply = await client.get(f"/v1/scan/{barcode}")
        assert reply.status_code == 200, reply.text
        prices.append(reply.json()["data"]["price"])
    return prices


async def change(shop: Database, amount: int) -> dict[str, Any]:
    doc = await shop.products.find_one_and_update(
        {"storeId": "s1", "barcode": MILK},
        {"$set": {"price.amount": amount}, "$inc": {"ver": 1}},
        return_document=True,
    )
    assert doc is not None
    return doc


async def until(what: Callable[[], bool | Awaitable[bool]], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while True:
            answer = what()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.02)


async def listening(client: httpx.AsyncClient) -> None:
    await scans(client, 1)
    await until(lambda: wiring._reader()._listening)


async def shows(client: httpx.AsyncClient, price: int) -> None:
    async def shown() -> bool:
        return await scans(client, 1) == [price]

    await until(shown)


@asynccontextmanager
async def frozen(server: services.Redis) -> AsyncIterator[None]:
    server.child.freeze()
    try:
        yield
    finally:
        server.child.thaw()


async def test_a_frozen_redis_slows_a_few_scans_and_fails_none(
    client: httpx.AsyncClient, shop: Database, own_redis: services.Redis
) -> None:
    await listening(client)
    loop = asyncio.get_running_loop()
    asked = product_reader._database.value
    async with frozen(own_redis):
        slowest = 0.0
        amount = 200
        began_all = loop.time()
        # On a busy machine a scan takes so long that the breaker's five need more than the two and a half seconds.
        while (lasted := loop.time() - began_all) < 2.5 or (redis.cache().down_since is None and lasted < 15):
            began = loop.time()
            prices = await scans(client, 1)
            slowest = max(slowest, loop.time() - began)
            assert prices[0] in (159, amount)
            await change(shop, amount)
        assert redis.cache().down_since is not None, "the breaker opened"
        assert product_reader._database.value > asked
    # Redis alone would have kept each of them waiting for as long as it was frozen.
    assert slowest < 1.5

    async def recovered() -> bool:
        await scans(client, 1)
        return redis.cache().down_since is None

    await until(recovered)


async def test_a_killed_redis_is_used_again_when_it_is_back(
    client: httpx.AsyncClient, shop: Database, own_redis: services.Redis
) -> None:
    await listening(client)
    own_redis.child.kill()
    try:
        for amount in (301, 302, 303):
            await change(shop, amount)
            await until(lambda: not wiring._reader()._listening)
            assert (await scans(client, 3))[-1] == amount, "without Redis every scan asks the database"
    finally:
        own_redis.start()
    hits = product_cache._hit.value

    async def hit() -> bool:
        await scans(client, 1)
        return product_cache._hit.value > hits

    await until(hit)
    await until(lambda: wiring._reader()._listening)


async def test_a_writer_that_could_not_reach_redis_is_heard_later(
    client: httpx.AsyncClient, shop: Database, own_redis: services.Redis, writer: ProductCache
) -> None:
    await listening(client)
    assert await scans(client, 1) == [159]
    async with frozen(own_redis):
        doc = await change(shop, 400)
        # More than the breaker needs, so that the last ones are not even sent.
        outcomes = [await asyncio.wait_for(writer.write_documents([doc]), 5) for _ in range(2)]
        assert outcomes == [1, 1]
        assert writer.unconfirmed == 1
    await until(lambda: writer.unconfirmed == 0)
    await asyncio.sleep(0.1)
    await shows(client, 400)


async def test_a_lost_subscription_costs_the_copies_and_nothing_else(
    client: httpx.AsyncClient, shop: Database, world: World
) -> None:
    await listening(client)
    await scans(client, 2)
    killer = redis.connect(world.settings.redis_url, timeout=2.0)
    generation = wiring._reader()._generation
    assert await killer.client_kill_filter(_type="pubsub") >= 1
    await until(lambda: wiring._reader()._generation > generation)
    await change(shop, 500)
    await killer.flushall()
    await killer.aclose()
    await shows(client, 500)
    await until(lambda: wiring._reader()._listening)


async def test_a_flushed_cache_is_filled_by_one_read_a_product(client: httpx.AsyncClient, world: World) -> None:
    await listening(client)
    flusher = redis.connect(world.settings.redis_url, timeout=2.0)
    await flusher.flushall()
    await flusher.aclose()
    wiring._reader().cleared(None)
    before = product_reader._database.value
    replies = await asyncio.gather(*(client.get(f"/v1/scan/{barcode}") for _ in range(100) for barcode in (MILK, GUM)))
    assert {reply.status_code for reply in replies} == {200}
    assert product_reader._database.value - before == 2


@asynccontextmanager
async def over_a_wire(world: World, own_redis: services.Redis) -> AsyncIterator[tuple[httpx.AsyncClient, Wire]]:
    async with wire_to(urlsplit(own_redis.url).port or 0) as wire:
        plain = world.settings.redis_url
        world.change(redis_url=f"redis://127.0.0.1:{wire.port}/0")
        redis.replace(None)
        try:
            async with world.door("scan", "scan") as client:
                client.headers.update(world.checked_in("t1", "s1"))
                yield client, wire
        finally:
            world.change(redis_url=plain)
            redis.replace(None)


@pytest.mark.usefixtures("shop")
async def test_a_slow_redis_is_left_alone(world: World, own_redis: services.Redis) -> None:
    async with over_a_wire(world, own_redis) as (client, wire):
        await listening(client)
        wire.delay = 0.2
        for _ in range(4):
            wiring._reader().cleared(None)
            wiring.deps().answers._kept.clear()
            await scans(client, 3)
        assert redis.cache().down_since is not None
        passed = wire.answers
        skipped = redis._skipped.value
        for _ in range(20):
            wiring._reader().cleared(None)
            await scans(client, 1)
        assert redis._skipped.value > skipped
        assert wire.answers - passed < 10, "only probes still go there"
        wire.delay = 0.0

        async def recovered() -> bool:
            wiring._reader().cleared(None)
            await scans(client, 1)
            return redis.cache().down_since is None

        await until(recovered)


@pytest.mark.usefixtures("shop")
async def test_a_redis_that_hangs_up_now_and_then_fails_no_scan(world: World, own_redis: services.Redis) -> None:
    async with over_a_wire(world, own_redis) as (client, wire):
        await listening(client)
        wire.resets = 0.2
        for _ in range(100):
            wiring._reader().cleared(None)
            assert await scans(client, 1) == [159]
        assert wire.cut > 5


async def test_a_full_redis_still_answers_what_it_has(client: httpx.AsyncClient, shop: Database, world: World) -> None:
    await listening(client)
    admin = redis.connect(world.settings.redis_url, timeout=2.0)
    await admin.config_set("maxmemory", "500kb")
    try:
        hits = product_cache._hit.value
        wiring._reader().cleared(None)
        assert await scans(client, 1) == [159]
        assert product_cache._hit.value > hits
        assert (await client.get(f"/v1/scan/{GUM}")).status_code == 200
        assert redis.cache().down_since is None
    finally:
        await admin.config_set("maxmemory", "0")
        await admin.aclose()


async def test_a_fill_that_was_stuck_in_a_frozen_redis_is_refused_when_it_thaws(
    shop: Database, own_redis: services.Redis
) -> None:
    """The command is on its way when the server freezes; the price changes; the server thaws and reads it."""
    stuck = redis.Cache(own_redis.url, timeout=5.0)
    snapshot = await ProductCache(stuck).read("s1", [MILK])
    assert snapshot is not None
    old = product_cache.entry_of(await change(shop, 600))
    async with frozen(own_redis):
        sent = asyncio.create_task(ProductCache(stuck).fill("s1", snapshot, [old]))
        await asyncio.sleep(product_cache.FILL_WINDOW_SECONDS + 0.3)
    assert await sent is None, "too late by Redis's own clock"
    after = await ProductCache(stuck).read("s1", [MILK])
    assert after is not None
    assert after.values == [None]
    await stuck.close()
