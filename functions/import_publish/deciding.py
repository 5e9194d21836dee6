"""What people decide about a staged import: publish it, now or later, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from functions.common import clock, log
from functions.common.errors import Conflict, Forbidden, Malformed
from functions.common.mongo import Document
from functions.import_publish import lifecycle
from functions.import_publish.core import Deps
from functions.import_publish.domain import states
from functions.import_publish.gently import GENTLE
from functions.import_publish.lifecycle import LATER, wrong_state
from functions.import_publish.repository import STAGED_FOR

LATEST = timedelta(days=30)
KEPT = timedelta(days=30)
"""How long what was staged is kept after it was to be published."""
WHEN_CLEAN = "when_clean"


async def approve(
    deps: Deps,
    document: Document,
    by: str,
    *,
    confirm: Sequence[str] = (),
    publish_at: datetime | None = None,
    pace: str = GENTLE,
    seen: int | None = None,
) -> Document:
    """Publish a staged import, or schedule that. An approval says it all: nothing of an earlier one is kept.

    Raises Conflict when it is not staged, was changed since the version `seen`, holds nothing to publish, or has
    rows that must be confirmed and are not; Forbidden when the rules want a second person.
    """
    _check_time(publish_at)
    if document["state"] not in (states.STAGED, states.SCHEDULED):
        raise wrong_state(document)
    if seen is not None and seen != document["ver"]:
        raise _changed(document)
    check_person(document, by)
    _check_rows(document, confirm)
    now = clock.now()
    # First, so that nothing approved is ever cleaned away before it is published.
    await deps.chunks.keep_until(document, max(now, publish_at or now) + KEPT)
    fresh: Document = {
        "approval": {"by": by, "at": now, "pace": pace},
        "confirmed": sorted(set(confirm)),
        "publishAt": publish_at,
    }
    if publish_at is not None:
        state = None if document["state"] == states.SCHEDULED else states.SCHEDULED
        changed = await deps.imports.change(document, fresh, state=state, due=publish_at)
    else:
        changed = await deps.imports.change(document, fresh, state=states.PUBLISHING, due=now + LATER)
    if changed is None:
        raise _changed(document)
    log.info("import.approved", importId=document["_id"], by=by, at=str(publish_at or "now"), pace=pace)
    body = {"tenantId": changed["tenantId"], "importId": changed["_id"]}
    if publish_at is None:
        await deps.enqueue("publish", body)
    else:
        # Should the task be lost or come early, the sweep does it.
        await deps.enqueue("publish", {**body, "due": True}, at=publish_at)
    return changed


async def approve_when_clean(deps: Deps, document: Document) -> Document:
    """Publish without asking what nobody needs to look at; anything else waits for somebody."""
    counts = document["counts"]
    clean = not counts["errors"] and not counts["confirm"] and not document["rules"]["twoPersonApproval"]
    if document["autoApprove"] != WHEN_CLEAN or not clean or not _publishable(document):
        return document
    try:
        return await approve(deps, document, document["createdBy"])
    except Conflict as problem:
        log.info("import.not_approved", importId=document["_id"], code=problem.code)
        return document


async def publish_when_due(deps: Deps, tenant_id: str, import_id: str) -> None:
    """Publish a scheduled import unless it was put off, taken back, or published already."""
    document = await deps.imports.find(tenant_id, import_id)
    if document is not None and document["state"] == states.SCHEDULED and document["publishAt"] <= clock.now():
        await publish(deps, document)


async def publish(deps: Deps, document: Document) -> Document:
    """The time of a scheduled import has come."""
    due = clock.now() + LATER
    changed = await lifecycle.move(deps.imports, document, states.PUBLISHING, lambda _: {}, due=due, quietly=True)
    if changed["state"] == states.PUBLISHING:
        await _enqueue(deps, changed)
    return changed


async def reject(deps: Deps, document: Document, by: str, reason: str) -> Document:
    """Say no. Raises Conflict when it is not staged or scheduled."""
    if document["state"] not in (states.STAGED, states.SCHEDULED):
        raise wrong_state(document)

    def ended(_: Document) -> dict[str, Any]:
        now = clock.now()
        return {"rejection": {"by": by, "at": now, "reason": reason}, "finishedAt": now}

    return await lifecycle.move(deps.imports, document, states.REJECTED, ended)


async def validate(deps: Deps, document: Document) -> Document:
    """Judge everything that is staged again, by what is live now; corrections stay. Raises Conflict when not staged."""
    if document["state"] != states.STAGED:
        raise wrong_state(document)
    due = clock.now() + lifecycle.SOON
    changed = await deps.imports.change(document, {"from": "chunks"}, state=states.STAGING, due=due)
    if changed is None:
        raise _changed(document)
    await deps.enqueue("stage", {"tenantId": changed["tenantId"], "importId": changed["_id"]})
    return changed


async def unschedule(deps: Deps, document: Document) -> Document:
    """Take back a schedule; the import waits for a decision again. Raises Conflict when it is not scheduled."""
    if document["state"] != states.SCHEDULED:
        raise wrong_state(document)
    due = clock.now() + STAGED_FOR
    return await lifecycle.move(
        deps.imports, document, states.STAGED, lambda _: {"publishAt": None, "approval": None}, due=due
    )


def _check_time(publish_at: datetime | None) -> None:
    now = clock.now()
    if publish_at is not None and not now < publish_at <= now + LATEST:
        raise Malformed("publishAt lies in the future, at most 30 days ahead", field="publishAt")


def check_person(document: Document, by: str) -> None:
    """Raise Forbidden when the rules want somebody to decide who has not worked on this import."""
    if document["rules"]["twoPersonApproval"] and by in (document["createdBy"], *document["editedBy"]):
        raise Forbidden("somebody who has not worked on this import must approve it", code="SECOND_PERSON_NEEDED")


def _check_rows(document: Document, confirm: Sequence[str]) -> None:
    open_ = sorted(set(document["confirms"]) - set(confirm))
    if open_:
        counts = {code: document["confirms"][code] for code in open_}
        raise Conflict(
            "confirm what these codes say, or exclude their rows", code="CONFIRMATION_NEEDED", details={"codes": counts}
        )
    if not _publishable(document):
        raise Conflict("no row of it can be published", code="NOTHING_TO_PUBLISH")


def _publishable(document: Document) -> int:
    counts = document["counts"]
    return int(counts["valid"] + counts["warnings"] + counts["confirm"])


def _changed(document: Document) -> Conflict:
    details = {"ver": document["ver"]}
    return Conflict("the import was changed since: look at it again", code="VERSION_CONFLICT", details=details)


async def _enqueue(deps: Deps, document: Document) -> None:
    await deps.enqueue("publish", {"tenantId": document["tenantId"], "importId": document["_id"]})
