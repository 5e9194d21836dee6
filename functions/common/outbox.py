"""A message is data until the write is safe: events embedded in the document that caused them.

The write that changes a document also `$push`es its events to `outbox`; `flush` publishes and removes them right
after, `sweep` does so for what a dead process left. A crash between the two publishes the same event id again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from functions.common import clock, failpoints, log, metrics, pubsub
from functions.common.contracts.envelope import Event, to_message

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection

OLDER_THAN = timedelta(seconds=2)
_published = metrics.Counter("outbox_published", "Events published, by who did it.", ("by",))


def entry(kind: tuple[str, int], data: Any) -> dict[str, Any]:
    """An outbox entry to `$push` in the same write as its cause."""
    return {"id": uuid4().hex, "type": kind[0], "version": kind[1], "at": clock.now(), "data": data}


async def flush(
    collection: AsyncCollection[dict[str, Any]],
    topic: str,
    document: Mapping[str, Any],
    entries: Sequence[Mapping[str, Any]],
    *,
    by: str = "request",
) -> bool:
    """Publish the entries of a document and remove them from it.

    Returns False, after logging, when Pub/Sub or MongoDB did not take part now: the sweep will do it.
    """
    return await flush_all(collection, topic, [(document, entries)], by=by)


async def flush_all(
    collection: AsyncCollection[dict[str, Any]],
    topic: str,
    outboxes: Sequence[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]],
    *,
    by: str = "request",
) -> bool:
    """`flush` for many documents: one publish for all, one update for each store.

    A document without a `storeId` belongs to its tenant as a whole, and so does its event.
    """
    events: list[Event] = []
    stores: dict[tuple[str, str], tuple[list[Any], list[str]]] = {}
    for document, entries in outboxes:
        tenant_id, store_id = document["tenantId"], document.get("storeId", "")
        if entries:
            documents, published = stores.setdefault((tenant_id, store_id), ([], []))
            documents.append(document["_id"])
            published += [e["id"] for e in entries]
        for e in entries:
            events.append(Event(e["id"], e["type"], e["version"], tenant_id, store_id, e["at"], e["data"]))
    if not events:
        return True
    try:
        await pubsub.publish(topic, [to_message(event) for event in events])
        await failpoints.hit("relay.after_publish_before_mark")
        for (tenant_id, store_id), (documents, published) in stores.items():
            scope = {"_id": {"$in": documents}, "tenantId": tenant_id}
            if store_id:
                scope["storeId"] = store_id
            await collection.update_many(scope, {"$pull": {"outbox": {"id": {"$in": published}}}})
    except Exception as error:  # the write is safe and the event with it: publishing is only late
        log.warning("outbox.flush_deferred", error=type(error).__name__, events=len(events))
        return False
    _published.inc(by, amount=len(events))
    return True


async def sweep(collection: AsyncCollection[dict[str, Any]], topic: str, *, limit: int = 500) -> int:
    """Publish what has been waiting for more than two seconds, oldest first; returns how many documents."""
    before = clock.now() - OLDER_THAN
    cursor = collection.find(
        {"outbox.at": {"$lt": before}}, projection={"tenantId": 1, "storeId": 1, "outbox": 1}
    ).limit(limit)
    swept = 0
    async for document in cursor:
        if not await flush(collection, topic, document, document["outbox"], by="sweep"):
            break
        swept += 1
    return swept
