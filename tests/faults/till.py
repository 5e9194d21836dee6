"""A till under fire: shoppers with carts at the public doors who pay at the local Stripe, staff, a gate, and time.

Processes cannot be told another time, so time goes by the other way round: `later` moves what is written down into the
past.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from pymongo import AsyncMongoClient

from functions.checkout.payments import amounts
from functions.common.retail import purchase_states as states
from local.suite import Suite
from retailscan import audit, audit_purchases
from retailscan.audit_purchases import Charge
from tests.faults.shelves import TENANT, open_store, settle_terms
from tests.faults.shop import until
from tests.faults.shoppers import Shopper

ROOMS = ("sessions", "checkout", "exit_gate")
DOOR, WORK, GATE = "checkout", "checkout-events", "exit-gate"
SWEEP, EVENTS, RECONCILE = f"{WORK}-sweep-checkouts", f"{WORK}-sweep-payments", f"{WORK}-reconcile"
JOBS = (EVENTS, SWEEP, RECONCILE)
PLENTY = 10_000
PATIENCE = httpx.Timeout(30, pool=None)
AT_ONCE = 100
"""Half of the holds that one product may have."""
WAITING = (*states.UNPAID, states.PAID, states.EXITED)
"""Purchases of which somebody has still something to do at once."""


class Till:
    """One running suite with stores of one tenant. `points` is the file that says where processes die."""

    def __init__(self, suite: Suite, seed: int, points: Path) -> None:
        self.suite, self.random, self._points = suite, random.Random(seed), points
        self.mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(suite.mongo_uri, tz_aware=True)
        self.db = self.mongo[suite.mongo_database]
        limits = httpx.Limits(max_connections=300, max_keepalive_connections=100)
        self.http = httpx.AsyncClient(base_url=suite.gateway_url, timeout=PATIENCE, limits=limits, trust_env=False)
        self.bank = httpx.AsyncClient(base_url=suite.stand_in_url("stripe"), timeout=10, trust_env=False)
        self.gate: dict[str, str] = {}
        self._shoppers = 0
        self._read: Counter[str] = Counter()
        self._deaths: Counter[str] = Counter()

    async def close(self) -> None:
        """Close every client."""
        for client in (self.http, self.bank):
            await client.aclose()
        await self.mongo.close()

    # ---- who comes

    async def store(self, name: str, shelves: Sequence[int], **options: Any) -> list[str]:
        """See `shelves.open_store`."""
        return await open_store(self.db, name, shelves, **options)

    async def enter(
        self, store: str, goods: Mapping[str, int], *, code: str = "", groups: Sequence[str] = ()
    ) -> Shopper:
        """Somebody who checks in and fills a cart; with a coupon code, with a brand card for these groups."""
        self._shoppers += 1
        shopper = Shopper(self, store, f"shopper-{self._shoppers}")
        await shopper.check_in()
        if groups:
            await shopper.show_card(groups)
        await shopper.fill(goods, code)
        return shopper

    async def customers(self, count: int, store: str) -> list[Shopper]:
        """A new store with plenty, and so many with one piece each; of no product too many at a time."""
        barcodes = await self.store(store, [PLENTY] * -(-count // AT_ONCE))
        crowds = [
            await self.crowd(min(AT_ONCE, count - number * AT_ONCE), store, {barcode: 1})
            for number, barcode in enumerate(barcodes)
        ]
        return [each for crowd in crowds for each in crowd]

    async def sold(self, store: str) -> int:
        """How many pieces a store has sold; none may be held."""
        found = [each["stock"] async for each in self.db["products"].find({"storeId": store})]
        assert sum(len(each["holds"]) for each in found) == 0
        assert sum(PLENTY * 1000 - each["avail"] - each["sold"] for each in found) == 0
        return int(sum(each["sold"] for each in found) // 1000)

    async def crowd(self, count: int, store: str, goods: Mapping[str, int]) -> list[Shopper]:
        """So many with the same goods: the first one's cart, filled at the door, in visits of their own."""
        first = await self.enter(store, goods)
        filled = await self.db["sessions"].find_one({"_id": first.session_id})
        assert filled is not None
        made, documents = [first], []
        for _ in range(count - 1):
            self._shoppers += 1
            other = first.copy(f"shopper-{self._shoppers}")
            made.append(other)
            documents.append({**filled, "_id": other.session_id, "userId": other.name})
        if documents:
            await self.db["sessions"].insert_many(documents)
        return made

    def staff(self, role: str = "store_manager") -> dict[str, str]:
        """The headers of somebody who works in every store."""
        return self.suite.authorization(role, tenant=TENANT, stores="*", sub=f"a {role}")

    # ---- what happens to it

    def die_at(self, points: Iterable[str]) -> None:
        """From now on whatever process comes there does this, such as `pi.before_create:kill9`."""
        fresh = self._points.with_suffix(".new")
        fresh.write_text(",".join(points))
        fresh.replace(self._points)

    def deaths(self) -> Counter[str]:
        """At which points processes have died so far, and how often."""
        for service in (DOOR, WORK, GATE):
            with self.suite.doors.log_path(service).open("rb") as log:
                log.seek(self._read[service])
                *lines, _ = log.read().split(b"\n")
            self._read[service] += sum(len(line) + 1 for line in lines)
            for line in lines:
                if line.startswith(b"killed at "):
                    self._deaths[line.removeprefix(b"killed at ").decode()] += 1
        return Counter(self._deaths)

    async def stripe(self, method: str, path: str, body: Any = None) -> Any:
        """Stripe's other door, where a test says what goes wrong."""
        reply = await self.bank.request(method, f"/_control/{path}", json=body)
        assert reply.is_success, reply.text
        return reply.json()

    async def ledger(self, store: str = "") -> list[dict[str, Any]]:
        """What Stripe knows of the payments of a store, or of all."""
        rows = await self.stripe("GET", "ledger")
        return [row for row in rows if str(row["order"]).startswith(f"{store}." if store else "")]

    async def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.die_at([])
        await self.stripe("POST", "faults", [])
        await self.stripe("POST", "webhooks", {})

    async def later(self, seconds: float, **query: Any) -> None:
        """So much time goes by for everything that waits (purchases: those of the query)."""
        gone = int(seconds * 1000)

        def earlier(*fields: str) -> list[dict[str, Any]]:
            return [{"$set": {name: {"$subtract": [f"${name}", gone]} for name in fields}}]

        due = {"dueAt": {"$exists": True}}
        await self.db["purchases"].update_many({**due, **query}, earlier("dueAt", "expiresAt", "updatedAt"))
        await self.db["payment_events"].update_many(due, earlier("dueAt"))
        await self.db["idempotency"].update_many({"state": "in_progress"}, earlier("lockedUntil"))
        holds = _each("stock.holds", {"exp": {"$subtract": ["$$each.exp", gone]}})
        await self.db["products"].update_many({"stock.holds.0": {"$exists": True}}, [{"$set": {"stock.holds": holds}}])
        refunds = _each("refunds", {"dueAt": {"$subtract": ["$$each.dueAt", gone]}}, having="dueAt")
        await self.db["purchases"].update_many({"refunds.dueAt": {"$exists": True}}, [{"$set": {"refunds": refunds}}])

    async def fire(self, *jobs: str) -> None:
        """Schedules come by; a door that dies over it is called again by the next one."""
        for job in jobs or JOBS:
            await self.suite.fire(job)

    async def over(self, seconds: float = 60, *, jump: float = 700) -> None:
        """Let time go by until nothing is left to do; `jump` seconds at a time."""

        async def quiet() -> bool:
            await self.fire()
            if not await self.left():
                return True
            await self.later(jump)
            return False

        await until(quiet, seconds)

    async def left(self) -> int:
        """How many purchases, events and refunds wait for somebody."""
        purchases, events = self.db["purchases"], self.db["payment_events"]
        return (
            await purchases.count_documents({"state": {"$in": list(WAITING)}})
            + await purchases.count_documents({"$or": [{"outbox.0": {"$exists": True}}, {"refunds.state": "pending"}]})
            + await events.count_documents({"state": "waiting"})
        )

    # ---- the end

    async def in_state(self, *wanted: str, count: int, seconds: float = 30, **query: Any) -> None:
        """Until so many purchases are in one of the states."""

        async def there() -> bool:
            found = {"state": {"$in": list(wanted)}, **query}
            return await self.db["purchases"].count_documents(found) >= count

        await until(there, seconds)

    async def lasting(self, store: str) -> list[dict[str, Any]]:
        """The purchases of a store, without what time alone changes."""
        hidden = dict.fromkeys(("updatedAt", "dueAt", "expiresAt", "outbox"), 0)
        return [each async for each in self.db["purchases"].find({"storeId": store}, hidden).sort("_id", 1)]

    async def receipts(self, store: str) -> list[int]:
        """The numbers of a store's receipts."""
        found = self.db["purchases"].find({"storeId": store, "receipt": {"$ne": None}}, {"receipt.number": 1})
        return sorted([each["receipt"]["number"] async for each in found])

    async def states(self, store: str) -> Counter[str]:
        """How many purchases of a store are in which state."""
        return Counter([each["state"] async for each in self.db["purchases"].find({"storeId": store}, {"state": 1})])

    async def stock(self, store: str, barcode: str) -> tuple[int, int, int]:
        """Pieces that are free, held, and sold."""
        found = await self.db["products"].find_one({"storeId": store, "barcode": barcode})
        assert found is not None
        kept = found["stock"]
        return kept["avail"] // 1000, sum(hold["n"] for hold in kept["holds"]) // 1000, kept["sold"] // 1000

    async def findings(self) -> list[str]:
        """What the auditor says with Stripe's ledger beside ours, and what must not be when nobody is at work."""
        rows = await self.ledger()
        charges = [
            Charge(row["intent"], row["order"] or "", _ours(row, "captured"), _ours(row, "refunded"), _currency(row))
            for row in rows
        ]
        found = await audit.findings(self.db, None)
        found += [each async for each in audit_purchases.charges(self.db, charges)]
        found += [f"{row['order']} was charged {row['charges']} times" for row in rows if row["charges"] > 1]
        held = {"stock.holds.0": {"$exists": True}}
        found += [f"held: {each['storeId']}/{each['barcode']}" async for each in self.db["products"].find(held)]
        live = [each["_id"] async for each in self.db["purchases"].find({"live": True}, {"_id": 1})]
        locked = {"status": "active", "checkout.id": {"$type": "string", "$nin": live}}
        found += [f"locked: {each['_id']}" async for each in self.db["sessions"].find(locked)]
        return found


