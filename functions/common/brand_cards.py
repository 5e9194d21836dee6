"""A shopper's brand card in a visit: attached by discount, claimed by one checkout. Owned by discount.

A card is good for ten minutes after its scan, in one visit at a time, for one checkout. MongoDB removes it a minute or
more after its end, so every question asks for the end itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.common import mongo
from functions.common.mongo import Scoped

COLLECTION = "discountcards"
LIFE = timedelta(minutes=10)
CONFIRMED, DEGRADED = "confirmed", "degraded"


@dataclass(frozen=True, slots=True)
class Benefit:
    """What the loyalty system says that the card brings, for people to read."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """A card in a visit. `groups` are whom its holder belongs to; none while the loyalty system has not said so.

    `status` is degraded when the loyalty system did not answer: then groups and points are what it said last, at
    `as_of`, or nothing. `used_by` is the checkout that has claimed it.
    """

    card_id: str
    tenant_id: str
    store_id: str
    session_id: str
    user_id: str
    brand_id: str
    masked_number: str
    groups: frozenset[str]
    points: int | None
    benefits: tuple[Benefit, ...]
    status: str
    as_of: datetime | None
    scanned_at: datetime
    expires_at: datetime
    used_by: str | None

    def is_over(self, now: datetime) -> bool:
        """Whether its ten minutes are over."""
        return self.expires_at <= now


async def current(tenant_id: str, store_id: str, session_id: str, now: datetime) -> Card | None:
    """The card of a visit that can still be used; None when there is none, or none any more."""
    found = await _scoped(tenant_id, store_id).find_one(
        {"sessionId": session_id, "usedBy": None, "expiresAt": {"$gt": now}}
    )
    return None if found is None else read(found)


async def find(tenant_id: str, store_id: str, session_id: str, card_id: str) -> Card | None:
    """A card of the visit, used or over as it may be: to say why it was refused."""
    found = await _scoped(tenant_id, store_id).find_one({"_id": card_id, "sessionId": session_id})
    return None if found is None else read(found)


async def claim(
    *, tenant_id: str, store_id: str, session_id: str, card_id: str, checkout_id: str, now: datetime
) -> Card | None:
    """Take the card for a checkout; None when it is over, used by another checkout, or not of this visit.

    The same checkout may ask again, also after the end: it has the card already.
    """
    from pymongo import ReturnDocument

    found = await _scoped(tenant_id, store_id).find_one_and_update(
        {
            "_id": card_id,
            "sessionId": session_id,
            "$or": [{"usedBy": checkout_id}, {"usedBy": None, "expiresAt": {"$gt": now}}],
        },
        {"$set": {"usedBy": checkout_id}},
        return_document=ReturnDocument.AFTER,
    )
    return None if found is None else read(found)


async def release(tenant_id: str, store_id: str, card_id: str, checkout_id: str) -> None:
    """The checkout did not come to pass: the card is free until its ten minutes are over. Safe to repeat."""
    await _scoped(tenant_id, store_id).update_one(
        {"_id": card_id, "usedBy": checkout_id, "usedAt": None}, {"$set": {"usedBy": None}}
    )


async def use(tenant_id: str, store_id: str, card_id: str, checkout_id: str, now: datetime) -> None:
    """The checkout was paid: the card is used for good. Safe to repeat."""
    await _scoped(tenant_id, store_id).update_one(
        {"_id": card_id, "usedBy": checkout_id, "usedAt": None}, {"$set": {"usedAt": now}}
    )


def read(document: Mapping[str, Any]) -> Card:
    """The card in a document."""
    return Card(
        card_id=document["_id"],
        tenant_id=document["tenantId"],
        store_id=document["storeId"],
        session_id=document["sessionId"],
        user_id=document["userId"],
        brand_id=document["brandId"],
        masked_number=document["maskedNumber"],
        groups=frozenset(document["groups"]),
        points=document["points"],
        benefits=tuple(Benefit(each["code"], each["text"]) for each in document["benefits"]),
        status=document["status"],
        as_of=document["asOf"],
        scanned_at=document["scannedAt"],
        expires_at=document["expiresAt"],
        used_by=document["usedBy"],
    )


def _scoped(tenant_id: str, store_id: str) -> Scoped:
    return Scoped(mongo.collection(COLLECTION), tenantId=tenant_id, storeId=store_id)
