"""The receipt: one write that gives a paid purchase the store's next number, without gaps and without doubles.

The number is taken by the very write that puts it into the purchase, so nobody can die in between. A unique index
(store, number) lets one win; the number tried is one above one that a majority of members is known to hold, so no
number can be there without the one before it, whatever fails over. Who has just written the last number of a store
needs no look at it: in one process the receipts of a store follow one another, a write each.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.checkout.papers import passes
from functions.common import failpoints, mongo
from functions.common.errors import Unavailable
from functions.common.mongo import Document, Scoped
from functions.common.purchases import COLLECTION, Purchases
from functions.common.stores import Store
from functions.common.tenants import TenantSettings

_TRIES = 200
_MOST_STORES = 5_000


@dataclass(slots=True)
class _Line:
    """The receipts of one store in this process, one after another. `last` is a number that is safely there."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    last: int | None = None


class Papers:
    """Issues receipts and passes. One of it per event loop and database: it remembers the last numbers."""

    def __init__(
        self,
        purchases: Purchases,
        store: Callable[[str, str], Awaitable[Store | None]],
        terms: Callable[[str], Awaitable[TenantSettings]],
    ) -> None:
        self._purchases, self._store, self._terms = purchases, store, terms
        self._lines: dict[str, _Line] = {}

    async def issue_receipt(self, purchase: Document, now: datetime) -> Document | None:
        """The purchase with its `receipt`, which is the same however often it is asked for.

        None when the purchase has changed meanwhile: read it again. Raises Unavailable when too many receipts of this
        store are issued at once; repeating it is safe.
        """
        if purchase.get("receipt") is not None:
            return purchase
        if len(self._lines) > _MOST_STORES:
            self._lines = {name: line for name, line in self._lines.items() if line.lock.locked()}
        content = await self._content(purchase, now)
        line = self._lines.setdefault(purchase["storeId"], _Line())
        async with line.lock:
            for attempt in range(_TRIES):
                try:
                    return await self._take_next(line, purchase, content, now)
                except _Taken:
                    # Another process was faster; a majority will have its number in a moment.
                    line.last = None
                    await asyncio.sleep(random.uniform(0.001, 0.002 * 2 ** min(attempt, 5)))
        raise Unavailable("too many receipts of this store are being issued just now")

    async def new_pass(self, purchase: Document, now: datetime) -> Document:
        """What goes into the purchase's `pass`; it counts once it is written."""
        return passes.fresh(purchase, now)

    async def _take_next(
        self, line: _Line, purchase: Document, content: Mapping[str, Any], now: datetime
    ) -> Document | None:
        from pymongo.errors import DuplicateKeyError

        if line.last is None:
            line.last = await _last_number(purchase)
        number = line.last + 1
        await failpoints.hit("receipt.before_insert")
        try:
            found = await self._purchases.change(
                purchase, now=now, values={"receipt": {"number": number, **content}}, where={"receipt": None}
            )
        except DuplicateKeyError:
            raise _Taken from None
        if found is not None:
            line.last = number
        await failpoints.hit("receipt.after_insert")
        return found

    async def _content(self, purchase: Document, now: datetime) -> Document:
        """What a receipt keeps of the day it was issued: a store may be renamed, a receipt may not."""
        store = await self._store(purchase["tenantId"], purchase["storeId"])
        terms = await self._terms(purchase["tenantId"])
        # A store that was removed in the very minute of the payment still owes its receipt.
        name, address = (store.name, store.address) if store is not None else (purchase["storeId"], None)
        return {"at": now, "store": {"name": name, "address": address}, "footer": terms.receipt_footer, "links": []}


class _Taken(Exception):
    """The number has gone to another purchase."""


async def _last_number(purchase: Mapping[str, Any]) -> int:
    """The highest number that a majority of members holds for the store, 0 without any."""
    scope = Scoped(mongo.cache_source(COLLECTION), tenantId=purchase["tenantId"], storeId=purchase["storeId"])
    found = await scope.find_one(
        {"receipt.number": {"$gt": 0}}, projection={"receipt.number": 1}, sort=[("receipt.number", -1)]
    )
    return 0 if found is None else int(found["receipt"]["number"])
