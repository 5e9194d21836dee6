"""Carrying out a plan: write, look at what was lost to others, decide that again, until every product has its end.

In which order, and why a worker killed anywhere loses nothing: the plan is stored first. Each product is written by
compare-and-set from just the version in its record, and remembers the name of the chunk; so whoever continues can tell
which writes were done, and does the others. Then come the audit log, the ledger, the cache and the events, all made of
the plan under ids of its own; only then is the chunk finished.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from functions.common import log, metrics, stock
from functions.common.contracts.envelope import Event, to_message
from functions.common.errors import Retryable
from functions.common.mongo import Document
from functions.common.pubsub import OutMessage
from functions.common.retail.stocktaking import Entry
from functions.import_publish.domain import telling
from functions.import_publish.domain.plan import Context, Record, effect
from functions.import_publish.gently import Gait
from functions.import_publish.publishing_repository import Plans, Products, Writes

ROUNDS, MOST_ROUNDS = 5, 8
"""How often a product that others keep writing is decided again, and when a worker lets another one try."""
Key = tuple[str, str]

_lost = metrics.Counter("import_writes_lost", "Compare-and-sets lost to another writer, and decided again.").labels()


class Cache(Protocol):
    """The product cache, as a writer sees it."""

    async def supersede(self, store_id: str, versions: Iterable[tuple[str, int]]) -> list[str]: ...
    async def write_documents(self, docs: Iterable[Mapping[str, Any]], *, units: bool = False) -> int: ...


@dataclass(frozen=True, slots=True)
class Deps:
    """What carrying out a plan needs."""

    products: Products
    plans: Plans
    cache: Cache
    movements: Callable[[str, Mapping[Key, int]], Awaitable[Mapping[Key, list[Entry]]]]
    add_counts: Callable[[Sequence[Mapping[str, Any]]], Awaitable[None]]
    publish: Callable[[Sequence[OutMessage]], Awaitable[Any]]


class Work(Protocol):
    """A plan with what it takes to decide a part of it again."""

    plan: Document
    context: Context
    gait: Gait

    def row(self, record: Record) -> Mapping[str, Any] | None:
        """The row a record was made of, when there is one."""

    def counted_at(self, place: int, live: Mapping[str, Any] | None) -> int | None:
        """The time of the count when the ledger is needed to decide this place."""

    def decide(self, place: int, live: Mapping[str, Any] | None, moves: Sequence[Entry] | None) -> None:
        """Decide a place (again), and note in the plan what becomes of it."""

    def give_up(self, place: int, code: str) -> None:
        """Note that a place has failed."""

    def adopt(self, made: Document) -> None:
        """Go by another worker's plan, which came first. What is decided here belongs to the attempt after it."""


async def movements(
    deps: Deps, work: Work, live: Mapping[str, Mapping[str, Any]], places: Mapping[str, int]
) -> dict[str, list[Entry]]:
    """The stock movements that deciding these places (by barcode) needs, by barcode."""
    store_id = work.context.store_id
    since = {}
    for barcode, place in places.items():
        at = work.counted_at(place, live.get(barcode))
        if at is not None:
            since[store_id, barcode] = at
    if not since:
        return {}
    found = await deps.movements(work.context.tenant_id, since)
    return {barcode: entries for (_, barcode), entries in found.items()}


async def carry_out(deps: Deps, work: Work) -> None:
    """Write until every record of the plan is true, or given up. Raises what the database raises; safe to repeat.

    Raises Retryable when others write all the time in places that cannot be given up yet.
    """
    done: set[tuple[int, int]] = set()
    refused: set[tuple[int, int]] = set()
    for attempt in range(MOST_ROUNDS):
        waiting = [each for each in work.plan["rows"] if (each["row"], each["try"]) not in done]
        if not waiting:
            return
        lost: dict[int, bool] = {}
        async for some in work.gait.slices(waiting):
            lost |= await deps.products.write(_writes(work, some))
        left = {each["row"]: each for each in waiting if each["row"] in lost}
        done |= {(each["row"], each["try"]) for each in waiting if each["row"] not in lost}
        if not left:
            return
        _lost.value += len(left)
        if await _look_again(deps, work, left, lost, done, refused, patient=attempt < ROUNDS):
            await _store(deps, work)
        await asyncio.sleep(random.uniform(0, 0.002 * 2**attempt))
    raise Retryable("these products are changing too fast")


async def give_up_the_rest(deps: Deps, work: Work) -> None:
    """Write nothing any more: what was written stays, all else has failed."""
    context, records = work.context, list(work.plan["rows"])
    live = await deps.products.find(context.tenant_id, context.store_id, [each["barcode"] for each in records])
    for record in records:
        if effect(record, live.get(record["barcode"]), context.op) != "done":
            work.give_up(record["row"], "PUBLISH_FAILED")
    work.plan["attempt"] += 1
    if not await deps.plans.replace(work.plan):
        raise Retryable("another worker is at it after all")


