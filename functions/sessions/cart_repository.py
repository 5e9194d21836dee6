"""Carts as this room writes them: each edit one conditional write of the visit's document, with its events inside."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.common import mongo
from functions.common.cart_lines import CartLine, to_document
from functions.common.carts import ACTIVE, COLLECTION, HANDED_OVER, Carts, Visit, visit_of
from functions.common.mongo import Document, Scoped
from functions.sessions.domain.carts import MARKS

PAGE = 100
_NOT_EMPTY = {"cart.lines.0": {"$exists": True}}


@dataclass(frozen=True, slots=True)
class Content:
    """What a cart is to hold: lines, coupon codes, and what they cost together."""

    lines: Sequence[CartLine]
    codes: Sequence[str]
    total: int


class MongoCarts(Carts):
    """Carts in MongoDB. What belongs to no caller (events, schedules) is found by store or tenant."""

    async def save(
        self, visit: Visit, content: Content, now: datetime, expires_at: datetime, mark: str | None = None
    ) -> Visit | None:
        """The next version of the cart, if nobody wrote it since `visit` was read; else None.

        A visit that lasts longer than before may be told again that it ends.
        """
        fresh = _fresh(visit.cart_ver + 1, content, now)
        fresh |= {"cart.codes": list(content.codes), "lastActionAt": now}
        if expires_at > visit.expires_at:
            fresh["noticeAt"] = None
        # A token may be renewed at the same time: the later end stays.
        update: dict[str, Any] = {"$set": fresh, "$max": {"expiresAt": expires_at}}
        if mark is not None:
            update["$push"] = {"cart.marks": {"$each": [mark], "$slice": -MARKS}}
        return await self._write(visit, update)

    async def reprice(
        self, visit: Visit, content: Content, now: datetime, entry: Mapping[str, Any] | None = None
    ) -> Visit | None:
        """The cart with other prices, and the event that says so; None when somebody wrote it since.

        The visit does not last longer for it: nobody has done anything in it.
        """
        update: dict[str, Any] = {"$set": _fresh(visit.cart_ver + 1, content, now)}
        if entry is not None:
            update["$push"] = {"outbox": dict(entry)}
        return await self._write(visit, update)

    async def looked_at(self, visit: Visit, now: datetime) -> None:
        """The cart was quoted at this moment and costs what it did."""
        await self._own(visit).update_one(
            {"_id": visit.session_id, "cart.ver": visit.cart_ver}, {"$set": {"cart.quotedAt": now}}
        )

    async def offer(self, visit: Visit, handover: Mapping[str, Any]) -> Visit | None:
        """Keep that this version of the cart may be taken by a till; None when somebody wrote it since."""
        return await self._write(visit, {"$set": {"handover": dict(handover)}})

    async def claim(
        self,
        visit: Visit,
        handover_id: str,
        *,
        by: str,
        now: datetime,
        entry: Mapping[str, Any],
    ) -> Visit | None:
        """A till takes the cart, and the visit is over; None when the offer is not good (any more)."""
        scope = Scoped(mongo.collection(COLLECTION), tenantId=visit.tenant_id, storeId=visit.store_id)
        query = {
            "_id": visit.session_id,
            "status": ACTIVE,
            "expiresAt": {"$gt": now},
            "checkout": None,
            "handover.id": handover_id,
            "handover.expiresAt": {"$gt": now},
            "$expr": {"$eq": ["$cart.ver", "$handover.cartVer"]},
        }
        taken = {
            "status": HANDED_OVER, "endedAt": now, "handover.claimedBy": by, "handover.claimedAt": now,
        }  # fmt: skip
        return await _updated(scope, query, {"$set": taken, "$push": {"outbox": dict(entry)}})

    async def offered(self, tenant_id: str, store_id: str, handover_id: str) -> Visit | None:
        """The visit of a store whose cart was offered so, whoever's it is: for the staff."""
        scope = Scoped(mongo.cache_source(COLLECTION), tenantId=tenant_id, storeId=store_id)
        found = await scope.find_one({"handover.id": handover_id}, projection={"outbox": 0})
        return None if found is None else visit_of(found)

    async def live_with(
        self, tenant_id: str, store_id: str, barcodes: Collection[str], now: datetime, after: str
    ) -> list[Visit]:
        """Live carts of a store that hold one of these products and no checkout, a page by id."""
        scope = Scoped(mongo.collection(COLLECTION), tenantId=tenant_id, storeId=store_id)
        query = {
            "_id": {"$gt": after},
            "status": ACTIVE,
            "expiresAt": {"$gt": now},
            "checkout": None,
            "cart.lines.barcode": {"$in": sorted(barcodes)},
        }
        return await _listed(scope, query, [("_id", 1)])

    async def quoted_before(
        self, tenant_id: str, store_ids: Collection[str] | None, moment: datetime, now: datetime
    ) -> list[Visit]:
        """Live carts of a tenant (or of some stores of it) that nobody has quoted since, oldest first, a page."""
        query: dict[str, Any] = {
            "status": ACTIVE,
            "cart.quotedAt": {"$lt": moment},
            "expiresAt": {"$gt": now},
            "checkout": None,
            **_NOT_EMPTY,
        }
        if store_ids is not None:
            query["storeId"] = {"$in": sorted(store_ids)}
        scope = Scoped(mongo.collection(COLLECTION), tenantId=tenant_id)
        return await _listed(scope, query, [("cart.quotedAt", 1)])

    async def ending(self, now: datetime, until: datetime, limit: int) -> list[Visit]:
        """Visits of any tenant that end by then, have something in their cart, and were not told yet."""
        query = {"expiresAt": {"$gt": now, "$lte": until}, "status": ACTIVE, "noticeAt": None, "checkout": None}
        cursor = mongo.collection(COLLECTION).find({**query, **_NOT_EMPTY}, {"outbox": 0}).limit(limit)
        return [visit_of(document) async for document in cursor]

    async def tell_ending(self, visit: Visit, now: datetime, entry: Mapping[str, Any]) -> bool:
        """Keep that the shopper is told, and what; False when the visit goes on, or was told by another."""
        result = await self._own(visit).update_one(
            {"_id": visit.session_id, "status": ACTIVE, "expiresAt": visit.expires_at, "noticeAt": None},
            {"$set": {"noticeAt": now}, "$push": {"outbox": dict(entry)}},
        )
        return bool(result.modified_count)

    async def _write(self, visit: Visit, update: Mapping[str, Any]) -> Visit | None:
        # A cart that nobody has touched has no version in its document.
        ver: Any = visit.cart_ver or None
        query = {"_id": visit.session_id, "status": ACTIVE, "checkout": None, "cart.ver": ver}
        return await _updated(self._own(visit), query, update)

    @staticmethod
    def _own(visit: Visit) -> Scoped:
        return Scoped(
            mongo.collection(COLLECTION), tenantId=visit.tenant_id, storeId=visit.store_id, userId=visit.user_id
        )


def _fresh(ver: int, content: Content, now: datetime) -> dict[str, Any]:
    return {
        "cart.ver": ver,
        "cart.lines": [to_document(line) for line in content.lines],
        "cart.total": content.total,
        "cart.updatedAt": now,
        "cart.quotedAt": now,
    }


async def _updated(scope: Scoped, query: Mapping[str, Any], update: Mapping[str, Any]) -> Visit | None:
    from pymongo import ReturnDocument

    found: Document | None = await scope.find_one_and_update(
        query, update, projection={"outbox": 0}, return_document=ReturnDocument.AFTER
    )
    return None if found is None else visit_of(found)


async def _listed(scope: Scoped, query: Mapping[str, Any], order: list[tuple[str, int]]) -> list[Visit]:
    cursor = scope.find(query, projection={"outbox": 0}).sort(order).limit(PAGE)
    return [visit_of(document) async for document in cursor]
