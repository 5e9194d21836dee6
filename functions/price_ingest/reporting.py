"""Saying what became of every update: counts for batches, and each rejection and conflict by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from functions.common import clock
from functions.common.mongo import Document
from functions.price_ingest.domain import Disagreement, Outcome, Update
from functions.price_ingest.reading import Refusal
from functions.price_ingest.repository import (
    REPORTED_FOR,
    Reports,
    issue_of_disagreement,
    issue_of_refusal,
)

_MOST_KNOWN = 10_000


class Reported(Protocol):
    """A message whose updates have come to their ends."""

    tenant_id: str
    key: str
    batch_id: str | None
    offset: int
    updates: list[Update]
    refusals: list[Refusal]
    disagreements: list[Disagreement]

    def counts(self) -> dict[Outcome, int]: ...


class Reporter:
    """Writes the reports of messages. What was reported before is not changed by a redelivery."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self._known: dict[tuple[str, str], frozenset[str]] = {}

    async def report(self, parts: Sequence[Reported]) -> None:
        """Keep the outcomes of these messages."""
        now = clock.now()
        issues: list[Document] = []
        ends: list[Document] = []
        for part in parts:
            if part.batch_id is not None:
                await self._open(part)
                ends.append(
                    {
                        "_id": f"{part.tenant_id}:{part.batch_id}:{part.key}",
                        "tenantId": part.tenant_id,
                        "batchId": part.batch_id,
                        "counts": {**part.counts(), "received": len(part.updates) + len(part.refusals)},
                        "at": now,
                        "expiresAt": now + REPORTED_FOR,
                    }
                )
            if part.refusals or part.disagreements:
                issues += _issues(part)
        for issue in issues:
            issue["at"], issue["expiresAt"] = now, now + REPORTED_FOR
        await self._reports.add_issues(issues)
        await self._reports.add_parts(ends)

    async def _open(self, part: Reported) -> None:
        """Whoever publishes to the topic names a batch by using its id; its first message creates it."""
        assert part.batch_id is not None
        key = (part.tenant_id, part.batch_id)
        stores = self._known.get(key, frozenset())
        named = {update.store_id for update in part.updates}
        if key in self._known and named <= stores:
            return
        await self._reports.join_batch(part.tenant_id, part.batch_id, named)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[key] = stores | named


def _issues(part: Reported) -> list[Document]:
    source = {"tenantId": part.tenant_id, "batchId": part.batch_id, "message": part.key}
    found: list[Document] = []
    for refusal in part.refusals:
        identity = {
            "_id": f"{part.tenant_id}:{part.key}/{refusal.place}",
            "index": part.offset + refusal.place,
        }
        found.append({**identity, **source, **issue_of_refusal(refusal)})
    for disagreement in part.disagreements:
        index = disagreement.update.place
        identity = {
            "_id": f"{part.tenant_id}:{part.key}/{index}/{disagreement.field}",
            "index": part.offset + index,
        }
        found.append({**identity, **source, **issue_of_disagreement(disagreement)})
    return found
