"""Rights that are used up, over, or held by processes that die: cards and coupons."""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from functions.common import brand_cards, migrations, mongo, redemptions, settings
from functions.discount.collections import COLLECTIONS
from local.environment import tool_environment
from local.suite import ROOT, Suite
from retailscan import audit_coupons
from tests.faults import redeeming
from tests.faults.conftest import Run
from tests.faults.redeeming import STORE, TENANT

Database = Any
POINTS = ("redemption.after_record", "redemption.after_counters", "redemption.after_confirmed",
          "redemption.after_released")  # fmt: skip


@contextmanager
def using(uri: str, database: str) -> Iterator[None]:
    """The database of the scenario is this process's, too."""
    settings.override(replace(settings.load(settings.Common, {}), mongodb_uri=uri, mongodb_database=database))
    try:
        yield
    finally:
        settings.override(None)


# ---- F25: cards ----------------------------------------------------------------------------------------------


@asynccontextmanager
async def checked_in(phones: int) -> AsyncIterator[tuple[Suite, Database, list[dict[str, str]], list[str]]]:
    """A suite whose MongoDB removes nothing by itself, with so many visits of one shopper."""
    env = {"TEST": "1", "OTEL_TRACES_SAMPLE": "0", "RATE_LIMIT_SCALE": "100000", "LOG_LEVEL": "ERROR"}
    suite = Suite(
        rooms=("discount",), tenants=(TENANT,), door_env=env, gateway=False, scheduler=False,
        mongo_parameters={"ttlMonitorEnabled": "false"},
    )  # fmt: skip
    async with suite:
        with using(suite.mongo_uri, suite.mongo_database):
            now = datetime.now(UTC)
            database = mongo.database()
            await database["brands"].insert_one({"tenantId": TENANT, "brandId": "alp", "name": "Alp", "deletedAt": None,
                                                 "ver": 1, "createdAt": now, "updatedAt": now})  # fmt: skip
            visits = [f"{STORE}.{number:032x}" for number in range(phones)]
            await database["sessions"].insert_many(
                {"_id": visit, "tenantId": TENANT, "storeId": STORE, "userId": "ann", "status": "active",
                 "createdAt": now, "expiresAt": now + timedelta(hours=2)}
                for visit in visits
            )  # fmt: skip
            tokens = [
                suite.issuer.session_token("ann", tenant_id=TENANT, store_id=STORE, session_id=visit)
                for visit in visits
            ]
            try:
                yield suite, database, [{"authorization": f"Bearer {token}"} for token in tokens], visits
            finally:
                await mongo.close()


async def test_f25_a_card_is_used_once_and_never_after_its_time(run: Run) -> None:
    """A hundred phones show one card, a hundred checkouts claim it; then it is over, and nothing has removed it."""
    phones, rounds, uses = 100, run.size(1, 20), run.size(200, 1000)
    async with (
        checked_in(phones) as (suite, database, headers, visits),
        httpx.AsyncClient(base_url=suite.door_url("discount"), timeout=60) as app,
    ):

        async def scan(phone: int, number: str) -> httpx.Response:
            return await app.post("/v1/discount-cards", json={"code": f"alp:{number}"}, headers=headers[phone])

        async def claim(card_id: str, visit: str, number: int) -> brand_cards.Card | None:
            return await brand_cards.claim(
                tenant_id=TENANT, store_id=STORE, session_id=visit, card_id=card_id,
                checkout_id=f"{STORE}.{number:032x}", now=datetime.now(UTC),
            )  # fmt: skip

        for round_ in range(rounds):
            number = f"77{round_:06d}55"
            replies = await asyncio.gather(*(scan(phone, number) for phone in range(phones)))
            taken = [phone for phone, reply in enumerate(replies) if reply.status_code == 201]
            assert len(taken) == 1, Counter(reply.status_code for reply in replies)
            run.reached("phones that came too late", sum(reply.status_code == 409 for reply in replies))
            card_id, visit = replies[taken[0]].json()["data"]["cardId"], visits[taken[0]]
            found = await asyncio.gather(*(claim(card_id, visit, n) for n in range(100)))
            assert len({card.used_by for card in found if card is not None}) == 1
            run.reached("checkouts that came too late", found.count(None))
        number = "88000000055"
        card_id = (await scan(0, number)).json()["data"]["cardId"]
        over = datetime.now(UTC) - timedelta(milliseconds=1)
        dated = {"expiresAt": over, "scannedAt": over - timedelta(minutes=10)}
        await database["discountcards"].update_one({"_id": card_id}, {"$set": dated})
        found = [await claim(card_id, visits[0], n) for n in range(uses)]
        assert set(found) == {None}
        run.reached("uses of an expired card", uses)
        assert await database["discountcards"].count_documents({"_id": card_id}) == 1, "it is stored all the time"
        assert (await app.get("/v1/discount-cards/current", headers=headers[0])).status_code == 404
        await database["sessions"].update_one({"_id": visits[1]}, {"$set": {"expiresAt": over}})
        replies = await asyncio.gather(*(scan(1, f"99{n:06d}55") for n in range(50)))
        assert {reply.status_code for reply in replies} == {401}
        run.reached("scans on an expired visit", len(replies))
        stale = suite.issuer.session_token("ann", tenant_id=TENANT, store_id=STORE, session_id=visits[2], lives_s=-301)
        headers[2] = {"authorization": f"Bearer {stale}"}
        assert (await scan(2, "9900000155")).status_code == 401
        run.reached("scans with an expired token")
    run.must_have_reached("phones that came too late", "checkouts that came too late", "uses of an expired card")


