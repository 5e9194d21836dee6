"""The counters of limited promotions: one document each, that holds its own holds. Owned by discount.

What is taken, used up and given back here is decided in `redemptions`; each is one conditional write, safe to repeat.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from functions.common import mongo
from functions.common.errors import Unavailable
from functions.common.retail.promotion_rules import Rule, normal_code

COUNTERS = "promotion_counters"
MOST_RECENT = 500
"""Holds that a counter remembers after they were settled, so that a process that slept cannot take them again."""
_TRIES = 6


class Redemption(NamedTuple):
    """A promotion that a basket gets: by which code, if by any, and how much it takes off (minor units)."""

    rule: Rule
    code: str | None
    amount: int


@dataclass(frozen=True, slots=True)
class Limit:
    """One counter that a redemption has to pass."""

    id: str
    rule_id: str
    code: str | None
    amount: int
    most: int | None
    budget: int | None
    reason: str

    def refuses(self, taken: int, spent: int) -> str | None:
        """Why one more does not fit."""
        if self.most is not None and taken >= self.most:
            return self.reason
        if self.budget is not None and spent + self.amount > self.budget:
            return "BUDGET_SPENT"
        return None


# ---- which counters ------------------------------------------------------------------------------------------


def limits_of(tenant_id: str, user_id: str, redemption: Redemption) -> list[Limit]:
    """The counters that a redemption has to pass; none when its promotion is not limited."""
    rule, code, amount = redemption
    limits, at = rule.limits, f"{tenant_id}:{rule.id}"
    found = []
    if limits.total is not None or limits.budget is not None:
        found.append(Limit(f"{at}:r", rule.id, code, amount, limits.total, limits.budget, "TOTAL_LIMIT"))
    if limits.per_user is not None:
        found.append(Limit(f"{at}:u:{user_id}", rule.id, code, 0, limits.per_user, None, "USER_LIMIT"))
    if limits.per_code is not None and code is not None:
        found.append(Limit(f"{at}:c:{code}", rule.id, code, 0, limits.per_code, None, "CODE_USED"))
    return found


def counters_asked(
    tenant_id: str, user_id: str, codes: Iterable[str], rules: Iterable[Rule]
) -> dict[str, tuple[str, str, str | None]]:
    """Counter -> (rule, kind, code) of every counter that these rules would ask about."""
    shown = {normal_code(code) for code in codes}
    found: dict[str, tuple[str, str, str | None]] = {}
    for rule in rules:
        used: list[str | None] = [*sorted(rule.codes & shown)]
        if rule.codes and not used:
            continue  # without its code the rule does not go, whatever was taken of it
        for code in used or [None]:
            for limit in limits_of(tenant_id, user_id, Redemption(rule, code, 0)):
                kind = limit.id.removeprefix(f"{tenant_id}:{rule.id}:")[0]
                found[limit.id] = (rule.id, kind, code)
    return found


# ---- the counters --------------------------------------------------------------------------------------------


async def take(tenant_id: str, order_id: str, hold: str, limit: Limit, now: datetime) -> str | None:
    """One more on a counter, once for a hold; the reason when it does not fit.

    Raises Unavailable when it changes all the time.
    """
    counters, here = mongo.collection(COUNTERS), {"_id": limit.id, "tenantId": tenant_id}
    fits = {**here, **_fits(limit, hold)}
    entry = {"id": hold, "order": order_id, "amount": limit.amount, "at": now}
    more = {"$inc": {"taken": 1, "spent": limit.amount}, "$push": {"holds": entry}}
    for _ in range(_TRIES):
        if (await counters.update_one(fits, more)).matched_count:
            return None
        counter = await counters.find_one(here, {"taken": 1, "spent": 1, "recent": 1, "holds.id": 1})
        if counter is None:
            await _create(here, limit)
        elif hold in counter["recent"] or any(each["id"] == hold for each in counter["holds"]):
            return None
        else:
            why = limit.refuses(int(counter["taken"]), int(counter["spent"]))
            if why is not None:
                return why
    raise Unavailable("this promotion is wanted by too many just now")


def _fits(limit: Limit, hold: str) -> dict[str, Any]:
    """What must be so of a counter at the very moment it takes one more: there is room, and it never had this hold."""
    query: dict[str, Any] = {"holds.id": {"$ne": hold}, "recent": {"$ne": hold}}
    if limit.most is not None:
        query["taken"] = {"$lt": limit.most}
    if limit.budget is not None:
        query["spent"] = {"$lte": limit.budget - limit.amount}
    return query


async def _create(here: Mapping[str, Any], limit: Limit) -> None:
    from pymongo.errors import DuplicateKeyError

    empty = {"ruleId": limit.rule_id, "taken": 0, "spent": 0, "holds": [], "recent": []}
    try:
        await mongo.collection(COUNTERS).update_one(here, {"$setOnInsert": empty}, upsert=True)
    except DuplicateKeyError:
        return  # another first claim was faster


async def use_up(tenant_id: str, counters: Sequence[str], hold: str) -> None:
    """What the hold took stays taken; the hold goes, and is remembered."""
    await mongo.collection(COUNTERS).update_many(
        {"_id": {"$in": list(counters)}, "tenantId": tenant_id, "holds.id": hold},
        {"$pull": {"holds": {"id": hold}}, "$push": {"recent": {"$each": [hold], "$slice": -MOST_RECENT}}},
    )


async def give_back(tenant_id: str, counters: Sequence[str], hold: str) -> None:
    """What the hold took is free again. It is remembered even where it never came: it might be on its way."""
    mine = {"$filter": {"input": "$holds", "cond": {"$eq": ["$$this.id", hold]}}}
    await mongo.collection(COUNTERS).update_many(
        {"_id": {"$in": list(counters)}, "tenantId": tenant_id, "recent": {"$ne": hold}},
        [
            {
                "$set": {
                    "taken": {"$subtract": ["$taken", {"$size": mine}]},
                    "spent": {"$subtract": ["$spent", {"$sum": {"$map": {"input": mine, "in": "$$this.amount"}}}]},
                    "holds": {"$filter": {"input": "$holds", "cond": {"$ne": ["$$this.id", hold]}}},
                    "recent": {"$slice": [{"$concatArrays": ["$recent", [hold]]}, -MOST_RECENT]},
                }
            }
        ],
    )
