"""What must hold of coupons and cards, whoever was killed: no limit is passed, nothing is lost, a card pays once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from functions.common import clock
from functions.common.retail import purchase_states as states

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

LATE = timedelta(seconds=60)
LEFT = timedelta(hours=2)
"""The sweep gives back after an hour what nobody needs any more."""
LOOKS = 3
_LIMITS = {"r": "total", "u": "perUser", "c": "perCode"}

Documents = Mapping[str, Any]


async def counters(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Coupons: a counter has taken what paid orders used and what others hold; never more than any limit there was."""
    found: dict[str, str] = {}
    for look in range(LOOKS):
        # Orders go on while we read: what is wrong stays wrong.
        found = {k: v for k, v in [each async for each in _differences(database)] if not look or k in found}
        if not found:
            break
        await asyncio.sleep(0.2 if look < LOOKS - 1 else 0)
    for sentence in found.values():
        yield sentence
    async for sentence in _limits(database):
        yield sentence


async def _differences(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[tuple[str, str]]:
    used: dict[str, list[int]] = {}
    paid = set()
    async for record in database["promotion_redemptions"].find({"state": "confirmed"}):
        paid.add(f"{record['_id']}#{record['attempt']}")
        for name, amount in _amounts(record):
            row = used.setdefault(name, [0, 0])
            row[0] += 1
            row[1] += amount
    async for counter in database["promotion_counters"].find({}):
        times, spent = used.pop(counter["_id"], [0, 0])
        held = [hold for hold in counter["holds"] if hold["id"] not in paid]
        times, spent = times + len(held), spent + sum(hold["amount"] for hold in held)
        if (counter["taken"], counter["spent"]) != (times, spent):
            said = f"{counter['taken']} times for {counter['spent']}, its orders {times} times for {spent}"
            yield counter["_id"], f"coupons: {counter['_id']} says {said}"
    for name, (times, _) in used.items():
        yield name, f"coupons: {name} was used {times} times, and nobody counts it"


def _amounts(record: Documents) -> Iterator[tuple[str, int]]:
    """Each counter of an order, and what it took of a budget."""
    for item in record["items"]:
        prefix = f"{record['tenantId']}:{item['ruleId']}:"
        for name in record["counters"]:
            if name.startswith(prefix):
                yield name, item["amount"] if name == f"{prefix}r" else 0


async def _limits(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """A limit may be lowered below what was given; so the highest that any version named counts."""
    highest: dict[tuple[str, str, str], float] = {}
    shown = {"tenantId": 1, "promotionId": 1, "content.limits": 1}
    async for version in database["promotion_versions"].find({}, shown):
        limits = version["content"].get("limits") or {}
        for name in (*_LIMITS.values(), "budget"):
            key = (version["tenantId"], version["promotionId"], name)
            most = limits.get(name)
            highest[key] = max(highest.get(key, 0), float("inf") if most is None else most)
    async for counter in database["promotion_counters"].find({}, {"tenantId": 1, "ruleId": 1, "taken": 1, "spent": 1}):
        tenant, rule = counter["tenantId"], counter["ruleId"]
        kind = _LIMITS[counter["_id"].removeprefix(f"{tenant}:{rule}:")[0]]
        for name, value in ((kind, counter["taken"]), ("budget", counter["spent"])):
            if value > highest.get((tenant, rule, name), float("inf")):
                yield f"coupons: {counter['_id']} was given {value}, its {name} never allowed that"


async def orders(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Coupons: what a paid order claimed is used, what an order that was given up claimed is free again."""
    late = clock.now() - LEFT
    shown = {"state": 1, "updatedAt": 1}
    async for each in database["purchases"].find({"redemptions.0": {"$exists": True}}, shown):
        record = await database["promotion_redemptions"].find_one({"_id": each["_id"]}, {"state": 1})
        state = record["state"] if record is not None else "nowhere"
        settled = each["state"] in states.BOUGHT - {states.PAID}
        if settled and state != "confirmed":
            yield f"coupons: {each['_id']} is {each['state']}, what it claimed is {state}"
        if each["state"] in states.GIVEN_UP and state in ("claiming", "claimed") and each["updatedAt"] < late:
            yield f"coupons: {each['_id']} is {each['state']} and still claims"
        if each["state"] in states.GIVEN_UP and state == "confirmed":
            yield f"coupons: {each['_id']} is {each['state']}, and its coupons are used"


async def cards(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Cards: one scan of a card counts for one paid purchase."""
    bought = {"card.cardId": {"$exists": True}, "state": {"$in": sorted(states.BOUGHT)}}
    groups = await database["purchases"].aggregate(
        [
            {"$match": bought},
            {"$group": {"_id": "$card.cardId", "n": {"$sum": 1}}},
            {"$match": {"n": {"$gt": 1}}},
        ]
    )
    async for group in groups:
        yield f"cards: {group['_id']} was used for {group['n']} purchases"


async def outbox(database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[str]:
    """Outbox: what became of promotions and cards has been told."""
    for name in ("promotions", "discountcards"):
        late = await database[name].count_documents({"outbox.at": {"$lt": clock.now() - LATE}})
        if late:
            yield f"outbox: {late} {name} hold events older than a minute"


CHECKS = (counters, orders, cards, outbox)
