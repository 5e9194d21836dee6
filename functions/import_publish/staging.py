"""The task that stages an import: read, judge against what is live, keep in chunks; then what shows only at the end.

Memory is flat: two parts of the file are in hand, three chunks on their way, and eight bytes a row for the barcodes.
A worker that is killed leaves whole chunks; the next one reads the file again and writes only those that are missing.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from functions.common import clock, failpoints, log
from functions.common.errors import AlreadyDone
from functions.common.mongo import Document
from functions.import_publish import deciding, lifecycle
from functions.import_publish.chunks_repository import ROWS, WITHDRAW, chunk_id
from functions.import_publish.core import Deps
from functions.import_publish.domain import states
from functions.import_publish.domain.codes import Unusable, storable
from functions.import_publish.domain.differences import withdrawal
from functions.import_publish.domain.duplicates import NO_KEY, find_duplicates, in_order, pack
from functions.import_publish.domain.rows import Row
from functions.import_publish.domain.rules import check_full, check_row, duplicate
from functions.import_publish.domain.staged import (
    StagedRow,
    Tally,
    faults_of,
    from_reading,
    settle,
    tally,
    total,
)
from functions.import_publish.formats import FileProblem
from functions.import_publish.judging import Judge
from functions.import_publish.reading import MOST_ROWS, Part, Reading, Terms
from functions.import_publish.repository import STAGED_FOR
from functions.import_publish.sources import blobs

MOST_RUNNING = 2
"""How many imports of one tenant are read at the same time."""
WAIT = timedelta(seconds=10)
LONGEST_SECONDS = 480.0
"""After this a task ends, and another goes on: Cloud Run would end it at ten minutes."""
_BEAT_SECONDS = 10.0
_AT_ONCE = 3
_FROM_CHUNKS = "chunks"
_DUPLICATE = "DUPLICATE_IN_FILE"

Work = Coroutine[Any, Any, None]


class _Lost(Exception):
    """Somebody else has the lease now, or the import was stopped."""


class _OutOfTime(Exception):
    """This task has run for long enough."""


async def stage(deps: Deps, tenant_id: str, import_id: str) -> None:
    """Stage an import, or go on where another worker stopped. Raises AlreadyDone when there is nothing to do."""
    now = clock.now()
    body = {"tenantId": tenant_id, "importId": import_id}
    if await deps.imports.working(tenant_id, now) >= MOST_RUNNING:
        await deps.enqueue("stage", body, at=now + WAIT)
        return
    document = await deps.imports.claim(tenant_id, import_id, {states.STAGING}, uuid.uuid4().hex, now)
    if document is None:
        raise AlreadyDone
    run = _Run(deps, document)
    try:
        await run.to_its_end()
    except _Lost:
        log.info("import.staging_stopped", importId=import_id)
    except _OutOfTime:
        await deps.imports.release(document, clock.now())
        await deps.enqueue("stage", body)
    except FileProblem as problem:
        await run.fail(problem.code, problem.message, problem.line)
    except Unusable as problem:
        await run.fail(problem.code, str(problem), None)
    except blobs.BlobMissing:
        await run.fail("FILE_GONE", "The file is not in the bucket any more: upload it again.", None)
    except Exception:
        # The next worker need not wait until the lease has run out.
        with contextlib.suppress(Exception):
            await deps.imports.release(document, clock.now())
        raise


class _Run:
    """One worker's go at one import."""

    def __init__(self, deps: Deps, document: Document) -> None:
        self._deps, self._doc = deps, document
        self._terms = Terms.of(document)
        self._judge = Judge(deps.live, document, self._terms)
        self._tallies: dict[int, Tally] = {}
        self._starts = array("I")
        self._keys, self._lines = array("Q"), array("I")
        self._excluded = array("I")
        self._reading: Reading | None = None
        self._lost = False
        self._ends = time.monotonic() + LONGEST_SECONDS
        self._began = clock.now()

    async def to_its_end(self) -> None:
        """Raises _Lost, _OutOfTime, FileProblem, Unusable, BlobMissing, and what the servers raise."""
        beating = asyncio.create_task(self._beat())
        try:
            if not self._doc["source"].get("sha256") and await self._is_known():
                return
            await self._judge.prepare()
            if self._doc.get("from") == _FROM_CHUNKS:
                await self._again()
            else:
                await self._from_file()
            await self._reject_duplicates()
            if self._doc["mode"] == "full":
                await self._withdraw()
            await self._finish()
        finally:
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating

    async def fail(self, code: str, message: str, line: int | None) -> None:
        """The file cannot be read (further). What was read before stays to be looked at."""
        totals = total(self._tallies.values())
        fresh = self._fresh(totals)
        await self._deps.imports.renew(self._doc, fresh, clock.now())
        await lifecycle.fail(self._deps, await self._current(), code, storable(message), line)

    # -- reading ----------------------------------------------------------------------------------------------

    async def _is_known(self) -> bool:
        """Compute the hash of what came through an upload URL; whether this very file was brought before."""
        source = self._doc["source"]
        stored = await self._deps.bucket.stat(source["object"])
        if stored is None:
            raise blobs.BlobMissing(source["object"])
        stored = await self._deps.bucket.digest(stored)
        if not self._doc["again"]:
            holder = await lifecycle.recognise(self._deps.imports, self._doc, stored.sha256)
            if holder is not None:
                await lifecycle.end_as_duplicate(self._deps.imports, await self._current(), holder)
                return True
        fresh = {"source.sha256": stored.sha256, "source.size": stored.size, "source.generation": stored.generation}
        await self._still_ours(fresh)
        source |= {"sha256": stored.sha256, "size": stored.size, "generation": stored.generation}
        return False

    async def _from_file(self) -> None:
        source, bucket = self._doc["source"], self._deps.bucket
        there = await self._deps.chunks.adopt(self._doc)
        self._reading = Reading(lambda: bucket.open(source["object"], source.get("generation")), source, self._terms)
        async with _few(_AT_ONCE) as start:
            async for part in _ahead(bucket, self._reading.parts()):
                self._take(part.keys, part.lines)
                if part.n in there:
                    self._tallies[part.n] = there[part.n]
                else:
                    await start(self._stage(part))
                self._check()

    async def _stage(self, part: Part) -> None:
        rows = await self._judge.judge(part.rows)
        await self._write(part.n, ROWS, rows, part.keys.tobytes())
        await failpoints.hit("import.after_chunk_staged")

    async def _again(self) -> None:
        """Judge again what is staged, corrections included."""
        there = await self._deps.chunks.adopt(self._doc)
        async with _few(_AT_ONCE) as start:
            for n in sorted(there):
                for chunk in await self._deps.chunks.read(self._doc, [n]):
                    self._take_chunk(chunk)
                    await start(self._rejudge(chunk))
                self._check()

    def _take_chunk(self, chunk: Document) -> None:
        base = len(self._keys)
        for index, row in enumerate(chunk["rows"]):
            if row.get("x"):
                self._excluded.append(base + index)
        keys = array("Q")
        keys.frombytes(chunk["keys"])
        self._take(keys, array("I", [row["r"] for row in chunk["rows"]]))

    async def _rejudge(self, chunk: Document) -> None:
        await self._write(chunk["n"], ROWS, await rejudged(self._judge, self._terms, chunk["rows"]), chunk["keys"])

    def _take(self, keys: array[int], lines: array[int]) -> None:
        self._starts.append(len(self._keys))
        self._keys.extend(keys)
        self._lines.extend(lines)

    # -- what shows only at the end ---------------------------------------------------------------------------

    async def _reject_duplicates(self) -> None:
        """Of rows with the same barcode none is taken: which of them is right, only people know."""
        keys = self._keys
        if self._excluded:
            keys = array("Q", keys)
            for position in self._excluded:
                keys[position] = NO_KEY
        found = await self._deps.bucket.run(lambda: find_duplicates(keys))
        if not len(found):
            return
        touched = sorted({bisect_right(self._starts, place) - 1 for _, places in found for place in places})
        async with _few(_AT_ONCE) as start:
            for n in touched:
                others: dict[int, list[int]] = {}
                end = self._starts[n + 1] if n + 1 < len(self._starts) else len(keys)
                for position in range(self._starts[n], end):
                    places = found.of(keys[position]) if keys[position] != NO_KEY else ()
                    if places:
                        others[position - self._starts[n]] = [self._lines[at] for at in places if at != position][:11]
                await start(self._mark(n, others))
                self._check()

    async def _mark(self, n: int, others: Mapping[int, Sequence[int]]) -> None:
        for chunk in await self._deps.chunks.read(self._doc, [n]):
            for index, lines in others.items():
                mark_duplicate(chunk["rows"][index], lines)
            await self._write(n, ROWS, chunk["rows"], chunk["keys"])

    async def _withdraw(self) -> None:
        """What a full catalogue does not name is to be withdrawn."""
        await self._deps.chunks.drop_withdrawals(self._doc)
        keys = await self._deps.bucket.run(lambda: array("Q", in_order(self._keys)))
        gone: list[str] = []
        live = 0
        scope = (self._doc["tenantId"], self._doc["storeId"])
        async for barcodes in self._deps.live.barcodes(*scope):
            live += len(barcodes)
            gone += absent(barcodes, keys)
            self._check()
        unreadable = sum(1 for key in self._keys if key == NO_KEY)
        faults = check_full(len(gone), live, unreadable, self._terms.rules)
        n = len(self._starts)
        async with _few(_AT_ONCE) as start:
            for at in range(0, len(gone), MOST_ROWS):
                barcodes = gone[at : at + MOST_ROWS]
                found = await self._deps.live.find(*scope, barcodes, {"barcode": 1, "name": 1, "status": 1})
                rows: list[StagedRow] = []
                for product in found.values():
                    row: StagedRow = {"r": 0, "b": product["barcode"], "v": {}, "name": product["name"]}
                    row["a"], row["d"] = withdrawal(product["status"])
                    settle(row, faults)
                    rows.append(row)
                packed = array("Q", [pack(row["b"]) for row in rows])
                await start(self._write(n, WITHDRAW, rows, packed.tobytes()))
                n += 1
                self._check()

    async def _finish(self) -> None:
        totals = total(self._tallies.values())
        now = clock.now()
        fresh = {
            **self._fresh(totals),
            "chunks": len(self._tallies),
            "stagedAt": now,
            "work.until": None,
            "work.owner": None,
        }
        # Should this worker die before it has approved, the sweep does that.
        due = now + (lifecycle.SOON if self._doc["autoApprove"] else STAGED_FOR)
        changed = await self._deps.imports.change(self._doc, fresh, state=states.STAGED, due=due, forget=("from",))
        if changed is None:
            raise _Lost
        log.info("import.staged", importId=changed["_id"], **totals.counts)
        if changed["autoApprove"]:
            await deciding.approve_when_clean(self._deps, changed)

    # -- keeping ----------------------------------------------------------------------------------------------

    async def _write(self, n: int, kind: str, rows: list[StagedRow], keys: bytes) -> None:
        counts = self._tallies[n] = tally(rows)
        chunk: Document = {
            "_id": chunk_id(self._doc["_id"], n),
            "tenantId": self._doc["tenantId"],
            "storeId": self._doc["storeId"],
            "importId": self._doc["_id"],
            "n": n,
            "kind": kind,
            "first": rows[0]["r"],
            "last": rows[-1]["r"],
            "keys": keys,
            "counts": counts.counts,
            "codes": counts.codes,
            "confirms": counts.confirms,
            "rows": rows,
            "state": "staged",
            "attempts": 0,
            "result": None,
            "fence": self._doc["work"]["fence"],
            "ver": 1,
            # A day longer than the import itself waits: that ends in order, this only cleans up.
            "expireAt": self._began + STAGED_FOR + timedelta(days=1),
        }
        if not await self._deps.chunks.write(chunk):
            raise _Lost

    def _fresh(self, totals: Tally) -> Document:
        """What an import says about itself, as far as it is known."""
        fresh: Document = {"counts": totals.counts, "codes": totals.codes, "confirms": totals.confirms}
        if self._reading is not None:
            totals.counts["skipped"] = self._reading.skipped
            fresh |= {f"source.{name}": value for name, value in self._reading.described().items()}
        elif self._doc.get("from") == _FROM_CHUNKS:
            totals.counts["skipped"] = self._doc["counts"]["skipped"]
        return fresh | {"progress": self._progress()}

    def _progress(self) -> Document:
        reading = self._reading
        return {
            "rows": len(self._keys),
            "share": reading.share if reading is not None else None,
            "startedAt": self._began,
            "at": clock.now(),
        }

    async def _beat(self) -> None:
        """Say from time to time that this worker is alive; stop it when nobody believes that any more."""
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            try:
                self._lost = not await self._deps.imports.renew(self._doc, {"progress": self._progress()}, clock.now())
            except Exception as error:  # the next beat may get through; if none does, the lease runs out
                log.warning("import.beat_missed", importId=self._doc["_id"], error=type(error).__name__)
            if self._lost:
                return

    def _check(self) -> None:
        if self._lost:
            raise _Lost
        if time.monotonic() > self._ends:
            raise _OutOfTime

    async def _still_ours(self, fresh: Mapping[str, Any]) -> None:
        if not await self._deps.imports.renew(self._doc, fresh, clock.now()):
            raise _Lost

    async def _current(self) -> Document:
        found = await self._deps.imports.find(self._doc["tenantId"], self._doc["_id"])
        assert found is not None, "imports are never deleted"
        return found


