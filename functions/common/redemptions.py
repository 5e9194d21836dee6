"""How often promotions were given: counters that limits are held against. Owned by discount, written by checkouts.

An order claims what its limited promotions take, then confirms or gives it back. Each counter is one document that
holds its own holds, so a claim is one conditional update and never goes beyond the limit. The order's record decides
between confirm and release: whichever changes its state first excludes the other, and all three may be repeated.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from functions.common import clock, failpoints, log, mongo
from functions.common.errors import Conflict, Unavailable
from functions.common.redemption_counters import COUNTERS, counters_asked, give_back, limits_of, take, use_up
from functions.common.redemption_counters import Redemption as Redemption
from functions.common.retail.promotion_rules import Rule
from functions.common.retail.promotions import Usage
from functions.common.together import together

RECORDS = "promotion_redemptions"
CLAIMING, CLAIMED, CONFIRMED, RELEASED = "claiming", "claimed", "confirmed", "released"
ENDS = {CONFIRMED: [CLAIMED, CONFIRMED], RELEASED: [CLAIMING, CLAIMED, RELEASED]}
"""Where each end may be reached from: from itself too, so that it can be repeated, but never from the other."""
SETTLED_AFTER = timedelta(minutes=2)
ABANDONED_AFTER = timedelta(hours=1)
_TRIES = 6

IsAlive = Callable[[str, str], Awaitable[bool]]
"""Whether the order (tenantId, orderId) may still be paid."""


class Refusal(NamedTuple):
    """A promotion that the basket cannot have any more; reasons as in docs/promotions.md."""

    rule_id: str
    code: str | None
    reason: str


async def usage(
    tenant_id: str, user_id: str, codes: Iterable[str], rules: Iterable[Rule], *, order_id: str = ""
) -> dict[str, Usage]:
    """What was taken of each limited rule, holds of orders that are not paid yet included; one read, or none.

    `order_id` leaves out what this order itself holds: a checkout that goes on after a crash asks for its own.
    """
    wanted = counters_asked(tenant_id, user_id, codes, rules)
    if not wanted:
        return {}
    shown = {"taken": 1, "spent": 1, "holds": {"$elemMatch": {"order": order_id}}}
    cursor = mongo.cache_source(COUNTERS).find({"_id": {"$in": list(wanted)}, "tenantId": tenant_id}, shown)
    found: dict[str, dict[str, Any]] = {}
    async for document in cursor:
        (rule_id, kind, code), own = wanted[document["_id"]], document.get("holds") or ()
        taken = int(document["taken"]) - len(own)
        values = found.setdefault(rule_id, {"by_code": {}})
        if kind == "c":
            values["by_code"][code] = taken
        elif kind == "u":
            values["by_user"] = taken
        else:
            values["total"], values["spent"] = taken, int(document["spent"]) - sum(int(hold["amount"]) for hold in own)
    return {rule_id: Usage(**values) for rule_id, values in found.items()}


async def claim(
    *,
    tenant_id: str,
    store_id: str,
    user_id: str,
    order_id: str,
    redemptions: Sequence[Redemption],
    now: datetime,
) -> list[Refusal]:
    """Take what the basket's promotions need, all or nothing; returns those that are used up.

    Repeating it for the same order and the same promotions changes nothing; with others it gives the first ones
    back. After a release the order may claim anew. Raises Conflict when the order is confirmed with others,
    Unavailable when a counter is too contended just now.
    """
    limits = [limit for each in redemptions for limit in limits_of(tenant_id, user_id, each)]
    if not limits:
        return []
    items = [
        {"ruleId": each.rule.id, "ver": each.rule.version, "code": each.code, "amount": each.amount}
        for each in sorted(redemptions, key=lambda each: each.rule.id)
        if any(limit.rule_id == each.rule.id for limit in limits)
    ]
    fresh = {"items": items, "counters": [limit.id for limit in limits], "at": now}
    record = await _open(tenant_id, order_id, {"storeId": store_id, "userId": user_id}, fresh)
    if record["state"] in (CLAIMED, CONFIRMED):
        return []
    hold = _hold_id(record)
    await failpoints.hit("redemption.after_record")
    taken = await together(*(take(tenant_id, order_id, hold, limit, now) for limit in limits))
    refused = {limit.rule_id: Refusal(limit.rule_id, limit.code, why)
               for limit, why in zip(limits, taken, strict=True) if why is not None}  # fmt: skip
    if refused:
        return list(refused.values()) if await _end(record, RELEASED) else await _overtaken(record)
    await failpoints.hit("redemption.after_counters")
    here = {"_id": order_id, "tenantId": tenant_id, "attempt": record["attempt"], "state": {"$in": [CLAIMING, CLAIMED]}}
    result = await mongo.collection(RECORDS).update_one(here, {"$set": {"state": CLAIMED}})
    return [] if result.matched_count else await _overtaken(record)


async def confirm(tenant_id: str, order_id: str) -> bool:
    """The order is paid: what it holds is used for good. False when it was given back before."""
    record = await _find(tenant_id, order_id)
    if record is None:
        return True  # none of its promotions is limited
    return await _end(record, CONFIRMED)


async def release(tenant_id: str, order_id: str) -> bool:
    """The order will not be paid: what it holds goes back. False when it was confirmed before."""
    record = await _find(tenant_id, order_id)
    if record is None:
        return True
    return await _end(record, RELEASED)


async def sweep(is_alive: IsAlive, now: datetime, *, limit: int = 500) -> int:
    """Settle holds that dead processes left; returns how many.

    A claim that nobody finished goes back; so does one whose order nobody can pay any more.
    """
    settled = 0
    found = mongo.collection(COUNTERS).find({"holds.at": {"$lt": now - SETTLED_AFTER}}, {"tenantId": 1, "holds": 1})
    async for counter in found.limit(limit):
        tenant_id = counter["tenantId"]
        for hold in counter["holds"]:
            if hold["at"] < now - SETTLED_AFTER and await _settle(tenant_id, counter["_id"], hold, is_alive, now):
                settled += 1
    if settled:
        log.warning("redemptions.settled", holds=settled)
    return settled


# ---- the order's record --------------------------------------------------------------------------------------


async def _open(tenant_id: str, order_id: str, whose: Mapping[str, str], fresh: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record of a claim that may go on, or one that is done; what an earlier claim of other promotions took is
    given back first."""
    from pymongo.errors import DuplicateKeyError

    records = mongo.collection(RECORDS)
    first = {"_id": order_id, "tenantId": tenant_id, **whose, "attempt": 1, "state": CLAIMING, **fresh}
    try:
        await records.insert_one(dict(first))
    except DuplicateKeyError:
        pass
    else:
        return first
    for _ in range(_TRIES):
        record = await _find(tenant_id, order_id)
        if record is None:
            raise Conflict("this order is another tenant's", code="ORDER_ENDED")
        if record["state"] != RELEASED and record["items"] == fresh["items"]:
            return record
        if record["state"] == CONFIRMED:
            raise Conflict("this order has been confirmed with other promotions", code="ORDER_ENDED")
        await _end(record, RELEASED)
        here = {"_id": order_id, "tenantId": tenant_id, "attempt": record["attempt"], "state": RELEASED}
        anew = {"attempt": record["attempt"] + 1, "state": CLAIMING, **fresh}
        if (await records.update_one(here, {"$set": anew})).matched_count:
            return {**record, **anew}
    raise Unavailable("this order is changing too fast just now")


