"""The verbs of an operator: look at dead letters, have them tried again. Every request leaves an audit record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from functions.common import clock, deadletters
from functions.common.auth import Principal
from functions.common.errors import AlreadyDone, Conflict
from functions.common.mongo import Document
from functions.price_ingest.repository import Reports

QUEUE, SERVICE, PATH = "price-ingest-events-replay", "price-ingest-events", "/tasks/replay"
MOST_REPLAYED = 500
_SHOWN_BYTES = 64 << 10
_FIELDS = ("status", "code", "reason", "subscription", "messageId", "size", "times", "createdAt", "resolvedAt")

Enqueue = Callable[[dict[str, Any]], Awaitable[None]]


def view(record: Document) -> Document:
    """A dead letter in a list."""
    return {
        "id": record["_id"],
        **{name: record.get(name) for name in _FIELDS},
        "replays": [{"by": replay["by"], "at": replay["at"]} for replay in record.get("replays", ())],
    }


def view_content(record: Document) -> Document:
    """A dead letter with what is in it."""
    text = bytes(record["data"])[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")
    return {**view(record), "attributes": dict(record["attributes"]), "text": text}


async def request(
    reports: Reports, enqueue: Enqueue, principal: Principal, *, request_id: str, now: datetime, **wanted: Any
) -> Document:
    """Have dead letters replayed: `ids` or `code`, and `dry_run` to only count them.

    The audit record comes first: a replay that nobody has signed for cannot happen. Raises NotFound for an unknown
    id.
    """
    dry_run: bool = wanted["dry_run"]
    found = await _chosen(principal.tenant_id, wanted.get("ids"), wanted.get("code"))
    await reports.audit(
        principal.tenant_id,
        {
            "_id": f"{principal.tenant_id}:{request_id}",
            "by": principal.sub,
            "role": principal.role,
            "at": now,
            "dryRun": dry_run,
            "ids": found,
            "code": wanted.get("code"),
        },
    )
    if not dry_run:
        for identifier in found:
            await enqueue(
                {
                    "tenantId": principal.tenant_id,
                    "id": identifier,
                    "by": principal.sub,
                    "at": int(now.timestamp() * 1000),
                }
            )
    return {
        "requestId": request_id,
        "dryRun": dry_run,
        "matched": len(found),
        "enqueued": 0 if dry_run else len(found),
    }


async def _chosen(tenant_id: str, ids: list[str] | None, code: str | None) -> list[str]:
    if ids is not None:
        records = [await deadletters.get(tenant_id, identifier) for identifier in dict.fromkeys(ids)]
    else:
        records, _ = await deadletters.page(tenant_id, status=deadletters.PARKED, code=code, limit=MOST_REPLAYED)
    return [record["_id"] for record in records if deadletters.replayable(record, clock.now())]


def demand_replayable(record: Document) -> None:
    """Raise Conflict when a dead letter is not waiting to be replayed."""
    if not deadletters.replayable(record, clock.now()):
        raise Conflict("it is being replayed, is resolved, or cannot be read", code="NOT_REPLAYABLE")


async def replay(tenant_id: str, identifier: str, *, by: str, at_millis: int) -> None:
    """Publish one dead letter again. What makes it resolved is that it is applied, not this.

    Of two operators' tasks the first claims it; a task repeated after a crash finds its own claim and goes on.
    """
    at = datetime.fromtimestamp(at_millis / 1000, UTC)
    record = await deadletters.claim(tenant_id, identifier, by=by, at=at)
    if record is None:
        record = await deadletters.get(tenant_id, identifier)
        last = record["replays"][-1] if record["replays"] else {}
        if record["status"] != deadletters.REPLAYING or (last.get("by"), last.get("at")) != (by, at):
            raise AlreadyDone
    await deadletters.republish(record)
