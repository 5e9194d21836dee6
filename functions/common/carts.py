"""The cart in a visit, as checkouts and brand cards see it: read, lock, unlock, finish, attach. Owned by sessions.

One document holds the visit, its cart, the lock of a checkout and the card. Everything here is one conditional write,
safe to repeat; every query names tenant and store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.common import mongo
from functions.common.cart_lines import CartLine, from_document
from functions.common.mongo import Scoped

COLLECTION = "sessions"
ACTIVE, ENDED, HANDED_OVER = "active", "ended", "handed_over"
KEPT_FOR_CHECKOUT = timedelta(minutes=30)
"""How long a visit goes on at least once its checkout has begun, also beyond its longest time."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A checkout that holds the cart as it was in this version."""

    checkout_id: str
    cart_ver: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CardOnVisit:
    """The brand card of a visit. It counts until `attached_until`, which every reader checks."""

    card_id: str
    brand_id: str
    groups: frozenset[str]
    attached_until: datetime
    masked_number: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One shopper's visit to one store, with the cart. `cart_ver` is 0 while nobody has touched it.

    `total` is what the cart cost when it was last written, minor units; None when it was never quoted.
    """

    session_id: str
    tenant_id: str
    store_id: str
    user_id: str
    status: str
    created_at: datetime
    expires_at: datetime
    cart_ver: int = 0
    lines: tuple[CartLine, ...] = ()
    codes: tuple[str, ...] = ()
    total: int | None = None
    checkout: Lock | None = None
    card: CardOnVisit | None = None
    ended_at: datetime | None = None
    handover: Mapping[str, Any] | None = None
    marks: tuple[str, ...] = ()
    """The keyed edits that the cart has taken in last."""

    def is_over(self, now: datetime) -> bool:
        """Whether the visit has run out. MongoDB removes it a minute or more later, so every read asks this."""
        return self.expires_at <= now

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be shopped."""
        return self.status == ACTIVE and not self.is_over(now)

    def card_at(self, now: datetime) -> CardOnVisit | None:
        """The card, if its time is not over."""
        return self.card if self.card is not None and self.card.attached_until > now else None


def why_not(visit: Visit | None, cart_ver: int, checkout_id: str, now: datetime) -> str | None:
    """Why a lock was not given, as a stable code; None when nothing stands against it (any more: try again)."""
    if visit is None or visit.is_over(now):
        return "SESSION_EXPIRED"
    if visit.status == HANDED_OVER:
        return "CART_HANDED_OVER"
    if visit.status != ACTIVE:
        return "SESSION_ENDED"
    if visit.checkout is not None and visit.checkout.checkout_id != checkout_id:
        return "CART_LOCKED"
    if not visit.lines:
        return "CART_EMPTY"
    if visit.cart_ver != cart_ver:
        return "CART_CHANGED"
    return None


