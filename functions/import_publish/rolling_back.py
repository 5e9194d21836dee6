"""Rolling back: what an import changed goes back, chunk by chunk; what others changed since stays and is named."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from functions.common import clock, failpoints, log
from functions.common.errors import AlreadyDone, Conflict, Retryable
from functions.common.moments import in_millis
from functions.common.mongo import Document
from functions.common.product_edits import Editor
from functions.common.retail.stocktaking import Entry
from functions.import_publish import applying, gently, lifecycle
from functions.import_publish.chunks_repository import chunk_id
from functions.import_publish.domain import states, undo
from functions.import_publish.domain.plan import Context, Record
from functions.import_publish.gently import GENTLE, PACES, Gait
from functions.import_publish.lifecycle import LATER
from functions.import_publish.publishing import Deps, enqueue_all, is_systemic
from functions.import_publish.publishing_repository import KEPT_FOR, PUBLISH, ROLLBACK, UNDOABLE_FOR

COUNTS = ("restored", "withdrawn", "returned", "kept", "unchanged", "products")
"""What becomes of products: fields put back, taken off sale again, back on sale, left to others (in part or whole),
nothing to do; and all that the import had changed."""
PACE = PACES[GENTLE]
"""Whatever it was published at: what is taken back was on sale, and people may be shopping."""
_ENDS: Mapping[str, str] = {"updated": "restored", "deleted": "withdrawn", "revived": "returned"}


class Chunk:
    """What a chunk did, and the plan to take it back."""

    def __init__(self, document: Document, done: Sequence[Record], made: Document, gait: Gait) -> None:
        self._done = {record["row"]: record for record in done}
        self._decided: set[int] = set()
        self.plan = made
        self.gait = gait
        self.context = Context(
            tenant_id=document["tenantId"],
            store_id=document["storeId"],
            currency=document["currency"],
            import_id=document["_id"],
            op=made["op"],
            editor=Editor(made["by"], made["role"], document["_id"], made["op"], made["at"]),
            stated_at=0,
            confirmed=frozenset(),
        )
        self._mark_decided()

    def row(self, record: Record) -> None:
        """There is no row of a file behind it."""
        return

    def adopt(self, made: Document) -> None:
        """Go by another worker's plan, which came first."""
        self.plan = made
        self.context = self.context._replace(
            editor=Editor(made["by"], made["role"], self.context.import_id, made["op"], made["at"])
        )
        self._mark_decided()

    def counted_at(self, place: int, live: Mapping[str, Any] | None) -> int | None:
        """See `undo.counted_at`."""
        return undo.counted_at(self._done[place], live)

    def decide(self, place: int, live: Mapping[str, Any] | None, moves: Sequence[Entry] | None) -> None:
        """Plan what becomes of a product, in the place of what was planned before."""
        self._clear(place)
        barcode = self._done[place]["barcode"]
        undone = undo.decide(self._done[place], live, self.context, moves)
        self.plan["kept"] += [
            {"row": place, "barcode": barcode, "field": field, "imported": imported, "now": now}
            for field, imported, now in undone.kept
        ]
        if undone.record is not None:
            self.plan["rows"].append({**undone.record, "try": self.plan["attempt"] + 1})

    def give_up(self, place: int, code: str) -> None:
        """The product stays as it is."""
        self._clear(place)
        kept = {"row": place, "barcode": self._done[place]["barcode"], "field": "", "imported": None, "now": None}
        self.plan["kept"].append({**kept, "code": code})

    def _clear(self, place: int) -> None:
        if place in self._decided:
            for name in ("rows", "kept"):
                self.plan[name] = [each for each in self.plan[name] if each["row"] != place]
        self._decided.add(place)

    def _mark_decided(self) -> None:
        self._decided = {each["row"] for name in ("rows", "kept") for each in self.plan[name]}

    def places(self) -> dict[str, int]:
        """barcode -> place of every product that the import changed."""
        return {record["barcode"]: place for place, record in self._done.items()}

    def result(self) -> dict[str, int]:
        """How many products came to which end."""
        result = dict.fromkeys(COUNTS, 0)
        for record in self.plan["rows"]:
            result[_ENDS[record["action"]]] += 1
        kept = {each["row"] for each in self.plan["kept"]}
        back = {record["row"] for record in self.plan["rows"]}
        result |= {"kept": len(kept), "unchanged": len(self._done) - len(kept | back), "products": len(self._done)}
        return result


# ---- the import as a whole ----------------------------------------------------------------------------------


async def request(deps: Deps, document: Document, by: str, role: str) -> Document:
    """Take back everything an import did. Saying it twice changes nothing.

    Raises Conflict when the import is not published, or was published too long ago.
    """
    if document["state"] in (states.ROLLING_BACK, states.ROLLED_BACK):
        return document
    now = clock.now()
    started = (document.get("published") or {}).get("startedAt")
    if started is not None and now > started + UNDOABLE_FOR:
        raise Conflict("an import can be rolled back for 30 days", code="TOO_LATE_TO_ROLL_BACK")
    fresh = {"rollback": {"by": by, "role": role, "at": now, "chunks": 0, "result": None}}
    changed = await lifecycle.move(
        deps.core.imports, document, states.ROLLING_BACK, lambda _: fresh, due=clock.now() + LATER
    )
    await deps.core.enqueue("rollback", {"tenantId": changed["tenantId"], "importId": changed["_id"]})
    log.info("import.rolling_back", importId=changed["_id"], by=by)
    return changed