# ---- coupons in processes that die ---------------------------------------------------------------------------


async def test_coupons_survive_processes_that_are_killed_at_every_step(run: Run, mongod: str, database: str) -> None:
    """Four processes go through the same orders and are killed on the way; no limit is passed, no coupon is lost."""
    orders, chance = run.size(60, 1_000), random.Random(run.seed)
    with using(mongod, database):
        await migrations.apply(mongo.database(), COLLECTIONS)
        await asyncio.gather(*(_until_done(run, chance, mongod, database, orders, worker) for worker in range(4)))
        later = datetime.now(UTC) + timedelta(hours=2)
        run.reached("holds that the sweep settled", await redemptions.sweep(_nobody_pays, later))
        await _check(run, orders)
        await mongo.close()
    run.must_have_reached(*(f"killed at {point}" for point in POINTS), "refused")


async def _until_done(run: Run, chance: random.Random, uri: str, database: str, orders: int, worker: int) -> None:
    argv = [sys.executable, "-m", "tests.faults.redeeming", uri, database, str(orders), str(run.seed + worker)]
    # Each process dies at two of the points before it may finish; the later a point, the seldomer it is met.
    deaths = [POINTS[(worker + turn) % len(POINTS)] for turn in range(run.size(2, 6))]
    while True:
        point = deaths.pop() if deaths else ""
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=asyncio.subprocess.PIPE, cwd=ROOT, env=tool_environment()
        )
        setting = f"{point}:kill9:{chance.uniform(0.05, 0.3):.2f}" if point else ""
        await process.communicate(setting.encode() + b"\n")
        if process.returncode == -9:
            run.reached(f"killed at {point}")
        else:
            assert process.returncode == 0
            if not point:
                return


async def _nobody_pays(_tenant: str, _order: str) -> bool:
    return False


async def _check(run: Run, orders: int) -> None:
    """The counters say what the orders say, and no limit is passed."""
    assert [each async for each in audit_coupons.counters(mongo.database())] == []
    expected: dict[str, list[int]] = {}
    known = {rule.id: rule for rule in redeeming.rules(orders)}
    async for record in mongo.database()["promotion_redemptions"].find({}):
        assert record["state"] in ("confirmed", "released"), record
        run.reached(record["state"])
        if record["state"] == "released" and redeeming.is_paid(int(record["_id"].rpartition(".")[2], 16)):
            run.reached("refused")
        for item in record["items"] if record["state"] == "confirmed" else ():
            for name in (name for name in record["counters"] if name.startswith(f"{TENANT}:{item['ruleId']}:")):
                row = expected.setdefault(name, [0, 0])
                row[0] += 1
                row[1] += item["amount"] if name.endswith(":r") else 0
    found = {}
    async for counter in mongo.database()["promotion_counters"].find({}):
        assert counter["holds"] == [], counter["_id"]
        found[counter["_id"]] = [counter["taken"], counter["spent"]]
    assert {name: row for name, row in found.items() if row != [0, 0]} == expected
    for name, (taken, spent) in found.items():
        limits = known[name.split(":")[1]].limits
        most = {"r": limits.total, "u": limits.per_user, "c": limits.per_code}[name.split(":")[2]]
        assert most is not None
        assert taken <= most
        assert limits.budget is None or spent <= limits.budget
        run.reached("counters at their limit", taken == most)