async def _overtaken(record: Mapping[str, Any]) -> list[Refusal]:
    """Somebody ended this claim while we slept: nothing is refused if it was paid, else what we took goes back.

    Raises Conflict.
    """
    current = await _find(record["tenantId"], record["_id"])
    if current is not None and current["attempt"] == record["attempt"] and current["state"] == CONFIRMED:
        return []
    await give_back(record["tenantId"], record["counters"], _hold_id(record))
    raise Conflict("this order was ended meanwhile", code="ORDER_ENDED")


async def _find(tenant_id: str, order_id: str) -> Mapping[str, Any] | None:
    return await mongo.collection(RECORDS).find_one({"_id": order_id, "tenantId": tenant_id})


async def _end(record: Mapping[str, Any], state: str) -> bool:
    """Move the record to its end and settle its counters; False when it ended the other way before."""
    tenant_id, order_id = record["tenantId"], record["_id"]
    here = {"_id": order_id, "tenantId": tenant_id, "attempt": record["attempt"], "state": {"$in": ENDS[state]}}
    result = await mongo.collection(RECORDS).update_one(
        here, [{"$set": {"state": state, "endedAt": {"$ifNull": ["$endedAt", clock.now()]}}}]
    )
    if not result.matched_count:
        return False
    await failpoints.hit(f"redemption.after_{state}")
    if state == CONFIRMED:
        await use_up(tenant_id, record["counters"], _hold_id(record))
    else:
        await give_back(tenant_id, record["counters"], _hold_id(record))
    return True


def _hold_id(record: Mapping[str, Any]) -> str:
    return f"{record['_id']}#{record['attempt']}"


# ---- what was left behind --------------------------------------------------------------------------------------


async def _settle(tenant_id: str, counter: str, hold: Mapping[str, Any], is_alive: IsAlive, now: datetime) -> bool:
    """Do with a hold that is old what its order's record says; False when it has to stay."""
    record = await _find(tenant_id, hold["order"])
    if record is None or _hold_id(record) != hold["id"]:
        await give_back(tenant_id, [counter], hold["id"])
        return True
    if record["state"] in (CONFIRMED, RELEASED):
        return await _end(record, record["state"])
    if record["state"] == CLAIMING:
        return await _end(record, RELEASED)
    if hold["at"] > now - ABANDONED_AFTER or await is_alive(tenant_id, hold["order"]):
        return False
    return await _end(record, RELEASED)
