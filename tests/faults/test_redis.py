"""Redis away, frozen, full, empty, or simply skipped by a dying worker: scans go on, and come right by themselves."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from typing import Any

import pytest
from redis.exceptions import ResponseError

from tests.faults.conftest import Run
from tests.faults.shop import Shop, until
from tests.faults.test_fire import APPLY

STALE_SECONDS = 2.0
"""F01: what a scan shows may have been superseded for so long at most, while the workers live."""


async def update_while_scanning(shop: Shop, count: int, *, each: int = 5, pause: float = 0.02) -> None:
    """Publish a stream of updates."""
    await shop.publish(shop.updates(count), each=each, pause=pause)


async def test_f01_a_worker_killed_between_database_and_cache_leaves_no_old_price(run: Run) -> None:
    """Full: the worker dies there some 200 times in 5,000 updates."""
    count = run.size(150, 5_000)
    async with run.shop(products=60) as shop:
        await shop.suite.restart_door(APPLY, {"FAILPOINT": "price.after_mongo_before_cache:kill9:0.3"})
        async with shop.shoppers(4, hot=60) as watch:
            await shop.trickle(shop.updates(count), each=5, pause=0.2)
            # A message met by five deaths is among the dead letters then, and not lost.
            await shop.settled(300)
        deaths = shop.deaths(APPLY)
        run.reached("worker died between database and cache", deaths)
        await shop.suite.restart_door(APPLY, {"FAILPOINT": ""})
        await replay_all(shop)
        await shop.settled()
        await asyncio.sleep(STALE_SECONDS)
        assert await shop.differences() == []
        assert await shop.scanned_differences() == []
        assert watch.backwards == []
        assert watch.errors == []
        assert await shop.audit() == []
        run.must_have_reached("worker died between database and cache")


async def replay_all(shop: Shop) -> None:
    """What an operator does with dead letters: the command line, on all of them."""
    if not await shop.db["dead_letters"].count_documents({"status": "parked"}):
        return
    url = f"{shop.suite.door_url('price-ingest')}/v1/dead-letters"
    headers = shop.suite.authorization("operator", tenant="acme", stores="*")
    listed = (await shop.http.get(f"{url}?limit=100&status=parked", headers=headers)).json()["data"]
    for letter in listed:
        reply = await shop.http.post(f"{url}/{letter['id']}/replay", json={}, headers=headers)
        assert reply.status_code == 202, reply.text

    async def resolved() -> bool:
        return not await shop.db["dead_letters"].count_documents({"status": {"$ne": "resolved"}})

    await until(resolved, 60)


@pytest.mark.parametrize("how", ["killed", "frozen", "full"])
async def test_f03_without_redis_scans_go_on_from_mongodb_and_recover(run: Run, how: str) -> None:
    """Killed, frozen, or out of memory: no scan fails, no price goes back, and afterwards the cache is used again."""
    options: dict[str, Any] = {}
    if how == "full":
        options["redis_options"] = {"maxmemory": "3mb", "maxmemory-policy": "noeviction"}
    async with run.shop(products=200, **options) as shop:
        await warm(shop)
        async with shop.shoppers(6, hot=200) as watch:
            streaming = asyncio.create_task(update_while_scanning(shop, run.size(600, 6_000)))
            await asyncio.sleep(0.5)
            await break_redis(shop, how)
            run.reached(f"Redis {how}")
            await asyncio.sleep(run.size(4, 30))
            during = watch.scans
            await mend_redis(shop, how)
            await streaming
            await shop.settled()
            await asyncio.sleep(4)
            run.reached("scans while it was away", during)
            run.reached("scans", watch.scans)
        assert watch.errors == []
        assert watch.broken == []
        assert watch.backwards == []
        assert await shop.differences() == []
        assert await shop.scanned_differences() == []
        assert await redis_reads(shop) > 0, "the cache is in use again"
        run.must_have_reached(f"Redis {how}", "scans while it was away")


async def warm(shop: Shop) -> None:
    """Scan everything once."""
    for barcode in shop.barcodes:
        assert (await shop.scan(barcode)).status_code == 200


async def break_redis(shop: Shop, how: str) -> None:
    """Make Redis unusable."""
    if how == "killed":
        shop.redis_server.stop(grace=0)
    elif how == "frozen":
        os.kill(shop.redis_server.pids[0], signal.SIGSTOP)
    else:
        filler = random.Random(1).randbytes(10_000)
        with pytest.raises(ResponseError, match="maxmemory"):
            await fill(shop, filler)


async def fill(shop: Shop, filler: bytes) -> None:
    """Write until there is no room."""
    for number in range(2_000):
        await shop.redis.set(f"filler:{number}", filler)


async def mend_redis(shop: Shop, how: str) -> None:
    """Make it usable again."""
    if how == "killed":
        await asyncio.to_thread(shop.redis_server.start)
    elif how == "frozen":
        os.kill(shop.redis_server.pids[0], signal.SIGCONT)
    else:
        await shop.redis.delete(*[f"filler:{number}" for number in range(2_000)])


async def redis_reads(shop: Shop) -> float:
    """How many values the scan door found in Redis from now on, over one more look at everything."""

    async def hits() -> float:
        text = (await shop.http.get(shop.suite.door_url("scan") + "/metrics")).text
        line = next(line for line in text.splitlines() if line.startswith('product_cache_reads_total{outcome="hit"}'))
        return float(line.rpartition(" ")[2])

    await asyncio.sleep(2.1)  # longer than the door's own memory
    before = await hits()
    await warm(shop)
    return await hits() - before


async def test_f04_a_cold_cache_costs_one_database_read_a_key_and_process(run: Run) -> None:
    """FLUSHALL under load on 50 hot keys; and 500 scans of one product at once."""
    async with run.shop(products=50) as shop:
        await shop.publish(shop.updates(200, stock=False), each=50)
        await shop.settled()
        await warm(shop)
        before = await database_reads(shop)
        await shop.redis.flushall()
        await asyncio.sleep(2.1)
        async with shop.shoppers(8, hot=50) as watch:
            await asyncio.sleep(1.5)
        flushed = await database_reads(shop) - before
        run.reached("cold keys", 50)
        run.reached("scans", watch.scans)
        # At most one read a key and life of a copy; the shoppers went on for less than one more life.
        assert flushed <= 2 * 50
        await shop.redis.flushall()
        await asyncio.sleep(2.1)
        before = await database_reads(shop)
        replies = await asyncio.gather(*(shop.scan(shop.barcodes[0]) for _ in range(500)))
        assert {reply.status_code for reply in replies} == {200}
        assert await database_reads(shop) - before <= 2
        assert watch.errors == []
        run.must_have_reached("cold keys", "scans")


async def database_reads(shop: Shop) -> float:
    """Queries the scan door has sent to MongoDB for products."""
    text = (await shop.http.get(shop.suite.door_url("scan") + "/metrics")).text
    line = next(line for line in text.splitlines() if line.startswith("product_database_reads_total"))
    return float(line.rpartition(" ")[2])


async def test_f02_a_slow_reader_never_puts_an_old_price_back(run: Run) -> None:
    """Every other fill of the cache sleeps 20 ms between database and Redis, while the products change all the time.

    The same race without doors, and with plain cache-aside to show that it is real, is in
    tests/integration/scan/test_cache_race.py.
    """
    seconds = run.size(6, 60)
    async with run.shop(products=5) as shop:
        await shop.suite.restart_door("scan", {"FAILPOINT": "cache.before_fill:sleep:20:0.5"})
        before = await database_reads(shop)
        async with shop.shoppers(6, hot=5) as watch:
            end = asyncio.get_running_loop().time() + seconds
            while asyncio.get_running_loop().time() < end:
                await shop.publish(shop.updates(10, stock=False), each=2)
                await asyncio.sleep(0.05)
                if shop.random.random() < 0.2:
                    await shop.redis.flushall()
                    run.reached("cache emptied")
        run.reached("fills", int(await database_reads(shop) - before))
        run.reached("scans", watch.scans)
        await shop.settled()
        await asyncio.sleep(STALE_SECONDS)
        assert watch.backwards == []
        assert watch.errors == []
        assert await shop.scanned_differences() == []
        assert await shop.audit() == []
        run.must_have_reached("fills", "cache emptied")
