"""Trying again what was not published: a whole batch, or one row, perhaps put right. It becomes a chunk of its own."""

from __future__ import annotations

import uuid
from array import array
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from functions.common import clock, log
from functions.common.errors import AlreadyDone, Conflict, Forbidden, Malformed, NotFound
from functions.common.mongo import Document
from functions.import_publish import deciding, failing, publishing
from functions.import_publish.chunks_repository import ROWS, chunk_id
from functions.import_publish.domain import failures, states
from functions.import_publish.domain.codes import Unusable
from functions.import_publish.domain.duplicates import NO_KEY, pack
from functions.import_publish.domain.failures import FAILED, PENDING, RETRIED, Item
from functions.import_publish.domain.rows import Row
from functions.import_publish.domain.staged import StagedRow, faults_of, settle, tally
from functions.import_publish.judging import Judge
from functions.import_publish.lifecycle import LATER, wrong_state
from functions.import_publish.publishing import Deps
from functions.import_publish.reading import Terms
from functions.import_publish.rejudging import mark_duplicate, rejudged

_ROUNDS = 8
_OPEN = (FAILED, RETRIED)
_DUPLICATE = "DUPLICATE_IN_FILE"
_KEPT = timedelta(days=7)


# ---- asking for it ------------------------------------------------------------------------------------------


async def request_batch(deps: Deps, document: Document, by: str, role: str, confirm: Sequence[str]) -> dict[str, int]:
    """Try everything again that failed of an import; returns how many rows have which status now.

    Raises Conflict when nothing failed, or the import is not one that was published, Forbidden when the rules want a
    second person to confirm.
    """
    _check_person(document, by, {}, confirm)
    counts = await deps.failures.counts(document)
    if not counts[FAILED] + counts[RETRIED]:
        if counts[PENDING]:
            if document["state"] != states.PUBLISHING:
                # Whoever marked them died before the import was told.
                document = await _publish_again(deps, document, {})
                await deps.core.enqueue("publish", _task(document))
            return counts
        raise Conflict("nothing of this import is left to try again", code="NOTHING_TO_RETRY")
    if not _is_under_way(document):
        asked = {"id": uuid.uuid4().hex, "by": by, "role": role, "confirm": sorted(set(confirm)), "marked": False}
        document = await _publish_again(deps, document, {"retry": asked})
    await deps.core.enqueue("publish", _task(document, retries=document["retry"]["id"]))
    log.info("import.retry", importId=document["_id"], by=by, rows=counts[FAILED] + counts[RETRIED])
    left = counts[FAILED] + counts[RETRIED]
    return {**counts, PENDING: counts[PENDING] + left, FAILED: 0, RETRIED: 0}


async def request_row(
    deps: Deps,
    document: Document,
    line: int,
    by: str,
    role: str,
    *,
    values: Mapping[str, str | None],
    confirm: Sequence[str],
) -> Item:
    """Try one row again, put right by `values` (by field or column). Returns its item; asking twice is asking once.

    Raises NotFound when the line did not fail, Malformed for names that are neither field nor column, Conflict when
    the import is not one that was published, or the row is resolved, or is to be put right while it is being tried;
    Forbidden when the rules want a second person.
    """
    _demand_published(document)
    _check_person(document, by, values, confirm)
    for _ in range(_ROUNDS):
        kept = await deps.failures.with_line(document, line)
        place = next((at for at, each in enumerate(kept["items"]) if each["line"] == line), None) if kept else None
        if kept is None or place is None:
            raise NotFound("this line did not fail", code="FAILURE_NOT_FOUND")
        item = kept["items"][place]
        if item["status"] == failures.RESOLVED:
            raise Conflict("this row was published since", code="ALREADY_RESOLVED")
        if item["status"] == PENDING and not _asked_for(document, item, values, confirm):
            raise Conflict("this row is being tried: wait for how that ends", code="BEING_RETRIED", retry_after=2)
        if item["status"] != PENDING:
            if values:
                item |= corrected(document, item, values)
            number = await deps.progress.extra(document)
            _mark(item, number, uuid.uuid4().hex)
            item["alone"] = {"by": by, "role": role, "confirm": sorted(set(confirm))}
            failing.touch(kept)
            if not await deps.failures.replace(kept):
                continue
        document = await _publish_again(deps, document, {})
        await deps.core.enqueue("publish", _task(document, retry=kept["n"]))
        return dict(item)
    raise Conflict("these failures are changed all the time: try again", code="VERSION_CONFLICT")