def _each(field: str, fresh: Mapping[str, Any], *, having: str = "") -> dict[str, Any]:
    changed: Any = {"$mergeObjects": ["$$each", fresh]}
    if having:
        changed = {"$cond": [{"$eq": [{"$type": f"$$each.{having}"}, "date"]}, changed, "$$each"]}
    return {"$map": {"input": f"${field}", "as": "each", "in": changed}}


def _currency(row: Mapping[str, Any]) -> str:
    return str(row["currency"]).upper()


def _ours(row: Mapping[str, Any], name: str) -> int:
    return amounts.from_stripe(row[name], _currency(row))


@asynccontextmanager
async def opened(seed: int, folder: Path, *, workers: int = 2, **options: Any) -> AsyncIterator[Till]:
    """A till of its own: a suite whose MongoDB removes nothing by itself and whose schedules nobody fires but tests."""
    points = folder / "points"
    env = {
        "TEST": "1", "OTEL_TRACES_SAMPLE": "0", "RATE_LIMIT_SCALE": "100000", "FAILPOINT": f"@{points}",
        "LOG_LEVEL": "WARNING",
    }  # fmt: skip
    suite = Suite(
        rooms=ROOMS, tenants=(TENANT,), door_env=env, scheduler=False,
        mongo_parameters={"ttlMonitorEnabled": "false"}, **options,
    )  # fmt: skip
    async with suite:
        # Two processes at one door: what is shared is shared through the database alone.
        await suite.restart_door(DOOR, {"WORKERS": str(workers)})
        till = Till(suite, seed, points)
        till.gate = suite.authorization("gate", tenant=TENANT, stores="*", sub="gate-1")
        try:
            await settle_terms(till.db)
            yield till
        finally:
            await till.close()
