"""An import from the first byte to its end, but for the reading and the publishing: bring, fetch, stop, sweep."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from functions.common import clock, log
from functions.common.errors import Conflict, Malformed
from functions.common.mongo import Document
from functions.import_publish.core import Deps
from functions.import_publish.domain import states
from functions.import_publish.opening import Order as Order
from functions.import_publish.opening import object_name, opened
from functions.import_publish.repository import Imports
from functions.import_publish.sources import blobs

MOST_BODY = 32 << 20
MOST_PACKED = 100 << 20
SOON = timedelta(seconds=60)
LATER = timedelta(minutes=5)
_ROUNDS = 8


# ---- bring --------------------------------------------------------------------------------------------------


async def upload(deps: Deps, order: Order, content: bytes, media: str) -> list[Document]:
    """Take a file that came in a request; one import a store.

    Raises Malformed for an empty file or an unknown profile, Conflict when the same file is on its way already.
    """
    if not content:
        raise Malformed("the file is empty", code="FILE_EMPTY", field="body")
    fresh = await opened(deps, order, states.STAGING, "upload", clock.now() + SOON)
    sha256 = hashlib.sha256(content).hexdigest()
    for document in fresh:
        _bring(document, sha256, order.again)
        await _refuse_twice(deps, document)
    stored = await deps.bucket.put(object_name(fresh[0]), content, limit=MOST_BODY, media=media)
    for document in fresh:
        document["source"] |= _source(stored)
    begun = [await _begin(deps, document) for document in fresh]
    for document in begun:
        await _enqueue_stage(deps, document)
    return begun


async def upload_url(deps: Deps, order: Order, media: str) -> tuple[list[Document], blobs.UploadTicket]:
    """Leave to PUT a large file straight into the bucket; `uploaded` says that it is there."""
    fresh = await opened(deps, order, states.WAITING, "upload_url", clock.now() + blobs.UPLOAD_LIVES + LATER)
    for document in fresh:
        document["source"] |= {"object": object_name(document), "media": media}
    ticket = await deps.bucket.upload_url(object_name(fresh[0]), limit=MOST_PACKED, media=media)
    return [await _begin(deps, document) for document in fresh], ticket


async def uploaded(deps: Deps, document: Document) -> list[Document]:
    """The file that an upload URL was for is there: stage it, in every store it was meant for.

    Raises Conflict when it is not there. Saying it twice changes nothing.
    """
    group = await deps.imports.group(document["tenantId"], document["groupId"])
    if any(each["state"] == states.WAITING for each in group):
        stored = await deps.bucket.stat(document["source"]["object"])
        if stored is None:
            raise Conflict("the file has not arrived: PUT it to the upload URL first", code="NOT_UPLOADED")
        group = await _arrived(deps, group, stored)
    return group


async def pull(deps: Deps, order: Order, source: Mapping[str, Any]) -> list[Document]:
    """Have a file fetched from where `source` says, once for all the stores."""
    fresh = await opened(deps, order, states.FETCHING, str(source["kind"]), clock.now() + SOON)
    for document in fresh:
        document["source"] |= source
    begun = [await _begin(deps, document) for document in fresh]
    await deps.enqueue("fetch", {"tenantId": order.tenant_id, "importId": begun[0]["groupId"]})
    return begun


async def file_arrived(deps: Deps, document: Document, stored: blobs.Stored, **found: Any) -> list[Document]:
    """A fetched file is in the bucket: stage it, for every import of its group. `found` adds to their source."""
    group = await deps.imports.group(document["tenantId"], document["groupId"])
    return await _arrived(deps, group, stored, **found)


async def fail(deps: Deps, document: Document, code: str, message: str, line: int | None = None) -> Document:
    """It ends here, and this is why. One that has ended already stays as it is."""
    error = {"code": code, "message": message, "line": line}

    def ended(_: Document) -> dict[str, Any]:
        return {"error": error, "finishedAt": clock.now(), "work.until": None}

    log.warning("import.failed", importId=document["_id"], code=code)
    return await move(deps.imports, document, states.FAILED, ended, quietly=True)


async def fail_group(deps: Deps, document: Document, code: str, message: str) -> None:
    """Nothing could be fetched, for none of the stores."""
    for each in await deps.imports.group(document["tenantId"], document["groupId"]):
        await fail(deps, each, code, message)


def fetches(group: Sequence[Document]) -> str | None:
    """The import of a group that is fetched for all of them: its first, or another one when that was stopped."""
    waiting: list[str] = [each["_id"] for each in group if each["state"] == states.FETCHING]
    first = group[0]["groupId"] if group else None
    return first if first in waiting else min(waiting, default=None)


# ---- stop ---------------------------------------------------------------------------------------------------


async def cancel(deps: Deps, document: Document, by: str) -> Document:
    """Stop an import that has not begun to publish. Raises Conflict when it has, or is over."""
    if document["state"] == states.CANCELLED:
        return document

    def ended(_: Document) -> dict[str, Any]:
        now = clock.now()
        return {"cancelled": {"by": by, "at": now}, "finishedAt": now, "work.until": None}

    return await move(deps.imports, document, states.CANCELLED, ended)


async def move(
    imports: Imports,
    document: Document,
    state: str,
    fresh: Callable[[Document], Mapping[str, Any]],
    *,
    due: datetime | None = None,
    quietly: bool = False,
) -> Document:
    """Bring an import into a state, whoever else writes meanwhile. Raises Conflict when that may not follow, or,
    `quietly`, leaves it as it is."""
    current = document
    for _ in range(_ROUNDS):
        if not states.may_follow(current["state"], state):
            if quietly:
                return current
            raise wrong_state(current)
        changed = await imports.change(current, fresh(current), state=state, due=due)
        if changed is not None:
            return changed
        found = await imports.find(current["tenantId"], current["_id"])
        assert found is not None, "imports are never deleted"
        current = found
    raise Conflict("the import is changing too fast: try again", code="VERSION_CONFLICT")


def wrong_state(document: Mapping[str, Any]) -> Conflict:
    """What to answer when an import is not in a state for this."""
    state = document["state"]
    return Conflict(f"the import is {state.replace('_', ' ')}", code="IMPORT_STATE", details={"state": state})


# ---- how an import begins -----------------------------------------------------------------------------------


def _bring(document: Document, sha256: str, again: bool) -> None:
    if not again:
        document["fileKey"] = file_key(document, sha256)


def file_key(document: Mapping[str, Any], sha256: str) -> str:
    """By what a file is known again: the same bytes, read the same way, for the same store."""
    return f"{document['storeId']}:{document['profile']['name']}:{sha256}"


async def _refuse_twice(deps: Deps, document: Document) -> None:
    if "fileKey" in document:
        holder = await deps.imports.holder(document["tenantId"], document["fileKey"])
        if holder is not None and holder["_id"] != document["_id"]:
            raise _duplicate(holder)


def _duplicate(holder: Mapping[str, Any]) -> Conflict:
    return Conflict(
        "this very file was brought before; say again=true to import it once more",
        code="DUPLICATE_FILE",
        details={"importId": holder["_id"], "state": holder["state"]},
    )


async def _begin(deps: Deps, document: Document) -> Document:
    """Keep a new import; one that was begun by the same request before is taken as it is."""
    there = await deps.imports.insert(document)
    if there is None:
        return document
    if there.get("_id") != document["_id"]:
        raise _duplicate(there)
    return there


async def _arrived(deps: Deps, group: Sequence[Document], stored: blobs.Stored, **found: Any) -> list[Document]:
    result = []
    for document in group:
        if states.may_follow(document["state"], states.STAGING) and document["state"] != states.STAGED:
            source = {**document["source"], **found, **_source(stored)}
            document = await _to_staging(deps, document, source, stored.sha256)
            if document["state"] == states.STAGING:
                await _enqueue_stage(deps, document)
        result.append(document)
    return result


async def _to_staging(deps: Deps, document: Document, source: Document, sha256: str) -> Document:
    # Why it could not be fetched before is of no interest any more.
    fresh: Document = {"source": source, "error": None, "work.until": None, "work.owner": None, "work.attempts": 0}
    if sha256 and not document["again"]:
        holder = await recognise(deps.imports, document, sha256)
        if holder is not None:
            return await end_as_duplicate(deps.imports, document, holder)
    return await move(deps.imports, document, states.STAGING, lambda _: fresh, due=clock.now() + SOON, quietly=True)


async def recognise(imports: Imports, document: Document, sha256: str) -> Document | None:
    """Make the file this import's own; or the import that has it already."""
    key = file_key(document, sha256)
    holder = await imports.holder(document["tenantId"], key)
    if holder is None and not await imports.own(document, key):
        holder = await imports.holder(document["tenantId"], key)
    return holder if holder is not None and holder["_id"] != document["_id"] else None


async def end_as_duplicate(imports: Imports, document: Document, holder: Mapping[str, Any]) -> Document:
    """This very file was brought before."""

    def ended(_: Document) -> dict[str, Any]:
        return {"duplicateOf": holder["_id"], "error": None, "finishedAt": clock.now(), "work.until": None}

    return await move(imports, document, states.DUPLICATE, ended, quietly=True)


async def _enqueue_stage(deps: Deps, document: Document) -> None:
    if document["state"] == states.STAGING:
        await deps.enqueue("stage", {"tenantId": document["tenantId"], "importId": document["_id"]})


def _source(stored: blobs.Stored) -> Document:
    return {
        "object": stored.object,
        "size": stored.size,
        "sha256": stored.sha256,
        "media": stored.media,
        "generation": stored.generation,
    }
