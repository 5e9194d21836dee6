"""A replica set whose primary dies, freezes or steps down in the middle of checkouts: none is lost, none paid twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from local.processes import Child
from local.services import Mongo
from tests.faults.conftest import Run
from tests.faults.shoppers import Shopper
from tests.faults.till import Till, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")
LASTS = 0.8
"""Seconds over which a round's shoppers come to the till."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def till(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Till]:
    async with opened(20261123, tmp_path_factory.mktemp("till"), mongo_members=3) as running:
        yield running


@dataclass
class Bought:
    """What one app was told, and how long it waited."""

    shopper: Shopper
    body: bytes = b""
    checkout_id: str = ""
    receipt: int = 0
    waited: float = 0.0


async def buy(till: Till, shopper: Shopper) -> Bought:
    """Tap, again and again with the same key; pay; look until there is a receipt."""
    await asyncio.sleep(till.random.uniform(0, LASTS))
    done, started = Bought(shopper), time.monotonic()
    checkout = await shopper.check_out()
    done.waited, done.checkout_id = time.monotonic() - started, checkout["checkoutId"]
    assert await shopper.pay(checkout)
    async with asyncio.timeout(90):
        while (seen := await shopper.read(done.checkout_id))["state"] != "exit_issued":
            await asyncio.sleep(0.2)
    done.receipt, done.body = seen["receiptNumber"], await reply_of(shopper)
    return done


async def reply_of(shopper: Shopper) -> bytes:
    """What the door answers to the same tap, without what belongs to the request."""
    while (reply := await shopper.tap("tap")).status_code != 201:
        await asyncio.sleep(0.2)
    return reply.content.partition(b'"metadata"')[0]


async def strike(till: Till, run: Run, store: str, primary: Child, how: str) -> None:
    """The primary goes while checkouts are between two writes."""
    mongod = till.suite.mongo
    assert isinstance(mongod, Mongo)
    begun = {"storeId": store, "state": {"$in": ["open", "priced", "reserved"]}}
    async with asyncio.timeout(30):
        while not (under_way := await till.db["purchases"].count_documents(begun)):
            await asyncio.sleep(0.002)
    if how == "steps down":
        await asyncio.to_thread(mongod.step_down)
    elif how == "is killed":
        primary.kill()
    else:
        primary.freeze()
    run.reached("between two writes when it went", under_way)


@pytest.mark.parametrize("how", ["is killed", "is frozen", "steps down"])
async def test_f05_f06_the_primary_goes_in_the_middle_of_checkouts(run: Run, till: Till, how: str) -> None:
    """50 checkouts in flight, twenty times in full: each client ends with one receipt, by the same key."""
    count, rounds, slowest = run.size(12, 50), run.size(1, 20), 0.0
    for number in range(rounds):
        store = f"acme-{how.replace(' ', '-')}-{number}"
        assert isinstance(till.suite.mongo, Mongo)
        # Asked before anybody comes: on a busy machine the first half of them would have bought by the answer.
        gone = await asyncio.to_thread(till.suite.mongo.primary)
        buying = [asyncio.create_task(buy(till, each)) for each in await till.customers(count, store)]
        await strike(till, run, store, gone, how)
        bought = await asyncio.gather(*buying)
        if how == "is frozen":
            # Back again, it must not believe that it is still the primary.
            await asyncio.sleep(run.size(0, 15))
            gone.thaw()
        gone.start()
        slowest = max(slowest, *(each.waited for each in bought))
        run.reached("checkouts", count)
        run.reached("taps that nobody answered", sum(each.shopper.taps - 2 for each in bought))
        await till.over(120)
        assert await till.states(store) == {"exit_issued": count}
        assert await till.receipts(store) == sorted(each.receipt for each in bought) == list(range(1, 1 + count))
        assert await till.sold(store) == count
        for each in bought:
            assert await reply_of(each.shopper) == each.body
    assert await till.findings() == []
    run.reached("milliseconds that the slowest waited", round(1000 * slowest))
    run.must_have_reached("between two writes when it went", "checkouts")