def corrected(document: Document, item: Item, values: Mapping[str, str | None]) -> dict[str, Any]:
    """What a correction changes in an item. Raises Malformed."""
    source = document["source"]
    mapper = Terms.of(document).mapper(source.get("columns", []), source.get("format", "csv"))
    row = Row(item["line"], item["barcode"], item["values"], faults_of({"e": item["faults"]}), item.get("raw", []))
    try:
        row = mapper.correct(row, values)
    except Unusable as problem:
        details = [{"field": name, "code": problem.code, "message": what} for name, what in problem.problems]
        raise Malformed("the row cannot be corrected so", code=problem.code, details=details) from problem
    fresh = {"barcode": row.barcode, "values": row.values, "faults": [list(fault) for fault in row.faults]}
    return fresh | ({"raw": row.raw} if row.raw else {})


def _mark(item: Item, number: int, asked: str) -> None:
    item |= {"status": PENDING, "retry": number, "asked": asked, "attempts": item["attempts"] + 1}
    item.pop("alone", None)


def _asked_for(document: Document, item: Item, values: Mapping[str, str | None], confirm: Sequence[str]) -> bool:
    """Whether a row is being tried already just as it is asked for."""
    fresh = corrected(document, item, values) if values else {}
    confirmed = item.get("alone", {}).get("confirm", [])
    return (not confirm or sorted(set(confirm)) == confirmed) and all(item.get(key) == fresh[key] for key in fresh)


def _check_person(document: Document, by: str, values: Mapping[str, str | None], confirm: Sequence[str]) -> None:
    """What nobody else has seen is not published when the rules want a second person."""
    if values and document["rules"]["twoPersonApproval"]:
        raise Forbidden(
            "somebody else must approve other values: bring them as a file that corrects this import",
            code="SECOND_PERSON_NEEDED",
        )
    if confirm:
        deciding.check_person(document, by)


def _is_under_way(document: Document) -> bool:
    asked = document.get("retry")
    return document["state"] == states.PUBLISHING and asked is not None and not asked["marked"]


def _demand_published(document: Document) -> None:
    done = document["state"] in (states.PUBLISHED, states.PARTLY_PUBLISHED)
    if not done and not (document["state"] == states.PUBLISHING and document["result"] is not None):
        raise wrong_state(document)


async def _publish_again(deps: Deps, document: Document, fresh: Mapping[str, Any]) -> Document:
    """Have the import publish once more. Also if it is at it: then whoever is about to close it must look again."""
    for _ in range(_ROUNDS):
        _demand_published(document)
        state = None if document["state"] == states.PUBLISHING else states.PUBLISHING
        changed = await deps.core.imports.change(document, fresh, state=state, due=clock.now() + LATER)
        if changed is not None:
            return changed
        document = await deps.core.imports.find(document["tenantId"], document["_id"]) or document
    raise Conflict("the import is changing too fast: try again", code="VERSION_CONFLICT")


def _task(document: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"tenantId": document["tenantId"], "importId": document["_id"], **more}


# ---- doing it -----------------------------------------------------------------------------------------------


async def mark_all(deps: Deps, tenant_id: str, import_id: str, asked: str) -> None:
    """Mark everything that is to be tried again, and have each chunk of it tried. Safe to repeat."""
    document = await publishing.publishing(deps, tenant_id, import_id)
    if (document.get("retry") or {}).get("id") != asked:
        raise AlreadyDone
    async for found in deps.failures.open(document):
        await _mark_some(deps, document, found["n"], asked)
        await deps.core.enqueue("publish", _task(document, retry=found["n"]))
    await deps.progress.marked(document, asked)
    await publishing.close(deps, tenant_id, import_id)


async def _mark_some(deps: Deps, document: Document, n: int, asked: str) -> None:
    number: int | None = None
    for _ in range(_ROUNDS):
        kept = await deps.failures.find(document, n)
        again = [
            each for each in (kept or {}).get("items", ()) if each["status"] in _OPEN and each.get("asked") != asked
        ]
        if kept is None or not again:
            return
        if number is None:
            number = await deps.progress.extra(document)
        for item in again:
            _mark(item, number, asked)
        failing.touch(kept)
        if await deps.failures.replace(kept):
            return
    raise Conflict("these failures are changed all the time")


