"""Orderly ends under load, frozen dependencies and floods: nothing breaks, nobody else pays."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httpx

from tests.faults.conftest import Run
from tests.faults.shop import RIVAL, TENANT, Shop
from tests.faults.test_fire import APPLY
from tests.faults.test_messages import erp
from tests.faults.test_redis import replay_all


async def test_f23_doors_asked_to_stop_finish_what_they_have(run: Run) -> None:
    """SIGTERM at random moments under updates and scans."""
    rounds = run.size(3, 50)
    async with run.shop(products=100) as shop:
        rng = random.Random(run.seed)
        async with shop.shoppers(3, hot=100) as watch:
            for _ in range(rounds):
                streaming = asyncio.create_task(shop.publish(shop.updates(100), each=5, pause=0.02))
                await asyncio.sleep(rng.uniform(0.05, 0.6))
                service = rng.choice(["scan", APPLY])
                if await shop.backlog():
                    run.reached("stopped with messages on their way")
                await shop.suite.restart_door(service)
                run.reached(f"{service} stopped")
                await streaming
        await replay_all(shop)
        await shop.settled()
        run.reached("scans", watch.scans)
        run.reached("scans that met a closed door", len(watch.broken))
        assert watch.backwards == []
        assert watch.errors == [], "a scan is answered or its connection is refused; it never fails half-way"
        assert await shop.differences() == []
        assert await shop.audit() == []
        run.must_have_reached("scans")


async def test_f24_a_frozen_database_makes_no_storm_and_drains(run: Run) -> None:
    """MongoDB stands still; deliveries stay within 1.5 times the messages, and the queue drains within a minute."""
    async with run.shop(products=200) as shop:
        before = await deliveries(shop)
        shop.mongod.members[0].freeze()
        run.reached("MongoDB frozen")
        messages = run.size(100, 2_000)
        publishing = asyncio.create_task(shop.publish(shop.updates(messages), each=1))
        await asyncio.sleep(run.size(6, 60))
        shop.mongod.members[0].thaw()
        await publishing
        took = await shop.settled(60)
        run.reached("seconds to drain", round(took))
        attempts = await deliveries(shop) - before
        run.reached("deliveries", attempts)
        assert attempts <= 1.5 * messages
        assert await shop.differences() == []
        assert await shop.audit() == []
        run.must_have_reached("MongoDB frozen")


async def deliveries(shop: Shop) -> int:
    """How often a message of the tenant was handed to the applying door."""
    stats = (await shop.http.get(shop.suite.admin_url + "/stats")).json()["subscriptions"]
    (mine,) = [s for name, s in stats.items() if name.endswith(f"{APPLY}-price-updates-{TENANT}")]
    return int(mine["sent"])


async def test_f24_a_flooding_tenant_is_told_to_wait_and_its_neighbour_is_not(run: Run) -> None:
    """Ten times the limit from one tenant: 429 with Retry-After for it; the other's calls pass."""
    async with run.shop(products=20, door_env={"RATE_LIMIT_SCALE": "0.1"}) as shop:
        url = f"{shop.suite.door_url('price-ingest')}/v1/price-updates"
        headers = erp(shop)

        async def flood(number: int) -> httpx.Response:
            # Refused for its missing key, if the limiter lets it through: the flood is to be fast, not useful.
            return await shop.http.post(url, json={"updates": [number]}, headers=headers)

        async def neighbour(number: int) -> httpx.Response:
            return await shop.http.get(url, headers=shop.suite.authorization("erp", tenant=RIVAL, stores="*"))

        count = run.size(200, 2_000)
        calls: list[Any] = [flood(n) for n in range(count)]
        flooded = asyncio.gather(*calls)
        quiet = [await neighbour(n) for n in range(10)]
        replies = await flooded
        refused = [reply for reply in replies if reply.status_code == 429]
        run.reached("refused", len(refused))
        assert {reply.status_code for reply in replies} == {400, 429}
        assert all(int(reply.headers["retry-after"]) >= 1 for reply in refused)
        assert {reply.json()["error"]["code"] for reply in refused} == {"RATE_LIMITED"}
        assert {reply.status_code for reply in quiet} == {200}
        run.must_have_reached("refused")
