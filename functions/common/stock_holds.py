"""Stock held for orders, inside the product itself: reserve, then commit or release, each safe to repeat.

A hold is one conditional update of one product, so stock never goes below nothing however many want the last one.
Commit and release both take the hold out, so only one of them can; which one is what the order's own record says.
`purchases.py` has that record; the arithmetic is `retail/stocktaking.py`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from functions.common import clock, failpoints, log, mongo, products, stock
from functions.common.errors import NotFound, TooMany
from functions.common.mongo import Scoped
from functions.common.product_cache import ProductCache
from functions.common.retail.stocktaking import Movement
from functions.common.together import together

MOST_HOLDS = 200
"""Orders that may hold one product at a time; the next one is asked to come back."""
AT_ONCE = 8
T = TypeVar("T")


class Shortage(NamedTuple):
    """A product of which less is left than was asked for; thousandths."""

    barcode: str
    wanted: int
    left: int


class Emptied(NamedTuple):
    """A product of which this reservation took the last: how much, in thousandths, and the version it made."""

    barcode: str
    taken: int
    ver: int


@dataclass(frozen=True, slots=True)
class Reserved:
    """What a reservation did: what is `held` by barcode, in thousandths, and what was `short`.

    A product whose stock nobody keeps is in neither.
    """

    held: Mapping[str, int]
    short: tuple[Shortage, ...] = ()
    emptied: tuple[Emptied, ...] = ()


class Leftover(NamedTuple):
    """A hold that should have ended by now."""

    tenant_id: str
    store_id: str
    barcode: str
    order: str


class StockHolds:
    """Holds in the products of MongoDB. Quantities are thousandths of the product's base unit."""

    def __init__(self, cache: ProductCache | None = None) -> None:
        self._cache = cache

    async def reserve(
        self,
        tenant_id: str,
        store_id: str,
        order: str,
        demand: Mapping[str, int],
        until: datetime,
        *,
        scarce: Collection[str] = (),
    ) -> Reserved:
        """Hold what an order takes of each product, as far as it goes; a hold that the order has already counts.

        Those named in `scarce` are taken one after the other in sorted order up to the first that is short, so that of
        two baskets with the same last items one gets all of them; the others at once. When something is short, the
        caller first writes down that the order has ended and then releases: two processes may be at work on one order,
        and neither may give back what the other counts on. Raises TooMany when too many orders hold one of them.
        """
        scope = Scoped(mongo.collection(products.COLLECTION), tenantId=tenant_id, storeId=store_id)
        taken: dict[str, _Taken] = {}
        for barcode in sorted(each for each in demand if each in scarce):
            taken[barcode] = await _take(scope, order, barcode, demand[barcode], until)
            await failpoints.hit("stock.after_reserve_line")
            if taken[barcode].left is not None:
                break
        else:
            rest = sorted(each for each in demand if each not in scarce)
            found = await _limited(_take(scope, order, barcode, demand[barcode], until) for barcode in rest)
            taken.update(zip(rest, found, strict=True))
            await failpoints.hit("stock.after_reserve_line")
        await self._invalidate(store_id, {barcode: each.ver for barcode, each in taken.items()})
        short = tuple(
            Shortage(barcode, demand[barcode], each.left) for barcode, each in taken.items() if each.left is not None
        )
        held = {barcode: demand[barcode] for barcode, each in taken.items() if each.held}
        emptied = (Emptied(barcode, demand[barcode], each.ver) for barcode, each in taken.items() if each.was_last)
        return Reserved(held, short, tuple(emptied))

    async def release(self, tenant_id: str, store_id: str, order: str, barcodes: Sequence[str]) -> int:
        """Give back what the order holds of these products; returns of how many it did. Safe to repeat."""
        scope = Scoped(mongo.collection(products.COLLECTION), tenantId=tenant_id, storeId=store_id)
        found = await _limited(_give_back(scope, order, barcode) for barcode in barcodes)
        versions = {barcode: ver for barcode, ver in zip(barcodes, found, strict=True) if ver is not None}
        await self._invalidate(store_id, versions)
        return len(versions)

    async def commit(
        self, tenant_id: str, store_id: str, order: str, sold: Mapping[str, int], at: datetime, *, by: str
    ) -> None:
        """What the order takes is sold: out of the hold, where it has one, and into the ledger as a sale at `at`.

        Repeat it with the same figures. Raises Conflict for others, Unavailable when a product is too contended now.
        """
        micros = int(at.timestamp() * 1_000_000)

        async def one(barcode: str, quantity: int) -> None:
            movement: Movement = {"id": order, "kind": "sale", "q": quantity, "at": micros}
            scope = {"tenant_id": tenant_id, "store_id": store_id}
            try:
                done = await stock.record(
                    **scope, barcode=barcode, movement=movement, by=by, cache=self._cache, hold=order
                )
                if done.outcome == "already_applied":
                    # A count has taken the sale in from the ledger, or a process that slept has held it once more.
                    await self.release(tenant_id, store_id, order, [barcode])
            except NotFound:
                # Its product is gone from the store for good; there is no stock to keep.
                log.error("stock.sold_unknown", storeId=store_id, barcode=barcode, order=order)
            await failpoints.hit("commit.after_line")

        await _limited(one(barcode, quantity) for barcode, quantity in sorted(sold.items()))

    async def leftovers(self, before: datetime, limit: int) -> list[Leftover]:
        """Holds that should have ended before then, of any store."""
        cursor = mongo.collection(products.COLLECTION).find(
            {"stock.holds.exp": {"$lt": before}},
            {"tenantId": 1, "storeId": 1, "barcode": 1, "stock.holds": 1},
        )
        return [
            Leftover(each["tenantId"], each["storeId"], each["barcode"], hold["order"])
            async for each in cursor.limit(limit)
            for hold in each["stock"]["holds"]
            if hold["exp"] < before
        ]

    async def _invalidate(self, store_id: str, versions: Mapping[str, int]) -> None:
        fresh = [(barcode, ver) for barcode, ver in versions.items() if ver]
        if fresh and self._cache is not None:
            await self._cache.invalidate(store_id, fresh)


