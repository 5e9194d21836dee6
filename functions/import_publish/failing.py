"""What was not published: kept, shown, exported, and noted as resolved when it is published after all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from functions.common import clock, log, metrics
from functions.common.errors import Retryable
from functions.common.mongo import Document
from functions.import_publish.chunks_repository import chunk_id
from functions.import_publish.domain import failures, states
from functions.import_publish.domain.failures import PENDING, RESOLVED, RETRIED, Item
from functions.import_publish.failures_repository import Failures
from functions.import_publish.repository import Imports

_ROUNDS = 8
_alerts = metrics.Counter("import_failure_alerts", "Imports in which more rows failed than the rules allow.").labels()


async def keep(repository: Failures, document: Document, n: int, items: Sequence[Item]) -> None:
    """Keep what failed of a chunk. The first worker's word stands; another one would say the same."""
    now = clock.now()
    await repository.keep(
        {
            "_id": chunk_id(document["_id"], n),
            "tenantId": document["tenantId"],
            "storeId": document["storeId"],
            "batchId": document["_id"],
            "n": n,
            "items": list(items),
            **failures.summary(items),
            "createdBy": document["createdBy"],
            "createdAt": now,
            "updatedAt": now,
            "resolvedAt": None,
            "rev": 1,
        }
    )


async def settle(repository: Failures, document: Document, chunk: Document, failed: Mapping[int, Item]) -> None:
    """Rows that were tried once more have their end: resolved, or failed again for what is wrong with them now."""
    places = {origin: place for place, origin in enumerate(chunk["origins"])}

    def change(kept: Document) -> bool:
        changed = False
        for at, item in enumerate(kept["items"]):
            if item["status"] != PENDING or item.get("retry") != chunk["n"] or at not in places:
                continue
            end = failed.get(places[at])
            item |= (
                {"status": RESOLVED, "resolvedBy": chunk["_id"]}
                if end is None
                else {"status": RETRIED, "faults": end["faults"]}
            )
            changed = True
        return changed

    await _change(repository, document, chunk["of"], change)


async def correct(repository: Failures, document: Document, published: Sequence[Mapping[str, Any]]) -> None:
    """Rows of a corrected file are live: what failed of the first file for them is resolved."""
    barcodes = {row["b"] for row in published}
    lines = {row["l"] for row in published if "l" in row}
    first = {**document, "_id": document["corrects"]}
    if not barcodes:
        return

    def change(kept: Document) -> bool:
        changed = False
        for item in kept["items"]:
            if item["status"] != RESOLVED and (item["barcode"] in barcodes or item["line"] in lines):
                item |= {"status": RESOLVED, "resolvedBy": document["_id"]}
                changed = True
        return changed

    for found in await repository.about(first, sorted(barcodes), sorted(lines)):
        await _change(repository, first, found["n"], change)


async def close_corrected(imports: Imports, repository: Failures, document: Document) -> None:
    """The import whose failures a corrected file has resolved is published, when nothing of it is left."""
    for _ in range(_ROUNDS):
        first = await imports.find(document["tenantId"], document["corrects"])
        if first is None or first["state"] not in (states.PARTLY_PUBLISHED, states.PUBLISHED):
            return
        counts = await repository.counts(first)
        whole = first["state"] == states.PARTLY_PUBLISHED and counts[RESOLVED] == sum(counts.values())
        state = states.PUBLISHED if whole else None
        if await imports.change(first, {"failures": counts}, state=state) is not None:
            return
    raise Retryable("the import that is corrected is changed all the time")


async def _change(repository: Failures, document: Mapping[str, Any], n: int, change: Any) -> None:
    """Change what is kept of a chunk, whoever else does."""
    for _ in range(_ROUNDS):
        kept = await repository.find(document, n)
        if kept is None or not change(kept):
            return
        touch(kept)
        if await repository.replace(kept):
            return
    raise Retryable("these failures are changed all the time")


def touch(kept: Document) -> None:
    """Bring up to its items what a document says about them."""
    now = clock.now()
    kept |= failures.summary(kept["items"]) | {"updatedAt": now}
    kept["resolvedAt"] = (kept["resolvedAt"] or now) if kept["status"] == RESOLVED else None


def call_somebody(document: Mapping[str, Any]) -> None:
    """Raise the alarm when more rows failed than the tenant's rules allow."""
    result = document["result"]
    failed = result["failed"] + result["rejected"]
    rows = result["rows"] - result["excluded"]
    if failed and failed > document["rules"]["failureRateAlert"] * rows:
        _alerts.value += 1
        log.error(
            "import.failure_rate",
            importId=document["_id"],
            tenantId=document["tenantId"],
            storeId=document["storeId"],
            failed=failed,
            rows=rows,
        )