class Carts:
    """Carts in MongoDB, for the rooms that do not own them."""

    async def read(self, tenant_id: str, store_id: str, session_id: str, user_id: str) -> Visit | None:
        """The shopper's visit as a majority of members has it; whether it is over is for the caller to ask."""
        scope = Scoped(mongo.cache_source(COLLECTION), tenantId=tenant_id, storeId=store_id, userId=user_id)
        found = await scope.find_one({"_id": session_id}, projection={"outbox": 0})
        return None if found is None else visit_of(found)

    async def lock(
        self,
        tenant_id: str,
        store_id: str,
        session_id: str,
        user_id: str,
        *,
        cart_ver: int,
        checkout_id: str,
        now: datetime,
    ) -> Visit | None:
        """Hold the cart for a checkout; None when it cannot be (`why_not` says why, of what `read` finds).

        Locked carts are not edited. A cart that this checkout holds already is given again. The visit goes on for half
        an hour at least, so that whoever has begun to pay can finish.
        """
        scope = Scoped(mongo.collection(COLLECTION), tenantId=tenant_id, storeId=store_id, userId=user_id)
        free = {"$or": [{"checkout": None}, {"checkout.id": checkout_id}]}
        return await _updated(
            scope,
            {
                "_id": session_id,
                "status": ACTIVE,
                "expiresAt": {"$gt": now},
                "cart.ver": cart_ver,
                "cart.lines.0": {"$exists": True},
                **free,
            },
            {
                "$set": {"checkout": {"id": checkout_id, "cartVer": cart_ver, "at": now}, "lastActionAt": now},
                "$max": {"expiresAt": now + KEPT_FOR_CHECKOUT},
            },
        )

    async def unlock(self, tenant_id: str, store_id: str, session_id: str, checkout_id: str) -> bool:
        """The checkout lets go of the cart; False when it did not hold it (any more). A finished visit stays so."""
        scope = Scoped(mongo.collection(COLLECTION), tenantId=tenant_id, storeId=store_id)
        result = await scope.update_one(
            {"_id": session_id, "status": ACTIVE, "checkout.id": checkout_id}, {"$set": {"checkout": None}}
        )
        return bool(result.matched_count)

    async def finish(self, tenant_id: str, store_id: str, session_id: str, checkout_id: str, now: datetime) -> bool:
        """The visit has ended with this checkout. True also when it had before, or is gone; False when another one
        holds the cart.
        """
        scope = Scoped(mongo.collection(COLLECTION), tenantId=tenant_id, storeId=store_id)
        result = await scope.update_one(
            {"_id": session_id, "status": ACTIVE, "checkout.id": checkout_id},
            {"$set": {"status": ENDED, "endedAt": now}},
        )
        if result.matched_count:
            return True
        found = await scope.find_one({"_id": session_id}, projection={"status": 1, "checkout": 1})
        return found is None or (found["status"] == ENDED and (found.get("checkout") or {}).get("id") == checkout_id)

    async def attach_card(
        self, tenant_id: str, store_id: str, session_id: str, user_id: str, card: CardOnVisit, now: datetime
    ) -> Visit | None:
        """Put a card on the visit, in the place of another; None when the visit is over or a checkout holds the cart.

        The cart's version stays: what a card does to the prices shows in the total.
        """
        scope = Scoped(mongo.collection(COLLECTION), tenantId=tenant_id, storeId=store_id, userId=user_id)
        fresh = {
            "cardId": card.card_id,
            "brandId": card.brand_id,
            "groups": sorted(card.groups),
            "attachedUntil": card.attached_until,
            "maskedNumber": card.masked_number,
        }
        return await _updated(
            scope,
            {"_id": session_id, "status": ACTIVE, "expiresAt": {"$gt": now}, "checkout": None},
            {"$set": {"card": fresh}},
        )

    async def detach_card(self, tenant_id: str, store_id: str, session_id: str, user_id: str, card_id: str) -> bool:
        """Take this card off the visit. True also when it was not on it; False while a checkout holds the cart."""
        scope = Scoped(mongo.collection(COLLECTION), tenantId=tenant_id, storeId=store_id, userId=user_id)
        result = await scope.update_one(
            {"_id": session_id, "card.cardId": card_id, "checkout": None}, {"$set": {"card": None}}
        )
        if result.matched_count:
            return True
        held = await scope.find_one({"_id": session_id, "card.cardId": card_id}, projection={"_id": 1})
        return held is None


def visit_of(document: Mapping[str, Any]) -> Visit:
    """The visit of its document."""
    cart, lock, card = document.get("cart") or {}, document.get("checkout"), document.get("card")
    return Visit(
        session_id=document["_id"],
        tenant_id=document["tenantId"],
        store_id=document["storeId"],
        user_id=document["userId"],
        status=document["status"],
        created_at=document["createdAt"],
        expires_at=document["expiresAt"],
        ended_at=document.get("endedAt"),
        cart_ver=cart.get("ver", 0),
        lines=tuple(from_document(each) for each in cart.get("lines", ())),
        codes=tuple(cart.get("codes", ())),
        total=cart.get("total"),
        checkout=None if lock is None else Lock(lock["id"], lock["cartVer"], lock["at"]),
        card=None if card is None else _card(card),
        handover=document.get("handover"),
        marks=tuple(cart.get("marks", ())),
    )


def _card(card: Mapping[str, Any]) -> CardOnVisit:
    return CardOnVisit(
        card["cardId"], card["brandId"], frozenset(card["groups"]), card["attachedUntil"], card.get("maskedNumber", "")
    )


async def _updated(scope: Scoped, query: Mapping[str, Any], update: Mapping[str, Any]) -> Visit | None:
    found = await scope.change_one(query, update, projection={"outbox": 0})
    return None if found is None else visit_of(found)