async def try_again(deps: Deps, tenant_id: str, import_id: str, n: int, *, again: bool) -> None:
    """Publish what is pending of a chunk, as chunks of its own. Safe to repeat."""
    document = await publishing.publishing(deps, tenant_id, import_id)
    kept = await deps.failures.find(document, n)
    numbers = {each["retry"] for each in (kept or {}).get("items", ()) if each["status"] == PENDING}
    for number in sorted(numbers):
        if not await deps.staged.exists(document, number):
            await deps.staged.add(await _chunk(deps, document, kept or {}, number))
        try:
            await publishing.publish_chunk(deps, tenant_id, import_id, number, again=again)
        except AlreadyDone:
            continue
    if not numbers:
        await publishing.close(deps, tenant_id, import_id)


async def _chunk(deps: Deps, document: Document, kept: Document, number: int) -> Document:
    """The rows that are tried again together, judged by what is live now."""
    origins = [at for at, each in enumerate(kept["items"]) if each["status"] == PENDING and each.get("retry") == number]
    items = [kept["items"][at] for at in origins]
    alone = next((each["alone"] for each in items if "alone" in each), None)
    asked = alone or document.get("retry") or {}
    rows = await _judged(deps, document, items, chosen=alone is not None)
    counts, now = tally(rows), clock.now()
    return {
        "_id": chunk_id(document["_id"], number),
        "tenantId": document["tenantId"],
        "storeId": document["storeId"],
        "importId": document["_id"],
        "n": number,
        "kind": ROWS,
        # Not by these lines the rows of the file are found.
        "first": -1,
        "last": -1,
        "of": kept["n"],
        "origins": origins,
        "keys": array("Q", (pack(row["b"]) if row["b"] else NO_KEY for row in rows)).tobytes(),
        "counts": counts.counts,
        "codes": counts.codes,
        "confirms": counts.confirms,
        "confirmed": asked.get("confirm", []),
        "by": asked.get("by"),
        "role": asked.get("role"),
        "rows": rows,
        "state": "staged",
        "attempts": 0,
        "result": None,
        "fence": document["work"]["fence"],
        "ver": 1,
        "expireAt": now + _KEPT,
    }


async def _judged(deps: Deps, document: Document, items: Sequence[Item], *, chosen: bool) -> list[StagedRow]:
    terms = Terms.of(document)
    judge = await Judge(deps.core.live, document, terms).prepare()
    wanted: list[StagedRow] = []
    for item in items:
        row: StagedRow = {"r": item["line"], "b": item["barcode"], "v": dict(item["values"]), "e": item["faults"]}
        if "raw" in item:
            row["raw"] = item["raw"]
        wanted.append(row)
    named = [row for row, item in zip(wanted, items, strict=True) if "action" not in item]
    judged = iter(await rejudged(judge, terms, named))
    rows = [_withdrawn(row) if "action" in item else next(judged) for row, item in zip(wanted, items, strict=True)]
    _keep_duplicates_apart(rows, items, chosen=chosen)
    for row, item in zip(rows, items, strict=True):
        if "raw" in item:
            row["raw"] = item["raw"]
    return rows


def _withdrawn(row: StagedRow) -> StagedRow:
    fresh = {"r": row["r"], "b": row["b"], "v": {}, "a": "withdraw", "d": [["status", "active", "deleted"]]}
    settle(fresh, [])
    return fresh


def _keep_duplicates_apart(rows: Sequence[StagedRow], items: Sequence[Item], *, chosen: bool) -> None:
    """Which of several rows with one barcode is right only a person knows: a row that was asked for by its line is.

    In a whole batch those that stood twice in the file fail again, and so do those that do so by now.
    """
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if row["b"] is not None:
            places.setdefault(row["b"], []).append(place)
    for place, (row, item) in enumerate(zip(rows, items, strict=True)):
        others = [rows[at]["r"] for at in places.get(row["b"] or "", ()) if at != place]
        if others:
            mark_duplicate(row, others)
        elif not chosen:
            stood = [fault for fault in faults_of({"e": item["faults"]}) if fault.code == _DUPLICATE]
            if stood:
                settle(row, [*faults_of(row), *stood])
