"""The verbs of the REST door: take a batch, say what became of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from functions.common.auth import Principal
from functions.common.errors import Forbidden, Malformed, NotFound
from functions.common.mongo import Document
from functions.common.pubsub import OutMessage
from functions.price_ingest.domain import OUTCOMES
from functions.price_ingest.repository import REPORTED_FOR, Reports

PART_UPDATES = 100
MOST_LISTED = 1_000
BY_HAND = "hand"
"""The source of a price that a person has set."""
_MOST_NAMED = 50


@dataclass(frozen=True, slots=True)
class Submission:
    """A batch as it was asked for. `identity` is the same for a repetition, and for nothing else."""

    principal: Principal
    identity: str
    updates: Sequence[dict[str, Any]]
    now: datetime


class Submitting:
    """The batches of the REST door."""

    def __init__(
        self,
        reports: Reports,
        *,
        publish: Callable[[str, Sequence[OutMessage]], Awaitable[Any]],
        currency_of: Callable[[str, str], Awaitable[str | None]],
    ) -> None:
        self._reports, self._publish, self._currency_of = reports, publish, currency_of

    async def accept(self, submission: Submission) -> tuple[str, int]:
        """Publish a batch; returns its id and how many updates it has. Raises Forbidden for a foreign store.

        Every id is made of the submission's identity, and the time it was first received is kept: a repetition
        after a crash publishes the same messages once more, and the applying door knows them.
        """
        tenant_id = submission.principal.tenant_id
        await self._check_scope(submission)
        batch_id = "pb-" + sha256(submission.identity.encode()).hexdigest()[:24]
        batch = await self._reports.open_batch(
            tenant_id,
            batch_id,
            {
                "door": "rest",
                "by": submission.principal.sub,
                "storeIds": sorted({update["storeId"] for update in submission.updates}),
                "received": len(submission.updates),
                "createdAt": submission.now,
                "expiresAt": submission.now + REPORTED_FOR,
            },
        )
        received = batch["createdAt"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
        await self._publish(tenant_id, _messages(batch_id, submission.updates, received))
        return batch_id, len(submission.updates)

    async def _check_scope(self, submission: Submission) -> None:
        principal = submission.principal
        named = {update["storeId"] for update in submission.updates}
        foreign = {
            store_id
            for store_id in named
            if not principal.may_use_store(store_id) or await self._currency_of(principal.tenant_id, store_id) is None
        }
        if foreign:
            where = [index for index, update in enumerate(submission.updates) if update["storeId"] in foreign]
            message = "not one of the stores this token may write"
            raise Forbidden(
                f"{len(where)} of the updates name a store that this token may not write",
                code="STORE_NOT_IN_SCOPE",
                details=[
                    {"field": f"updates.{index}.storeId", "code": "STORE_NOT_IN_SCOPE", "message": message}
                    for index in where[:_MOST_NAMED]
                ],
            )

    async def batch(self, principal: Principal, batch_id: str) -> Document:
        """What became of a batch. Raises NotFound, also for one that concerns stores beyond the token."""
        found = await self._reports.batch(principal.tenant_id, batch_id)
        if found is None or not _may_see(principal, found):
            raise NotFound("there is no such batch", code="BATCH_NOT_FOUND")
        counts = await self._reports.counts(principal.tenant_id, [batch_id])
        issues = await self._reports.issues_of_batch(principal.tenant_id, batch_id, limit=2 * MOST_LISTED)
        return {
            **_summary(found, counts.get(batch_id, {})),
            "rejected": [
                {name: issue[name] for name in ("index", "storeId", "barcode", "code", "reason")}
                for issue in issues
                if issue["kind"] == "rejected"
            ][:MOST_LISTED],
            "conflicts": [
                {name: issue[name] for name in ("index", "storeId", "barcode", "field", "kept", "offered")}
                for issue in issues
                if issue["kind"] == "conflict"
            ][:MOST_LISTED],
        }

    async def batches(self, principal: Principal, *, page: int, limit: int) -> tuple[list[Document], int]:
        """The latest batches that the token may see, and how many there are."""
        found, total = await self._reports.batches(principal.tenant_id, _visible(principal), page=page, limit=limit)
        counts = await self._reports.counts(principal.tenant_id, [batch["batchId"] for batch in found])
        return [_summary(batch, counts.get(batch["batchId"], {})) for batch in found], total

    async def issues(
        self, principal: Principal, *, kind: str | None, store_id: str | None, page: int, limit: int
    ) -> tuple[list[Document], int]:
        """Rejections and conflicts of the stores that the token covers, newest first, and how many there are."""
        query: Document = {}
        if kind is not None:
            query["kind"] = kind
        if "*" not in principal.store_ids:
            query["storeId"] = {"$in": sorted(principal.store_ids)}
        if store_id is not None:
            if not principal.may_use_store(store_id):
                return [], 0
            query["storeId"] = store_id
        found, total = await self._reports.issues(principal.tenant_id, query, page=page, limit=limit)
        hidden = ("_id", "tenantId", "expiresAt")
        return [{name: value for name, value in issue.items() if name not in hidden} for issue in found], total


def by_hand(updates: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A person's updates: prices as of now, under a source of their own. Raises Malformed for anything else.

    Somebody who sets a price means from now on, until whoever is asked next says something newer. With a time or a
    source of his choice he could hold up an ERP for good, or speak in its name; a stock is counted, not decided.
    """
    wrong = [
        {"field": f"updates.{index}.{name}", "code": "FOR_SYSTEMS", "message": "only a system states this"}
        for index, update in enumerate(updates)
        for name in ("stock", "sourceTime", "sequence", "source")
        if name in update
    ]
    if wrong:
        raise Malformed("a person sets prices, and nothing but prices", details=wrong[:_MOST_NAMED])
    return [{**update, "source": BY_HAND} for update in updates]


def _messages(batch_id: str, updates: Sequence[Mapping[str, Any]], received: str) -> list[OutMessage]:
    messages = []
    for start in range(0, len(updates), PART_UPDATES):
        part = [{"sourceTime": received, **update} for update in updates[start : start + PART_UPDATES]]
        attributes = {"batchId": batch_id, "offset": str(start), "originalMessageId": f"{batch_id}.{start}"}
        messages.append(OutMessage(orjson.dumps({"updates": part}), attributes))
    return messages


def _summary(batch: Mapping[str, Any], counted: Mapping[str, int]) -> Document:
    ends = {name: counted.get(name, 0) for name in OUTCOMES}
    settled = sum(ends.values())
    # Whoever publishes to the topic does not say how many will come: there, received is what has come.
    received = batch.get("received", settled)
    pending = max(0, received - settled)
    return {
        "batchId": batch["batchId"],
        "door": batch["door"],
        "status": "pending" if pending else "done",
        "createdAt": batch["createdAt"],
        "counts": {"received": received, **ends, "pending": pending},
    }


def _may_see(principal: Principal, batch: Mapping[str, Any]) -> bool:
    return "*" in principal.store_ids or principal.store_ids.issuperset(batch["storeIds"])


def _visible(principal: Principal) -> Document:
    if "*" in principal.store_ids:
        return {}
    # No store of the batch is outside the token's.
    return {"storeIds": {"$not": {"$elemMatch": {"$nin": sorted(principal.store_ids)}}}}