async def rejudged(judge: Judge, terms: Terms, rows: Sequence[StagedRow]) -> list[StagedRow]:
    """Staged rows as they are found to be now; what could not be read stays so."""
    fresh = [
        Row(row["r"], row["b"], row["v"], from_reading(faults_of(row)), row.get("raw", []), row.get("l"))
        for row in rows
    ]
    now = clock.micros()
    for row in fresh:
        check_row(row, terms.rules, terms.currency, now)
    staged = await judge.judge(fresh)
    for before, after in zip(rows, staged, strict=True):
        if before.get("x"):
            after["x"] = True
            settle(after, faults_of(after))
    return staged


def mark_duplicate(row: StagedRow, lines: Sequence[int]) -> None:
    """Say of a row that its barcode stands in these other lines too; with none, that it does not any more."""
    faults = [each for each in faults_of(row) if each.code != _DUPLICATE]
    if lines:
        faults.append(duplicate(row["b"], lines))
    settle(row, faults)


def absent(barcodes: Sequence[str], keys: array[int]) -> list[str]:
    """Those of the barcodes that are not among the sorted keys."""
    size, found = len(keys), []
    for barcode in barcodes:
        key = pack(barcode)
        at = bisect_left(keys, key)
        if at == size or keys[at] != key:
            found.append(barcode)
    return found


async def _ahead(bucket: blobs.Bucket, parts: Iterator[Part]) -> AsyncIterator[Part]:
    """The parts of a file, read in a thread; the next one is read while this one is worked on."""
    coming = asyncio.ensure_future(bucket.run(lambda: next(parts, None)))
    try:
        while (part := await coming) is not None:
            coming = asyncio.ensure_future(bucket.run(lambda: next(parts, None)))
            yield part
    finally:
        # The thread must be out of the file before it is closed.
        with contextlib.suppress(Exception):
            await coming
            await bucket.run(parts.close)  # type: ignore[attr-defined]


@contextlib.asynccontextmanager
async def _few(most: int) -> AsyncIterator[Callable[[Work], Awaitable[None]]]:
    """Have up to so many things under way; the block ends when all have ended, and fails when one did."""
    under_way: deque[asyncio.Future[None]] = deque()

    async def start(work: Work) -> None:
        try:
            if len(under_way) == most:
                await under_way.popleft()
        except BaseException:
            work.close()
            raise
        under_way.append(asyncio.ensure_future(work))

    try:
        yield start
        while under_way:
            await under_way.popleft()
    finally:
        await asyncio.gather(*under_way, return_exceptions=True)
