"""Shuffled, doubled and late updates from several sources while workers are killed: the end is what the oracle says."""

from __future__ import annotations

import asyncio
import random

from tests.faults.conftest import Run
from tests.faults.shop import Shop

APPLY = "price-ingest-apply"


async def kill_now_and_then(shop: Shop, run: Run, service: str, rng: random.Random, pause: tuple[float, float]) -> None:
    """kill -9 the door, over and over, until cancelled; each time with messages in its hands."""
    while True:
        await asyncio.sleep(rng.uniform(*pause))
        # However fast it is, at a moment when it has something to lose.
        while not await shop.backlog():
            await asyncio.sleep(0.002)
        run.reached(f"{service} killed with work in hand")
        shop.suite.kill_door(service)
        await shop.suite.doors.wait_ready(service)


async def test_whatever_the_order_mongodb_and_redis_end_where_the_oracle_says(run: Run) -> None:
    """F16 and the issue's own: 100,000 updates over 2,000 products in full."""
    count = run.size(6_000, 100_000)
    async with run.shop(products=run.size(400, 2_000)) as shop:
        sent = shop.disordered(shop.updates(count), window=50, twice=0.05, late=0.01)
        run.reached("updates sent twice", len(sent) - count)
        killer = asyncio.create_task(kill_now_and_then(shop, run, APPLY, random.Random(run.seed), (0.2, 1.5)))
        try:
            async with shop.shoppers(4) as watch:
                half = len(sent) // 2
                await shop.publish(sent[:half], each=20, pause=run.size(3, 1) * 0.05)
                await shop.publish(sent[half:], each=7, pause=run.size(2, 1) * 0.05)
        finally:
            killer.cancel()
            await asyncio.gather(killer, return_exceptions=True)
        await shop.suite.doors.wait_ready(APPLY)
        await shop.settled(run.size(90, 600))
        run.reached("scans", watch.scans)
        run.reached("updates", len(sent))

        assert await shop.differences() == []
        assert await shop.scanned_differences() == []
        assert watch.backwards == []
        assert watch.errors == []
        assert await shop.audit() == []
        assert await shop.db["dead_letters"].count_documents({}) == 0
        run.must_have_reached(f"{APPLY} killed with work in hand", "updates sent twice", "scans")
