"""The receipts of a store are numbered 1, 2, 3: however many issue at once, and wherever they die."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from pymongo import monitoring

from functions.checkout.papers.issuing import Papers
from functions.common import clock, failpoints, mongo, stores, tenants
from functions.common.purchases import Purchases
from tests.integration.checkout.papers.conftest import numbers, paid
from tests.support import World
from tests.unit.checkout.papers.goods import STORE, TENANT

ROOT = Path(__file__).parents[4]
FULL = os.environ.get("FAULTS") == "full"
OTHER = "acme-north"


async def read(purchase: dict[str, Any]) -> dict[str, Any]:
    found = await Purchases().by_id(purchase["_id"])
    assert found is not None
    return found


async def test_a_paid_purchase_gets_the_next_number_and_what_the_receipt_keeps(papers: Papers) -> None:
    address = {"street": "Markt 1", "postalCode": "10115", "city": "Berlin", "country": "DE"}
    await mongo.collection("stores").insert_one(
        {
            "_id": STORE, "tenantId": TENANT, "name": "Centre", "currency": "EUR", "timeZone": "Europe/Berlin",
            "status": "active", "address": address, "ver": 1,
        }
    )  # fmt: skip
    await mongo.collection("tenant_settings").insert_one(
        {"tenantId": TENANT, "name": "settings", "receiptFooter": "Bye"}
    )
    for expected in (1, 2, 3):
        (purchase,) = await paid()
        now = clock.now()
        issued = await papers.issue_receipt(purchase, now)
        assert issued is not None
        receipt = issued["receipt"]
        assert (receipt["number"], receipt["store"], receipt["footer"]) == (
            expected, {"name": "Centre", "address": address}, "Bye",
        )  # fmt: skip
        assert issued == await read(purchase)


async def test_the_receipt_is_the_same_however_often_it_is_asked_for(papers: Papers) -> None:
    (purchase,) = await paid()
    first = await papers.issue_receipt(purchase, clock.now())
    assert first is not None
    assert await papers.issue_receipt(first, clock.now()) == first
    # Whoever still holds the old document has lost.
    assert await papers.issue_receipt(purchase, clock.now()) is None
    assert await numbers() == [1]


async def test_two_who_issue_for_one_purchase_use_one_number(papers: Papers) -> None:
    other = Papers(Purchases(), stores.find, tenants.settings_of)
    for round_ in range(1, 11):
        (purchase,) = await paid()
        found = await asyncio.gather(*(each.issue_receipt(purchase, clock.now()) for each in (papers, other) * 4))
        assert sum(each is not None for each in found) == 1
        assert await numbers() == list(range(1, round_ + 1))


async def test_every_store_counts_for_itself(papers: Papers) -> None:
    for store in (STORE, OTHER):
        for purchase in await paid(5, store=store):
            await papers.issue_receipt(purchase, clock.now())
    assert await numbers(STORE) == await numbers(OTHER) == [1, 2, 3, 4, 5]


async def test_a_hundred_at_once_in_one_process_are_numbered_without_gaps(papers: Papers) -> None:
    made = await paid(100)
    issued = await asyncio.gather(*(papers.issue_receipt(purchase, clock.now()) for purchase in made))
    assert all(issued)
    assert await numbers() == list(range(1, 101))


async def test_many_instances_at_once_are_numbered_without_gaps(papers: Papers) -> None:
    instances = [Papers(Purchases(), stores.find, tenants.settings_of) for _ in range(8)]
    made = await paid(80)
    work = [instances[n % 8].issue_receipt(purchase, clock.now()) for n, purchase in enumerate(made)]
    assert all(await asyncio.gather(*work))
    assert await numbers() == list(range(1, 81))


@pytest.mark.parametrize("place", ["receipt.before_insert", "receipt.after_insert"])
async def test_who_fails_on_the_way_leaves_no_gap(papers: Papers, place: str) -> None:
    made = await paid(3)
    await papers.issue_receipt(made[0], clock.now())
    failpoints.configure(f"{place}:raise")
    try:
        with pytest.raises(failpoints.FailpointHit):
            await papers.issue_receipt(made[1], clock.now())
    finally:
        failpoints.configure(None)
    for purchase in made:
        await papers.issue_receipt(await read(purchase), clock.now())
    assert await numbers() == [1, 2, 3]


async def test_a_number_costs_one_write_and_no_read(world: World, papers: Papers) -> None:
    made = await paid(4)
    await papers.issue_receipt(made[0], clock.now())
    sent: list[str] = []

    class Watch(monitoring.CommandListener):
        def started(self, event: monitoring.CommandStartedEvent) -> None:
            sent.append(event.command_name)

        def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
            pass

        def failed(self, event: monitoring.CommandFailedEvent) -> None:
            pass

    await mongo.close()
    listeners = monitoring._LISTENERS.command_listeners
    watch = Watch()
    monitoring.register(watch)
    try:
        await papers.issue_receipt(made[1], clock.now())
        sent.clear()
        await papers.issue_receipt(made[2], clock.now())
    finally:
        listeners.remove(watch)
    assert [name for name in sent if name not in ("hello", "ping")] == ["findAndModify"]


@pytest.mark.slow
async def test_processes_that_are_killed_again_and_again_leave_neither_gap_nor_double(
    world: World, mongod: str, emptied_database: str
) -> None:
    """Full: 1,000 receipts by four processes; each dies at one in eight receipts, before or after the write."""
    count = 1_000 if FULL else 120
    await paid(count // 2)
    await paid(count // 2, store=OTHER)
    deaths, seed = {"receipt.before_insert": 0, "receipt.after_insert": 0}, 0
    running: dict[subprocess.Popen[bytes], str] = {}
    ends = time.monotonic() + (900 if FULL else 120)

    def start(place: str) -> None:
        nonlocal seed
        seed += 1
        environment = {
            **os.environ, "MONGODB_URI": mongod, "MONGODB_DATABASE": emptied_database, "TEST": "1",
            "FAILPOINT": f"{place}:kill9:0.12", "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        module = "tests.integration.checkout.papers.issue_all"
        running[subprocess.Popen([sys.executable, "-m", module, str(seed)], cwd=ROOT, env=environment)] = place

    try:
        for place in [*deaths] * 2:
            start(place)
        while running:
            assert time.monotonic() < ends, f"not done: {deaths}"
            await asyncio.sleep(0.05)
            for process, place in list(running.items()):
                if process.poll() is None:
                    continue
                del running[process]
                if process.returncode == -9:
                    deaths[place] += 1
                    start(place)
                else:
                    assert process.returncode == 0
    finally:
        for process in running:
            process.kill()
            process.wait()
    assert await numbers(STORE) == list(range(1, count // 2 + 1))
    assert await numbers(OTHER) == list(range(1, count // 2 + 1))
    assert min(deaths.values()) > 0, deaths
    sys.stdout.write(f"{count} receipts, {deaths}\n")