def _writes(work: Work, records: Iterable[Record]) -> Writes:
    from bson import ObjectId

    context, writes = work.context, Writes([], [])
    scope = {"tenantId": context.tenant_id, "storeId": context.store_id}
    for record in records:
        row = work.row(record)
        if record["was"]:
            query = {"_id": record["id"], **scope, "ver": record["was"]}
            writes.updates.append((record["row"], query, telling.update(record, context)))
        elif row is not None:
            document = telling.document(record, row, context)
            writes.inserts.append((record["row"], {"_id": ObjectId(), **document}))
    return writes


async def _look_again(
    deps: Deps,
    work: Work,
    left: Mapping[int, Record],
    lost: Mapping[int, bool],
    done: set[tuple[int, int]],
    refused: set[tuple[int, int]],
    *,
    patient: bool,
) -> bool:
    """Sort out what was not written; whether the plan has changed."""
    context = work.context
    barcodes = {record["barcode"]: place for place, record in left.items()}
    live = await deps.products.find(context.tenant_id, context.store_id, barcodes)
    moves = await movements(deps, work, live, barcodes)
    changed = False
    for place, record in left.items():
        product = live.get(record["barcode"])
        became = effect(record, product, context.op)
        if became == "done":
            done.add((place, record["try"]))
        elif became == "replaced":
            # Ours is an old plan; nothing of what was decided by it just now counts.
            await _adopt(deps, work)
            return False
        elif became == "lost" and patient:
            work.decide(place, product, moves.get(record["barcode"]))
            changed = True
        elif became == "lost":
            work.give_up(place, "CONCURRENT_EDIT")
            changed = True
        elif lost[place] and (place, record["was"]) in refused:
            # Nobody came first, and yet it was not written, twice: the database does not want it as it is.
            work.give_up(place, "PUBLISH_FAILED")
            changed = True
        elif lost[place]:
            refused.add((place, record["was"]))
    return changed


async def _store(deps: Deps, work: Work) -> None:
    """Keep the next attempt of the plan before anything of it is done; another worker's, if that was faster."""
    work.plan["attempt"] += 1
    if not await deps.plans.replace(work.plan):
        await _adopt(deps, work)


async def _adopt(deps: Deps, work: Work) -> None:
    found = await deps.plans.find(work.plan["tenantId"], work.plan["_id"])
    assert found is not None, "plans are kept for longer than chunks"
    work.adopt(found)


async def begin(deps: Deps, work: Work) -> None:
    """Keep a plan that was just made; another worker's, if that was faster."""
    work.plan["attempt"] += 1
    if not await deps.plans.insert(work.plan):
        await _adopt(deps, work)
    await work.gait.rest()


async def tell(deps: Deps, work: Work) -> None:
    """Tell the audit log, the ledger and the cache, and then the world. Whoever repeats it says the very same."""
    context, records = work.context, work.plan["rows"]
    if not records:
        return
    async for some in work.gait.slices(records):
        await asyncio.gather(
            deps.products.audit([telling.audit(record, work.row(record), context) for record in some]),
            deps.add_counts(_counts(context, some)),
            _tell_cache(deps, context, some),
        )
    messages = [
        to_message(Event(fact.id, *fact.kind, context.tenant_id, context.store_id, context.editor.now, fact.data))
        for fact in telling.facts(records, context)
    ]
    if messages:
        await deps.publish(messages)
    await work.gait.rest()


def _counts(context: Context, records: Iterable[Record]) -> list[Document]:
    scope = {"tenantId": context.tenant_id, "storeId": context.store_id}
    return [
        stock.count_entry(record["id"], scope, record["barcode"], record["after"]["stock"], context.editor.now)
        for record in telling.recounts(records)
    ]


async def _tell_cache(deps: Deps, context: Context, records: Sequence[Record]) -> None:
    """Void what the cache has of the products; write the new values of those that somebody scans, or that come back
    with packs whose barcodes nobody knows any more."""
    scanned = await deps.cache.supersede(context.store_id, telling.versions(records))
    back = [record["barcode"] for record in records if record["action"] == "revived"]
    wanted = {*scanned, *back}
    if not wanted:
        return
    try:
        found = await deps.products.find_cached(context.tenant_id, context.store_id, wanted)
        await deps.cache.write_documents(found, units=bool(back))
    except Exception as error:  # the old values are void already, which is what counts
        log.warning("import.cache_not_refreshed", error=type(error).__name__, products=len(wanted))
