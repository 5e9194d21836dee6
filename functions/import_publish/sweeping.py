"""The sweep: go on with what has stood still. Its worker died, its task was lost, or its time has come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from functions.common import log
from functions.common.mongo import Document
from functions.import_publish import deciding, lifecycle
from functions.import_publish.core import Deps
from functions.import_publish.domain import states
from functions.import_publish.lifecycle import LATER
from functions.import_publish.repository import STAGED_FOR

QUEUES: Mapping[str, str] = {
    states.FETCHING: "fetch",
    states.STAGING: "stage",
    states.PUBLISHING: "publish",
    states.ROLLING_BACK: "rollback",
}
"""Which queue an import in a state goes on in."""


async def sweep(deps: Deps, now: datetime, limit: int = 200) -> int:
    """Look at every import that is due; returns how many those were. One that fails does not hold up the others."""
    found = await deps.imports.due(now, limit)
    for document in found:
        try:
            await _resume(deps, document, now)
        except Exception as error:
            log.error("import.sweep_failed", error, importId=document["_id"], state=document["state"])
    return len(found)


async def _resume(deps: Deps, document: Document, now: datetime) -> None:
    match document["state"]:
        case states.WAITING:
            await _expire(deps, document, now)
        case states.STAGED:
            await _staged(deps, document, now)
        case states.SCHEDULED:
            await deciding.publish(deps, document)
        case state if state in QUEUES:
            if state != states.FETCHING or await _fetches(deps, document):
                await deps.enqueue(QUEUES[state], {"tenantId": document["tenantId"], "importId": document["_id"]})
                log.info("import.resumed", importId=document["_id"], state=state)
            await deps.imports.postpone(document, now + LATER)
        case _:
            await deps.imports.postpone(document, None)


async def _fetches(deps: Deps, document: Document) -> bool:
    """Whether this is the one of its group that is fetched for all."""
    group = await deps.imports.group(document["tenantId"], document["groupId"])
    return bool(document["_id"] == lifecycle.fetches(group))


async def _staged(deps: Deps, document: Document, now: datetime) -> None:
    ends = document["stagedAt"] + STAGED_FOR
    if now >= ends:
        await _expire(deps, document, now)
        return
    if document["autoApprove"]:
        await deciding.approve_when_clean(deps, document)
    await deps.imports.postpone(document, ends)


async def _expire(deps: Deps, document: Document, now: datetime) -> None:
    def over(_: Document) -> dict[str, Any]:
        return {"finishedAt": now}

    await lifecycle.move(deps.imports, document, states.EXPIRED, over, quietly=True)
