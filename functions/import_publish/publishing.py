"""Publishing: an approved import, chunk by chunk, five at a time. Every step may run twice, and two at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.common import clock, failpoints, log, metrics, mongo
from functions.common.errors import AlreadyDone, Retryable
from functions.common.moments import in_millis
from functions.common.mongo import Document
from functions.import_publish import applying, core, failing, gently
from functions.import_publish.domain import failures, plan, states
from functions.import_publish.failures_repository import Failures
from functions.import_publish.lifecycle import LATER
from functions.import_publish.published_chunk import Chunk
from functions.import_publish.publishing_repository import FIRST_EXTRA, KEPT_FOR, PUBLISH, Progress, Staged

MOST_ATTEMPTS = 10
"""How often a chunk is tried that fails by itself, not because a server is away."""
AT_ONCE = 5
"""So many tasks are made at once: no more of them than the queue lets be under way."""
_ROUNDS = 8

_rows = metrics.Counter("import_rows", "Rows of imports by what became of them.", ("outcome",))


@dataclass(frozen=True, slots=True)
class Deps:
    """What publishing works with."""

    core: core.Deps
    applying: applying.Deps
    staged: Staged
    progress: Progress
    failures: Failures


# ---- the import as a whole ----------------------------------------------------------------------------------


async def start(deps: Deps, tenant_id: str, import_id: str) -> None:
    """Have every chunk published that is not yet; with none left, close. Raises AlreadyDone when it is over."""
    document = await publishing(deps, tenant_id, import_id)
    await deps.progress.begin(document, clock.now())
    left, retries = await deps.staged.left(document), await deps.failures.pending(document)
    asked = document.get("retry")
    body = {"tenantId": tenant_id, "importId": import_id}
    tasks = [{**body, "n": n} for n in left] + [{**body, "retry": n} for n in retries]
    if asked is not None and not asked["marked"]:
        tasks.append({**body, "retries": asked["id"]})
    if not tasks:
        await close(deps, tenant_id, import_id)
        return
    await enqueue_all(deps.core, "publish", tasks, gently.pace_of(document))
    log.info("import.publishing", importId=import_id, chunks=len(left), retries=len(retries))


async def enqueue_all(to: core.Deps, queue: str, tasks: Sequence[dict[str, Any]], pace: gently.Pace) -> None:
    """Have every task done, in this order."""
    async for some in gently.Gait(gently.Pace(AT_ONCE, pace.pause)).slices(tasks):
        await asyncio.gather(*(to.enqueue(queue, task) for task in some))


async def close(deps: Deps, tenant_id: str, import_id: str) -> None:
    """Every chunk has its end: say what became of the import. Whoever comes second changes nothing."""
    for _ in range(_ROUNDS):
        document = await deps.core.imports.find(tenant_id, import_id)
        if document is None or document["state"] != states.PUBLISHING or await _is_retried(deps, document):
            return
        if document["corrects"]:
            # First: once this import is closed nobody comes back to it.
            await failing.close_corrected(deps.core.imports, deps.failures, document)
        changed = await _close(deps, document)
        if changed is not None:
            log.info("import.closed", importId=import_id, state=changed["state"], **changed["result"])
            if document["result"] is None:
                for outcome in plan.OUTCOMES:
                    _rows.inc(outcome, amount=changed["result"][outcome])
                failing.call_somebody(changed)
            return
    raise Retryable("the import is changed all the time")


async def _is_retried(deps: Deps, document: Document) -> bool:
    """Whether something is to be tried again that has not its end yet, or is not even marked."""
    asked = document.get("retry")
    return (asked is not None and not asked["marked"]) or bool(await deps.failures.pending(document))


async def _close(deps: Deps, document: Document) -> Document | None:
    result = document["result"]
    if result is None:
        # What was counted on the way is exact when no chunk is missing; the counts of a killed worker are.
        done = document.get("published") or {}
        found = done if done.get("chunks") == document["chunks"] else await deps.staged.sums(document)
        result = {name: found.get(name, 0) for name in ("rows", *plan.OUTCOMES, "staleFields")}
    counts = await deps.failures.counts(document)
    left = sum(counts.values()) - counts[failures.RESOLVED]
    return await deps.core.imports.change(
        document,
        {"result": result, "failures": counts, "finishedAt": clock.now()},
        state=states.PARTLY_PUBLISHED if left else states.PUBLISHED,
    )


async def publishing(deps: Deps, tenant_id: str, import_id: str) -> Document:
    """The import, while it is being published. Raises AlreadyDone when it is not."""
    document = await deps.core.imports.find(tenant_id, import_id)
    if document is None or document["state"] != states.PUBLISHING:
        raise AlreadyDone
    return document


# ---- one chunk ----------------------------------------------------------------------------------------------


async def publish_chunk(deps: Deps, tenant_id: str, import_id: str, n: int, *, again: bool = False) -> None:
    """Publish the rows of a chunk, each once, however often this is called. `again`: it was called before.

    Raises AlreadyDone when there is nothing to do any more, Retryable when a server is away.
    """
    document = await publishing(deps, tenant_id, import_id)
    chunk = await deps.staged.begin(document, n, again=again)
    if chunk is None:
        raise AlreadyDone
    try:
        async with gently.turn(gently.pace_of(document)) as gait:
            await _publish(deps, document, chunk, gait)
    except Exception as error:
        if again and is_systemic(error):
            await deps.staged.give_back(chunk)
        if is_systemic(error):
            raise Retryable(f"a server is away ({type(error).__name__})") from error
        log.error("import.chunk_failed", error, importId=import_id, chunk=n, attempts=chunk["attempts"])
        raise


async def _publish(deps: Deps, document: Document, chunk: Document, gait: gently.Gait) -> None:
    made = await deps.applying.plans.find(document["tenantId"], chunk["_id"])
    work = Chunk(document, chunk, made or _empty(document, chunk), gait)
    hopeless = chunk["attempts"] > MOST_ATTEMPTS
    if made is None:
        await _plan(deps, document, work, hopeless=hopeless)
        await failpoints.hit("import.after_plan_before_bulk")
    if hopeless:
        await applying.give_up_the_rest(deps.applying, work)
    else:
        await applying.carry_out(deps.applying, work)
    await failpoints.hit("import.after_bulk_before_progress")
    if chunk["attempts"] <= 2 * MOST_ATTEMPTS:
        await applying.tell(deps.applying, work)
    await failpoints.hit("import.after_publish_before_done")
    await _finish(deps, document, chunk, work)


def _empty(document: Document, chunk: Document) -> Document:
    now, approval = in_millis(clock.now()), document["approval"] or {}
    return {
        "_id": chunk["_id"],
        "tenantId": document["tenantId"],
        "storeId": document["storeId"],
        "importId": document["_id"],
        "n": chunk["n"],
        "kind": PUBLISH,
        "op": f"{document['_id']}:{chunk['n']}",
        "by": chunk.get("by") or approval.get("by") or document["createdBy"],
        "role": chunk.get("role") or approval.get("role") or "brand_manager",
        "at": now,
        "attempt": 0,
        "rows": [],
        "failed": [],
        "stale": [],
        "rest": {},
        "result": None,
        "expireAt": now + KEPT_FOR,
    }


async def _plan(deps: Deps, document: Document, work: Chunk, *, hopeless: bool) -> None:
    """Decide every row by what is live, and keep that before anything is done."""
    work.held_back()
    places = plan.to_publish(work.rows, work.confirmed)
    if hopeless:
        for place in places.values():
            work.give_up(place, "PUBLISH_FAILED")
    elif places:
        await _decide(deps, work, places)
    await applying.begin(deps.applying, work)


async def _decide(deps: Deps, work: Chunk, places: Mapping[str, int]) -> None:
    context, products = work.context, deps.applying.products
    scope = (context.tenant_id, context.store_id)
    born = [barcode for barcode, place in places.items() if work.rows[place]["a"] in ("create", "return")]
    live, work.packs = await asyncio.gather(products.find(*scope, places), products.packs(*scope, born))
    moves = await applying.movements(deps.applying, work, live, places)
    for barcode, place in places.items():
        work.decide(place, live.get(barcode), moves.get(barcode))


async def _finish(deps: Deps, document: Document, chunk: Document, work: Chunk) -> None:
    """Everything is done and told: note what failed, and that the chunk is over. Only the first one counts it."""
    result, items = work.result(), work.failed()
    if chunk["n"] >= FIRST_EXTRA:
        await failing.settle(deps.failures, document, chunk, items)
    elif items:
        await failing.keep(deps.failures, document, chunk["n"], list(items.values()))
    if document["corrects"]:
        await failing.correct(deps.failures, document, work.published())
    await deps.applying.plans.finish(work.plan, result)
    state = "failed" if len(items) == len(work.rows) else "published"
    counted: Document | None = document
    if await deps.staged.finish(chunk, state, result):
        await failpoints.hit("import.after_done_before_counted")
        counted = await deps.progress.add(document, result, clock.now() + LATER)
    done = (counted or {}).get("published") or {}
    if done.get("chunks", 0) >= document["chunks"] and not await deps.staged.left(document):
        await close(deps, document["tenantId"], document["_id"])


def is_systemic(error: Exception) -> bool:
    """Whether another chunk would fare no better: a server is away."""
    away = isinstance(error, Retryable | TimeoutError | OSError | failpoints.FailpointHit) or mongo.is_outage(error)
    named = type(error).__name__ == "WriteConcernError"
    return away or named or type(error).__module__.startswith(("google.api_core", "grpc"))
