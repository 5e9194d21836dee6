"""Workers killed in the middle of an import, a primary that leaves, a Redis that forgets: each row once."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Any

from tests.faults.conftest import FULL, Run
from tests.faults.imports import CHUNK, WORKER, Caller, Oracle, five_minutes_later
from tests.faults.shop import Shop, until

# Every chunk takes its time in the two places where it hurts most: something planned and not written, something
# written and not told.
SLOWLY = "import.after_plan_before_bulk:sleep:60,import.after_bulk_before_progress:sleep:60"


class Chaos:
    """Whoever pulls the plugs while an import is published."""

    def __init__(self, shop: Shop, run: Run, import_id: str) -> None:
        self._shop, self._run, self._id = shop, run, import_id
        self._rng = random.Random(run.seed)

    async def chunks_done(self) -> int:
        """How many chunks have come to their end."""
        return await self._shop.db["product_staging"].count_documents(
            {"importId": self._id, "state": {"$ne": "staged"}}
        )

    async def in_hand(self) -> bool:
        """Whether a worker holds a chunk that is planned and not finished."""
        return bool(await self._shop.db["import_undo"].count_documents({"importId": self._id, "result": None}))

    async def kill(self, times: int) -> None:
        """kill -9 the worker, each time with chunks in its hands."""
        for _ in range(times):
            await asyncio.sleep(self._rng.uniform(0, 0.3))
            await until(self.in_hand, 120)
            self._shop.suite.kill_door(WORKER)
            self._run.reached("worker killed with chunks in hand")
            await self._shop.suite.doors.wait_ready(WORKER)

    async def servers(self, chunks: int) -> None:
        """The primary leaves after a third, Redis is started anew, empty, after two."""
        await self._after(chunks // 3)
        await asyncio.to_thread(self._shop.mongod.step_down)
        self._run.reached("primary stepped down")
        await self._after(2 * chunks // 3)
        await asyncio.to_thread(self._shop.redis_server.stop, 0)
        await self._shop_redis_back()

    async def _shop_redis_back(self) -> None:
        await asyncio.sleep(self._rng.uniform(0, 0.5))
        await asyncio.to_thread(self._shop.redis_server.start)
        self._run.reached("Redis started again")

    async def _after(self, chunks: int) -> None:
        async def reached() -> bool:
            with contextlib.suppress(Exception):  # the primary may be away
                return await self.chunks_done() >= chunks
            return False

        await until(reached, 300)


async def test_each_row_is_published_once_whoever_is_killed_meanwhile(run: Run) -> None:
    """50,000 rows in full, half of them about products that live, beside scans and price updates."""
    rows = run.size(3_000, 50_000)
    rooms = ("scan", "import_publish", *(["price_ingest"] if FULL else []))
    async with run.shop(products=rows // 2, rooms=rooms, mongo_members=3, door_env={"FAILPOINT": SLOWLY}) as shop:
        manager = Caller(shop, "brand_manager", url=shop.suite.door_url("import-publish"))
        oracle = Oracle.of(run.seed, rows, shop.barcodes)
        import_id = await manager.bring(oracle.file())
        staged = await manager.until(import_id, "staged", "failed", seconds=run.size(30, 120))
        assert staged["counts"]["errors"] == oracle.refused
        async with shop.shoppers(2, hot=100) as watch:
            streaming = asyncio.create_task(shop.publish(shop.updates(run.size(0, 4_000)), each=10, pause=0.1))
            approval = {"confirm": sorted(staged["toConfirm"]), "pace": "full"}
            await manager("POST", f"/v1/imports/{import_id}/approve", json=approval)
            chaos = Chaos(shop, run, import_id)
            await asyncio.gather(chaos.kill(run.size(1, 12)), chaos.servers(-(-rows // CHUNK)))
            done = await _end(shop, manager, import_id, run)
            await streaming
        run.reached("rows", rows)
        run.reached("scans", watch.scans)
        await shop.settled(120)

        assert await oracle.differences(shop, import_id) == []
        assert {name: count for name, count in done["result"].items() if count and name != "staleFields"} == {
            "rows": rows,
            "created": len(oracle.live.keys() - set(shop.barcodes)),
            "updated": len(oracle.live.keys() & set(shop.barcodes)),
            "rejected": oracle.refused,
        }
        assert watch.backwards == []
        assert await shop.audit() == []
        run.must_have_reached("worker killed with chunks in hand", "primary stepped down", "Redis started again")


async def _end(shop: Shop, manager: Caller, import_id: str, run: Run) -> Any:
    """The import when it is over; what stands still is swept up."""
    while True:
        try:
            return await manager.until(import_id, "published", "partly_published", seconds=run.size(20, 90))
        except TimeoutError:
            run.reached("swept up")
            assert run.counts["swept up"] < 4, "it does not come to an end"
            await five_minutes_later(shop)
