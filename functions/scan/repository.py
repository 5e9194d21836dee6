"""Stores as this room reads them; it owns no collection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import Any, NamedTuple

import orjson

from functions.common import mongo, product_cache, stores
from functions.common.product_cache import Entry, ProductCache
from functions.common.retail import labels
from functions.scan.domain import StoreRules

STORE_SECONDS = 5.0
OUTAGE_SECONDS = 60.0
STORES = 10_000
RULES = "rules"
"""Where a store's rules stand among its products; no barcode is a word."""
_STORE_FIELDS = dict.fromkeys(("tenantId", "status", "currency", "timeZone", "labelTemplates", "ver"), 1)


class _Known(NamedTuple):
    """A store as it was read; times on the monotonic clock."""

    tenant_id: str
    rules: StoreRules | None
    read_at: float


class StoreDirectory:
    """The rules of stores: from this process's memory for five seconds, else Redis, else MongoDB.

    They are cached under the store's epoch, and whoever changes a store begins a new one. While neither can be
    reached, what was known goes on for a minute.
    """

    def __init__(self, cache: ProductCache) -> None:
        self._cache = cache
        self._known: dict[str, _Known] = {}
        self._reading: dict[str, asyncio.Task[_Known]] = {}

    async def rules(self, tenant_id: str, store_id: str) -> StoreRules | None:
        """The rules of an open store; None when the tenant has no such store or it is closed.

        Raises the driver's errors.
        """
        known = self._known.get(store_id)
        if known is None or monotonic() - known.read_at > STORE_SECONDS:
            known = await self._refreshed(store_id, known)
        return known.rules if known.tenant_id == tenant_id else None

    def forget(self, store_id: str | None) -> None:
        """Read a store anew, or all."""
        if store_id is None:
            self._known.clear()
        else:
            self._known.pop(store_id, None)

    async def _refreshed(self, store_id: str, before: _Known | None) -> _Known:
        reading = self._reading.get(store_id)
        if reading is None:
            # One asks for all who wait, and goes on when the one who began it hangs up.
            reading = self._reading[store_id] = asyncio.get_running_loop().create_task(self._read(store_id))
            reading.add_done_callback(lambda done: self._finished(store_id, done))
        try:
            return await asyncio.shield(reading)
        except Exception:
            if before is None or monotonic() - before.read_at > OUTAGE_SECONDS:
                raise
            return before

    def _finished(self, store_id: str, reading: asyncio.Task[_Known]) -> None:
        self._reading.pop(store_id, None)
        if not reading.cancelled() and reading.exception() is None:
            if len(self._known) >= STORES:
                self._known.clear()
            self._known[store_id] = reading.result()

    async def _read(self, store_id: str) -> _Known:
        now = monotonic()
        snapshot = await self._cache.read(store_id, [RULES])
        if snapshot is not None and snapshot.values[0] is not None:
            _, payload = product_cache.parse(snapshot.values[0])
            if payload[:1] == b"{":
                return _rules(orjson.loads(payload), now)
        document = await mongo.cache_source(stores.COLLECTION).find_one({"_id": store_id}, _STORE_FIELDS)
        if document is None:
            return _Known("", None, now)
        if snapshot is not None:
            await self._cache.fill(store_id, snapshot, [Entry(RULES, document["ver"], orjson.dumps(document))])
        return _rules(document, now)


def _rules(store: Mapping[str, Any], now: float) -> _Known:
    if store["status"] != "active":
        return _Known(store["tenantId"], None, now)
    templates = tuple(labels.parse_template(each) for each in store.get("labelTemplates") or ())
    return _Known(store["tenantId"], StoreRules(store["currency"], store["timeZone"], templates), now)
