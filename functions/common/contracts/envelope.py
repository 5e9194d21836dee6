"""The envelope of every event: a past-tense fact with an owner, a version and an id that never changes.

The id is made where the fact is written, so a fact published twice is recognised by its consumers.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import orjson

from functions.common.errors import Rejected
from functions.common.events import Message
from functions.common.pubsub import OutMessage


class Event(NamedTuple):
    """One fact. `occurred_at` is aware; `data` is JSON as the contract of `type` and `version` says.

    `store_id` is empty when the fact is about the tenant as a whole.
    """

    id: str
    type: str
    version: int
    tenant_id: str
    store_id: str
    occurred_at: datetime
    data: dict[str, Any]


def to_message(event: Event) -> OutMessage:
    """The event as a Pub/Sub message; subscriptions filter on the attributes."""
    body = {
        "id": event.id,
        "type": event.type,
        "version": event.version,
        "tenantId": event.tenant_id,
        "storeId": event.store_id,
        "occurredAt": event.occurred_at,
        "data": event.data,
    }
    attributes = {
        "eventId": event.id,
        "type": event.type,
        "version": str(event.version),
        "tenantId": event.tenant_id,
    }
    if event.store_id:
        attributes["storeId"] = event.store_id
    return OutMessage(orjson.dumps(body), attributes)


def from_message(message: Message, *known: tuple[str, int]) -> Event:
    """The event of a message, when its (type, version) is among `known`.

    Raises Rejected for anything else: an unknown version is kept until a reader for it is deployed and it is replayed.
    """
    body = message.json()
    try:
        event = Event(
            id=str(body["id"]),
            type=str(body["type"]),
            version=int(body["version"]),
            tenant_id=str(body["tenantId"]),
            store_id=str(body["storeId"]),
            occurred_at=datetime.fromisoformat(body["occurredAt"]),
            data=dict(body["data"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Rejected("the data is not an event envelope", code="BAD_EVENT") from error
    if (event.type, event.version) not in known:
        raise Rejected(f"no reader for {event.type} v{event.version}", code="UNKNOWN_VERSION")
    return event
