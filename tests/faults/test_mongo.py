"""A replica set whose primary steps down, dies or freezes while updates flow: retried, none lost, none twice."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults.conftest import Run
from tests.faults.test_redis import replay_all


@pytest.mark.parametrize("how", ["steps down", "is killed", "is frozen"])
async def test_f06_updates_survive_a_primary_that_goes_away(run: Run, how: str) -> None:
    """Three members, the primary leaves in the middle of a stream of updates and scans."""
    count = run.size(1_500, 20_000)
    async with run.shop(products=200, mongo_members=3) as shop:
        async with shop.shoppers(2, hot=50) as watch:
            streaming = asyncio.create_task(shop.publish(shop.updates(count), each=10, pause=0.1))
            await asyncio.sleep(0.6)
            primary = await asyncio.to_thread(shop.mongod.primary)
            assert await shop.backlog() >= 0
            if how == "steps down":
                await asyncio.to_thread(shop.mongod.step_down)
            elif how == "is killed":
                primary.kill()
            else:
                primary.freeze()
            run.reached(f"primary {how}")
            await streaming
            await asyncio.sleep(run.size(1, 30))
            if how == "is frozen":
                primary.thaw()
        await replay_all(shop)
        await shop.settled(180)
        run.reached("updates", count)
        run.reached("scans", watch.scans)
        assert watch.backwards == []
        assert await shop.differences() == []
        # Applied twice would show as a second ledger entry of one count.
        counted = await shop.db["stock_movements"].count_documents({"kind": "count"})
        distinct = len(await shop.db["stock_movements"].distinct("_id", {"kind": "count"}))
        assert counted == distinct
        assert await shop.audit() == []
        run.must_have_reached(f"primary {how}", "scans")


async def test_f07_a_lagging_secondary_never_fills_the_cache(run: Run) -> None:
    """A secondary stops again and again; what scans show is the primary's, at once and always."""
    async with run.shop(products=50, mongo_members=3) as shop:
        primary = await asyncio.to_thread(shop.mongod.primary)
        secondary = next(member for member in shop.mongod.members if member is not primary)
        async with shop.shoppers(3, hot=50) as watch:
            for _ in range(run.size(2, 20)):
                secondary.freeze()
                run.reached("secondary stopped")
                await shop.publish(shop.updates(100), each=10, pause=0.02)
                await shop.settled()
                await shop.redis.flushall()
                assert await shop.scanned_differences() == []
                secondary.thaw()
                await asyncio.sleep(0.3)
        assert watch.backwards == []
        assert watch.errors == []
        assert await shop.differences() == []
        run.must_have_reached("secondary stopped")
