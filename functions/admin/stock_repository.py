"""What is known of stock-outs, and how much of a store's assortment could be bought, in MongoDB."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from functions.admin import stock_outs
from functions.admin.collections import AVAILABILITY, STOCK_OUTS
from functions.admin.stock_outs import Seen
from functions.common import bulk, mongo, products
from functions.common.mongo import Document, Scoped

AT_ONCE = 500
_TRIES = 20
_LOOKED_AT = {"barcode": 1, "name": 1, "status": 1, "stock.avail": 1, "ver": 1, "updatedAt": 1}


class Look(NamedTuple):
    """A product as it stands now."""

    barcode: str
    name: str
    seen: Seen


class MongoStockOuts:
    """`stock_outs` and `availability_days`; and the products' stocks, which are read and never written.

    A scope is a tenant and a store.
    """

    async def keep(
        self, scope: Mapping[str, str], facts: Mapping[str, Sequence[Seen]], names: Mapping[str, str], now: datetime
    ) -> None:
        """Put facts to what is known of their products; each by compare-and-set, so that none is lost to another."""
        left = dict(facts)
        for _ in range(_TRIES):
            held = await self._held(scope, left)
            updates, barcodes = [], []
            for barcode, fresh in left.items():
                change = _change(held.get(barcode), barcode, fresh, names.get(barcode), now)
                if change is not None:
                    rev = held[barcode]["rev"] if barcode in held else 0
                    where = {"_id": _name(scope, barcode), **scope, "rev": rev}
                    updates.append({"q": where, "u": change, "upsert": True})
                    barcodes.append(barcode)
            lost = await bulk.compare_and_set(STOCK_OUTS, updates)
            left = {barcodes[index]: left[barcodes[index]] for index in lost}
            if not left:
                return
        raise RuntimeError("stock-outs are changing too fast")

    async def _held(self, scope: Mapping[str, str], barcodes: Mapping[str, Any]) -> dict[str, Document]:
        ids = [_name(scope, barcode) for barcode in barcodes]
        cursor = Scoped(mongo.collection(STOCK_OUTS), **scope).find({"_id": {"$in": ids}})
        return {each["barcode"]: each async for each in cursor}

    async def lasting(self, scope: Mapping[str, str]) -> dict[str, str | None]:
        """The products that are thought to be out of stock, by barcode, with their names."""
        cursor = Scoped(mongo.collection(STOCK_OUTS), **scope).find(
            {"since": {"$type": "date"}}, projection={"barcode": 1, "name": 1}
        )
        return {each["barcode"]: each.get("name") async for each in cursor}

    async def listed(self, store_id: str) -> int:
        """How many products the store lists. By the store's id alone, which is nobody else's: the index has no more."""
        return await Scoped(mongo.cache_source(products.COLLECTION), storeId=store_id).count(
            {"status": products.ACTIVE}
        )

    async def empty(self, scope: Mapping[str, str]) -> AsyncIterator[list[Look]]:
        """The listed products of which nothing is left, some at a time."""
        query = {"status": products.ACTIVE, "stock.avail": 0}
        found: list[Look] = []
        async for each in Scoped(mongo.cache_source(products.COLLECTION), **scope).find(query, projection=_LOOKED_AT):
            found.append(_look(each))
            if len(found) == AT_ONCE:
                yield found
                found = []
        yield found

    async def looks(self, scope: Mapping[str, str], barcodes: Sequence[str]) -> list[Look]:
        """These products as they stand now; one that is gone for good is left out."""
        query = {"barcode": {"$in": list(barcodes)}}
        cursor = Scoped(mongo.cache_source(products.COLLECTION), **scope).find(query, projection=_LOOKED_AT)
        return [_look(each) async for each in cursor]

    async def note(
        self, scope: Mapping[str, str], day: str, *, listed: int, out: int, now: datetime, slot: int
    ) -> None:
        """Add a look to its day; the second of one time slot adds nothing."""
        from pymongo.errors import DuplicateKeyError

        change = {
            "$set": {"day": day, "slot": slot, "listed": listed, "out": out, "lookedAt": now},
            "$inc": {"looks": 1, "sumListed": listed, "sumOut": out},
        }
        days = Scoped(mongo.collection(AVAILABILITY), **scope)
        try:
            await days.update_one({"_id": _name(scope, day), "slot": {"$lt": slot}}, change, upsert=True)
        except DuplicateKeyError:
            return  # it is there with this slot, or a later one

    async def page(
        self, scope: Mapping[str, str], *, lasting: bool, page: int, limit: int
    ) -> tuple[list[Document], int]:
        """Those that are out of stock, the longest first; or those that were, by how long in all."""
        query: Document = {"since": {"$type": "date"}} if lasting else {"until": {"$type": "date"}}
        order = [("since", 1), ("_id", 1)] if lasting else [("seconds", -1), ("_id", 1)]
        return await _page(Scoped(mongo.collection(STOCK_OUTS), **scope), query, order, page, limit)

    async def days(
        self, scope: Mapping[str, str], *, first: str | None, last: str | None, page: int, limit: int
    ) -> tuple[list[Document], int]:
        """How much could be bought on each day, the latest first."""
        query = {"day": {"$gte": first or "0000", "$lte": last or "9999"}}
        return await _page(Scoped(mongo.collection(AVAILABILITY), **scope), query, [("day", -1)], page, limit)


async def _page(
    collection: Scoped, query: Document, order: list[tuple[str, int]], page: int, limit: int
) -> tuple[list[Document], int]:
    cursor = collection.find(query, sort=order, skip=(page - 1) * limit, limit=limit)
    return [document async for document in cursor], await collection.count(query)


def _change(
    held: Document | None, barcode: str, fresh: Sequence[Seen], name: str | None, now: datetime
) -> Document | None:
    """What facts change of a product's document; None when they say nothing new."""
    before = [] if held is None else [Seen(each["v"], each["at"], each["out"]) for each in held["seen"]]
    known = stock_outs.together(before, fresh, now=now)
    named = name is None or (held is not None and held.get("name") == name)
    if list(known) == before and named:
        return None
    said = stock_outs.summary(known)
    fields: Document = {**said, "barcode": barcode, "rev": (0 if held is None else held["rev"]) + 1}
    fields["seen"] = [{"v": each.ver, "at": each.at, "out": each.out} for each in known]
    if name is not None:
        fields["name"] = name
    if said["since"] is not None:
        return {"$set": fields, "$unset": {"expiresAt": ""}}
    return {"$set": {**fields, "expiresAt": max(each.at for each in known) + stock_outs.KEPT}}


def _look(document: Document) -> Look:
    left = (document.get("stock") or {}).get("avail", 1)
    out = document["status"] == products.ACTIVE and left <= 0
    return Look(document["barcode"], document["name"], Seen(int(document["ver"]), document["updatedAt"], out))


def _name(scope: Mapping[str, str], what: str) -> str:
    return f"{scope['tenantId']}:{scope['storeId']}:{what}"