class _Taken(NamedTuple):
    """One attempt to hold: the product's version if it changed (else 0), whether it is held, what is left if not."""

    ver: int
    held: bool
    left: int | None = None
    was_last: bool = False


async def _take(scope: Scoped, order: str, barcode: str, quantity: int, until: datetime) -> _Taken:
    shown = {"stock.avail": 1, "stock.holds": 1, "ver": 1}
    for _ in range(3):
        product = await scope.change_one(
            {
                "barcode": barcode,
                "stock.avail": {"$gte": quantity},
                "stock.holds.order": {"$ne": order},
                f"stock.holds.{MOST_HOLDS - 1}": {"$exists": False},
            },
            {
                "$inc": {"stock.avail": -quantity, "ver": 1},
                "$push": {"stock.holds": {"order": order, "n": quantity, "exp": until}},
                "$set": {"updatedAt": clock.now()},
            },
            projection={"ver": 1, "stock.avail": 1},
        )
        if product is not None:
            return _Taken(int(product["ver"]), True, was_last=product["stock"]["avail"] == 0)
        product = await scope.find_one({"barcode": barcode}, projection=shown)
        if product is None:
            return _Taken(0, False, 0)
        kept = product.get("stock")
        if kept is None:
            return _Taken(0, False)
        if any(hold["order"] == order for hold in kept["holds"]):
            # Taken before, by a process that may have died before it told anybody: it is told (again).
            return _Taken(
                int(product["ver"]), True, was_last=kept["avail"] == 0 and kept["holds"][-1]["order"] == order
            )
        if len(kept["holds"]) >= MOST_HOLDS:
            raise TooMany("too many are paying for this product just now", code="STOCK_BUSY", retry_after=2)
        if kept["avail"] < quantity:
            return _Taken(0, False, int(kept["avail"]))
    # Enough came back between the two looks three times in a row: somebody else will have it.
    return _Taken(0, False, 0)


async def _give_back(scope: Scoped, order: str, barcode: str) -> int | None:
    """The product's version afterwards; None when the order holds nothing of it."""
    from pymongo import ReturnDocument

    mine = {"$filter": {"input": "$stock.holds", "cond": {"$eq": ["$$this.order", order]}}}
    others = {"$filter": {"input": "$stock.holds", "cond": {"$ne": ["$$this.order", order]}}}
    held = {"$sum": {"$map": {"input": mine, "in": "$$this.n"}}}
    # What comes back makes up first for what had been sold beyond the count.
    net = {"$add": [{"$subtract": ["$stock.avail", {"$ifNull": ["$stock.short", 0]}]}, held]}
    missing = {"$subtract": [0, "$$net"]}
    short = {"$let": {"vars": {"net": net}, "in": {"$cond": [{"$lt": ["$$net", 0]}, missing, "$$REMOVE"]}}}
    pipeline = [
        {
            "$set": {
                "stock.avail": {"$max": [net, 0]},
                "stock.short": short,
                "stock.holds": others,
                "ver": {"$add": ["$ver", 1]},
                "updatedAt": clock.now(),
            }
        }
    ]
    product = await mongo.collection(products.COLLECTION).find_one_and_update(
        scope.filter({"barcode": barcode, "stock.holds.order": order}),
        pipeline,
        projection={"ver": 1},
        return_document=ReturnDocument.AFTER,
    )
    return None if product is None else int(product["ver"])


async def _limited(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All of it, a few at a time, the results in order. What fails first is raised once all have ended."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(each: Coroutine[Any, Any, T]) -> T:
        async with room:
            return await each

    return list(await together(*(one(each) for each in work)))
