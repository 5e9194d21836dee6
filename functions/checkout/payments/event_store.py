"""Webhook events as they came: each id once, for as long as anybody could send it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.common import mongo
from functions.common.migrations import Collection, Index
from functions.common.mongo import Document

COLLECTION = "payment_events"
KEPT = timedelta(days=35)
"""Resends end after 3 days and the provider's list after 30."""
WAITING, DONE, STRAY, UNMATCHED = "waiting", "done", "stray", "unmatched"
GIVEN_UP_AFTER = timedelta(days=2)
"""An event of a payment that we know nothing of is looked at again for so long; then it is for people."""
_RETRY = timedelta(seconds=10)
_MOST_RETRY = timedelta(minutes=15)
_TEXT = {"bsonType": "string", "minLength": 1}

EVENTS = Collection(
    COLLECTION,
    [
        Index((("expireAt", 1),), ttl_seconds=0),
        # Only what is not done is in here: the sweep reads nothing else.
        Index((("dueAt", 1),), partial={"dueAt": {"$exists": True}}),
    ],
    {
        "$jsonSchema": {
            "bsonType": "object",
            "required": ["type", "intentId", "state", "attempts", "createdAt", "receivedAt", "expireAt"],
            "properties": {
                "type": _TEXT,
                "intentId": _TEXT,
                "order": {"bsonType": ["string", "null"]},
                "state": {"enum": [WAITING, DONE, STRAY, UNMATCHED]},
                "attempts": {"bsonType": ["int", "long"]},
                "createdAt": {"bsonType": "date"},
                "receivedAt": {"bsonType": "date"},
                "expireAt": {"bsonType": "date"},
                "dueAt": {"bsonType": "date"},
            },
        }
    },
)


@dataclass(frozen=True, slots=True)
class Event:
    """What is kept of an event: which one, of which intent. What it says is not: the intent is read again.

    `order` is the checkout that the provider's metadata names, a hint where to look.
    """

    id: str
    type: str
    intent_id: str
    order: str | None
    created: datetime


class PaymentEvents:
    """The collection. It is the provider's account's, not a tenant's: a tenant follows from our own purchase."""

    async def keep(self, event: Event, now: datetime) -> bool:
        """Keep it; False when it has been here before and is done with."""
        found = await mongo.collection(COLLECTION).find_one_and_update(
            {"_id": event.id},
            {
                "$setOnInsert": {
                    "type": event.type,
                    "intentId": event.intent_id,
                    "order": event.order,
                    "state": WAITING,
                    "attempts": 0,
                    "createdAt": event.created,
                    "receivedAt": now,
                    # Later than any task comes: who keeps it also has it looked at.
                    "dueAt": now + _RETRY,
                    "expireAt": now + KEPT,
                }
            },
            projection={"state": 1},
            upsert=True,
        )
        return found is None or found["state"] == WAITING

    async def find(self, event_id: str) -> Document | None:
        """An event that has come."""
        return await mongo.collection(COLLECTION).find_one({"_id": event_id})

    async def finish(self, event_id: str, state: str, now: datetime) -> None:
        """Nothing more is to be done about it."""
        await mongo.collection(COLLECTION).update_one(
            {"_id": event_id, "state": WAITING}, {"$set": {"state": state, "doneAt": now}, "$unset": {"dueAt": ""}}
        )

    async def postpone(self, event: Mapping[str, Any], now: datetime) -> None:
        """Look at it again later, and later every time."""
        pause = min(_RETRY * 2 ** min(event["attempts"], 10), _MOST_RETRY)
        await mongo.collection(COLLECTION).update_one(
            {"_id": event["_id"], "state": WAITING}, {"$set": {"dueAt": now + pause}, "$inc": {"attempts": 1}}
        )

    async def due(self, now: datetime, limit: int) -> list[Document]:
        """What should be looked at by now, the longest waiting first."""
        cursor = mongo.collection(COLLECTION).find({"dueAt": {"$lte": now}}).sort("dueAt", 1).limit(limit)
        return [event async for event in cursor]