async def start(deps: Deps, tenant_id: str, import_id: str) -> None:
    """Have every chunk taken back that is not yet; with none left, close. Raises AlreadyDone when it is over."""
    document = await _rolling_back(deps, tenant_id, import_id)
    plans = deps.applying.plans
    published, done = await asyncio.gather(
        plans.numbers(document, PUBLISH), plans.numbers(document, ROLLBACK, finished=True)
    )
    left = sorted(set(published) - {-1 - n for n in done})
    if not left:
        await close(deps, tenant_id, import_id)
        return
    await deps.progress.expect(document, len(published))
    tasks = [{"tenantId": tenant_id, "importId": import_id, "n": n} for n in left]
    await enqueue_all(deps.core, "rollback", tasks, PACE)


async def close(deps: Deps, tenant_id: str, import_id: str) -> None:
    """Every chunk is taken back: say what came of it. Whoever comes second changes nothing."""
    document = await deps.core.imports.find(tenant_id, import_id)
    if document is None or document["state"] != states.ROLLING_BACK:
        return
    sums = await deps.applying.plans.sums(document, ROLLBACK)
    result = {name: sums.get(name, 0) for name in COUNTS}

    def ended(current: Document) -> dict[str, Any]:
        return {"rollback": {**current["rollback"], "result": result, "finishedAt": clock.now()}}

    await lifecycle.move(deps.core.imports, document, states.ROLLED_BACK, ended, quietly=True)
    log.info("import.rolled_back", importId=import_id, **result)


async def _rolling_back(deps: Deps, tenant_id: str, import_id: str) -> Document:
    document = await deps.core.imports.find(tenant_id, import_id)
    if document is None or document["state"] != states.ROLLING_BACK:
        raise AlreadyDone
    return document


# ---- one chunk ----------------------------------------------------------------------------------------------


async def roll_back_chunk(deps: Deps, tenant_id: str, import_id: str, n: int) -> None:
    """Take back what a chunk did, once, however often this is called.

    Raises AlreadyDone when there is nothing to do any more, Retryable when a server is away.
    """
    document = await _rolling_back(deps, tenant_id, import_id)
    done = await deps.applying.plans.find(tenant_id, chunk_id(import_id, n))
    if done is None:
        raise AlreadyDone
    try:
        async with gently.turn(PACE) as gait:
            await _roll_back(deps, document, done, gait)
    except Exception as error:
        if is_systemic(error):
            raise Retryable(f"a server is away ({type(error).__name__})") from error
        log.error("import.rollback_failed", error, importId=import_id, chunk=n)
        raise


async def _roll_back(deps: Deps, document: Document, done: Document, gait: Gait) -> None:
    plan_id = f"{done['_id']}:back"
    made = await deps.applying.plans.find(document["tenantId"], plan_id)
    work = Chunk(document, done["rows"], made or _empty(document, done, plan_id), gait)
    if made is None:
        await _plan(deps, work)
        await failpoints.hit("import.after_plan_before_bulk")
    await applying.carry_out(deps.applying, work)
    await failpoints.hit("import.after_bulk_before_progress")
    await applying.tell(deps.applying, work)
    await failpoints.hit("import.after_publish_before_done")
    if await deps.applying.plans.finish(work.plan, work.result()):
        current = await deps.progress.add_undone(document, clock.now() + LATER)
        rollback = (current or document)["rollback"]
        if rollback["done"] >= rollback["chunks"]:
            await close(deps, document["tenantId"], document["_id"])


async def _plan(deps: Deps, work: Chunk) -> None:
    """Decide every product by what is live, and keep that before anything is done."""
    places = work.places()
    if places:
        scope = (work.context.tenant_id, work.context.store_id)
        live = await deps.applying.products.find(*scope, places)
        moves = await applying.movements(deps.applying, work, live, places)
        for barcode, place in places.items():
            work.decide(place, live.get(barcode), moves.get(barcode))
    await applying.begin(deps.applying, work)


def _empty(document: Document, done: Document, plan_id: str) -> Document:
    now, asked = in_millis(clock.now()), document["rollback"]
    return {
        "_id": plan_id,
        "tenantId": document["tenantId"],
        "storeId": document["storeId"],
        "importId": document["_id"],
        # Plans of one import have numbers of their own: those that publish from 0 up, those that undo from -1 down.
        "n": -1 - done["n"],
        "kind": ROLLBACK,
        "op": f"{document['_id']}:{done['n']}:back",
        "by": asked["by"],
        "role": asked["role"],
        "at": now,
        "attempt": 0,
        "rows": [],
        "kept": [],
        "result": None,
        "expireAt": now + KEPT_FOR,
    }
