"""Messages that could not be applied: kept whole with their reason, listed, replayed, resolved by success.

Two ways in: a handler's Rejected, and Pub/Sub's own dead-letter topic after five failed deliveries (it may deliver
twice, so the record's id is the message's). A replay keeps the original message id and with it every event id.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from functions.common import clock, log, metrics, mongo, pubsub
from functions.common.errors import NotFound

if TYPE_CHECKING:
    from functions.common.events import Message

COLLECTION = "dead_letters"
MAX_STORED = 12_000_000
GIVEN_UP_AFTER = timedelta(minutes=15)
"""A replay that has shown no result for so long died on its way and may be claimed again."""
PARKED, REPLAYING, RESOLVED = "parked", "replaying", "resolved"

_parked = metrics.Counter("dead_letters_parked", "Messages stored as dead letters, by code.", ("code",))


def _identifier(tenant_id: str, subscription: str, message_id: str) -> str:
    return hashlib.sha256(f"{tenant_id}\n{subscription}\n{message_id}".encode()).hexdigest()[:32]


async def park(message: Message, *, code: str, reason: str) -> str:
    """Store a message with its reason, once; returns the record's id.

    A replayed message that fails again goes back to its first record. Pub/Sub gives a dead-lettered message a new
    id and may dead-letter it twice, so there the content and the first publish time are the identity, unless the
    publisher has named one.
    """
    source = message.attributes.get("CloudPubSubDeadLetterSourceSubscription")
    published = message.attributes.get("CloudPubSubDeadLetterSourceTopicPublishTime", message.publish_time_text)
    message_id = message.id
    if source is not None and "originalMessageId" not in message.attributes:
        message_id = hashlib.sha256(published.encode() + b"\n" + message.data).hexdigest()[:32]
    record = {
        "subscription": source or message.subscription,
        "topic": message.topic,
        "messageId": message_id,
        "publishTime": published,
        "attributes": _attribute_list(message.attributes),
        "data": message.data[:MAX_STORED],
        "size": len(message.data),
    }
    tenant_id = message.params.get("tenantId", "")
    return await _store(tenant_id, message.attributes.get("replayOf"), record, code, reason)


async def park_raw(path: str, params: dict[str, str], body: bytes, *, code: str, reason: str) -> str:
    """Store a push whose envelope could not be read; it cannot be replayed, only looked at."""
    record = {
        "subscription": path,
        "topic": "",
        "messageId": hashlib.sha256(body).hexdigest()[:32],
        "attributes": [],
        "data": body[:MAX_STORED],
        "size": len(body),
    }
    return await _store(params.get("tenantId", ""), None, record, code, reason)


async def _store(tenant_id: str, replay_of: str | None, record: dict[str, Any], code: str, reason: str) -> str:
    identifier = replay_of or _identifier(tenant_id, record["subscription"], record["messageId"])
    now = clock.now()
    await mongo.collection(COLLECTION).update_one(
        {"_id": identifier, "tenantId": tenant_id},
        {
            "$set": {"status": PARKED, "code": code, "reason": reason[:1000], "updatedAt": now},
            "$inc": {"times": 1},
            "$setOnInsert": {**record, "createdAt": now, "replays": []},
        },
        upsert=True,
    )
    _parked.inc(code)
    return identifier


def _attribute_list(attributes: dict[str, str]) -> list[list[str]]:
    """As pairs: attribute names may hold dots and dollars, which field names may not."""
    return [[key, value] for key, value in attributes.items()]


async def resolve(tenant_id: str, identifier: str) -> None:
    """The replayed message was applied: say so on its record."""
    await mongo.collection(COLLECTION).update_one(
        {"_id": identifier, "tenantId": tenant_id, "status": REPLAYING},
        {"$set": {"status": RESOLVED, "resolvedAt": clock.now()}},
    )


async def get(tenant_id: str, identifier: str) -> dict[str, Any]:
    """One dead letter of the tenant; raises NotFound."""
    found = await _scoped(tenant_id).find_one({"_id": identifier})
    if found is None:
        raise NotFound("there is no such dead letter")
    return found


async def page(
    tenant_id: str, *, status: str | None = None, code: str | None = None, page: int = 1, limit: int = 50
) -> tuple[list[dict[str, Any]], int]:
    """Dead letters of the tenant, newest first and without their data, and how many there are."""
    query = {key: value for key, value in (("status", status), ("code", code)) if value}
    scoped = _scoped(tenant_id)
    cursor = scoped.find(query, projection={"data": 0}).sort("createdAt", -1).skip((page - 1) * limit).limit(limit)
    return [document async for document in cursor], await scoped.count(query)


def replayable(record: dict[str, Any], at: datetime) -> bool:
    """Whether it waits to be replayed: it can be read, and no replay of the last quarter of an hour is under way."""
    waits = record["status"] == PARKED or (record["status"] == REPLAYING and record["updatedAt"] < at - GIVEN_UP_AFTER)
    return bool(waits and record["topic"])


async def claim(tenant_id: str, identifier: str, *, by: str, at: datetime) -> dict[str, Any] | None:
    """Mark a dead letter that waits as being replayed by `by`; None when another operator was first."""
    waits = [{"status": PARKED}, {"status": REPLAYING, "updatedAt": {"$lt": at - GIVEN_UP_AFTER}}]
    return await _scoped(tenant_id).find_one_and_update(
        {"_id": identifier, "$or": waits, "topic": {"$ne": ""}},
        {
            "$set": {"status": REPLAYING, "updatedAt": at},
            "$push": {"replays": {"$each": [{"by": by, "at": at}], "$slice": -20}},
        },
    )


async def republish(record: dict[str, Any]) -> None:
    """Publish a claimed dead letter to its topic again, as the message it was. Safe to repeat."""
    dropped = ("CloudPubSubDeadLetter", "googclient_", "traceparent")
    attributes = {k: v for k, v in record["attributes"] if not k.startswith(dropped)}
    attributes["originalMessageId"] = record["messageId"]
    attributes["replayOf"] = record["_id"]
    if record.get("publishTime"):
        attributes.setdefault("originalPublishTime", record["publishTime"])
    await pubsub.publish(record["topic"], [pubsub.OutMessage(bytes(record["data"]), attributes)])
    log.info("dead_letter.replayed", id=record["_id"], topic=record["topic"])


def _scoped(tenant_id: str) -> mongo.Scoped:
    return mongo.Scoped(mongo.collection(COLLECTION), tenantId=tenant_id)
