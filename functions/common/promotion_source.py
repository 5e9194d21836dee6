"""The promotions of a store as the rules that baskets are priced by. Owned by discount, read by carts and checkouts.

Carts may see rules that are a few seconds old; a checkout asks for fresh ones: what a majority has now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from functions.common import log, mongo
from functions.common.retail.promotion_codec import from_stored
from functions.common.retail.promotion_rules import Rule, RuleInvalid

COLLECTION = "promotions"
CACHED_SECONDS = 5.0
REFRESH_SECONDS = 1.0
MOST_RULES = 400
_MAX_STORES = 5_000
_MAX_PARSED = 50_000

_Key = tuple[str, str]
"""(tenantId, promotionId)"""


class Promotions:
    """The active promotions of stores. Each text is parsed once in a process: what is read is which versions hold."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[float, tuple[Rule, ...]]] = {}
        self._parsed: dict[_Key, tuple[int, Rule | None]] = {}

    async def of_store(self, tenant_id: str, store_id: str, now: datetime, *, fresh: bool = False) -> tuple[Rule, ...]:
        """The active rules of a store by id, whatever their time window; at most five seconds old.

        With `fresh`, those that a majority of the database has now.
        """
        place, moment = (tenant_id, store_id), now.timestamp()
        if not fresh:
            cached = self._known.get(place)
            if cached is not None and cached[0] >= moment:
                return cached[1]
            if cached is not None:
                # One asks the database; whoever comes meanwhile takes what is known.
                self._known[place] = (moment + REFRESH_SECONDS, cached[1])
        rules = await self._read(tenant_id, store_id)
        if len(self._known) >= _MAX_STORES:
            self._known.clear()
        self._known[place] = (moment + CACHED_SECONDS - REFRESH_SECONDS, rules)
        return rules

    def forget(self) -> None:
        """Drop all that is known (tests, and when promotions have changed)."""
        self._known.clear()

    async def _read(self, tenant_id: str, store_id: str) -> tuple[Rule, ...]:
        source = mongo.cache_source(COLLECTION)
        active = {
            "tenantId": tenant_id,
            "status": "active",
            "deletedAt": None,
            "$or": [{"storeIds": None}, {"storeIds": store_id}],
        }
        cursor = source.find(active, {"_id": 0, "promotionId": 1, "ver": 1}).sort("promotionId", 1).limit(MOST_RULES)
        names = {document["promotionId"]: int(document["ver"]) for document in await cursor.to_list()}
        unread = [name for name, ver in names.items() if self._parsed.get((tenant_id, name), (0,))[0] != ver]
        if unread:
            if len(self._parsed) >= _MAX_PARSED:
                self._parsed.clear()
            unread = [name for name in names if (tenant_id, name) not in self._parsed or name in unread]
            # Asked again as a whole: one that has ended since the first look must not come back by the second.
            cursor = source.find({**active, "promotionId": {"$in": unread}})
            read = {document["promotionId"]: document for document in await cursor.to_list()}
            self._take(tenant_id, list(read.values()))
            names = {name: ver for name, ver in names.items() if name not in unread or name in read}
        found = (self._parsed[tenant_id, name][1] for name in names)
        return tuple(rule for rule in found if rule is not None)

    def _take(self, tenant_id: str, documents: Sequence[Mapping[str, Any]]) -> None:
        for document in documents:
            name, ver = document["promotionId"], int(document["ver"])
            rule: Rule | None
            try:
                rule = from_stored(name, ver, document)
            except RuleInvalid as problem:
                # The doors let none in that cannot be applied; one bad text must not stop every basket.
                log.error("promotion.unreadable", promotionId=name, ver=ver, reason=str(problem))
                rule = None
            self._parsed[tenant_id, name] = (ver, rule)
