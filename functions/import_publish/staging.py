"""The task that stages an import: read, judge against what is live, keep in chunks; then what shows only at the end.

Memory is flat: two parts of the file are in hand, and twelve bytes a row for the barcodes.
A worker that is killed leaves whole chunks; the next one reads the file again and writes only those that are missing.
"""

from __future__ import annotations

import contextlib
import uuid
from array import array
from datetime import timedelta

from functions.common import clock, failpoints, log
from functions.common.errors import AlreadyDone
from functions.common.mongo import Document
from functions.import_publish import deciding, lifecycle
from functions.import_publish.chunks_repository import ROWS
from functions.import_publish.core import Deps
from functions.import_publish.domain import states
from functions.import_publish.domain.codes import CODES, Unusable, storable
from functions.import_publish.domain.staged import Tally, total
from functions.import_publish.formats import FileProblem
from functions.import_publish.gently import GENTLE, PACES, Gait
from functions.import_publish.judging import Judge
from functions.import_publish.pipeline import ahead
from functions.import_publish.reading import Part, Reading, Terms
from functions.import_publish.rejudging import rejudged
from functions.import_publish.repository import STAGED_FOR
from functions.import_publish.sources import blobs
from functions.import_publish.whole_file import WholeFile
from functions.import_publish.working import Lost, OutOfTime, Worker

MOST_RUNNING = 2
"""How many imports of one tenant are read at the same time."""
WAIT = timedelta(seconds=10)
MOST_ATTEMPTS = 30
"""How many workers try before an import is given up. A large file on a slow day needs a few, a bug needs them all."""
_FROM_CHUNKS = "chunks"


async def stage(deps: Deps, tenant_id: str, import_id: str) -> None:
    """Stage an import, or go on where another worker stopped. Raises AlreadyDone when there is nothing to do."""
    now = clock.now()
    body = {"tenantId": tenant_id, "importId": import_id}
    if await deps.imports.working(tenant_id, states.STAGING, now) >= MOST_RUNNING:
        await deps.enqueue("stage", body, at=now + WAIT)
        return
    document = await deps.imports.claim(tenant_id, import_id, {states.STAGING}, uuid.uuid4().hex, now)
    if document is None:
        raise AlreadyDone
    run = _Run(deps, document)
    try:
        await run.to_its_end()
    except Lost:
        log.info("import.staging_stopped", importId=import_id)
    except OutOfTime:
        await deps.imports.release(document, clock.now())
        await deps.enqueue("stage", body)
    except FileProblem as problem:
        await run.fail(problem.code, problem.message, problem.line)
    except Unusable as problem:
        await run.fail(problem.code, str(problem), None)
    except blobs.BlobMissing:
        await run.fail("FILE_GONE", CODES["FILE_GONE"].sentence, None)
    except Exception:
        # The next worker need not wait until the lease has run out.
        with contextlib.suppress(Exception):
            await deps.imports.release(document, clock.now())
        raise


class _Run(Worker):
    """One worker's go at staging one import."""

    def __init__(self, deps: Deps, document: Document) -> None:
        super().__init__(deps, document)
        self._terms = Terms.of(document)
        self._judge = Judge(deps.live, document, self._terms)
        self._file = WholeFile(self)
        self._reading: Reading | None = None
        # Nobody has chosen a pace yet, and reading is fast enough at the slow one.
        self._gait = Gait(PACES[GENTLE])

    async def to_its_end(self) -> None:
        """Raises Lost, OutOfTime, FileProblem, Unusable, BlobMissing, and what the servers raise."""
        if self.document["work"]["attempts"] > MOST_ATTEMPTS:
            log.error("import.given_up", importId=self.document["_id"])
            await self.fail("STAGING_FAILED", CODES["STAGING_FAILED"].sentence, None)
            return
        async with self.alive():
            if not self.document["source"].get("sha256") and await self._is_known():
                return
            await self._judge.prepare()
            if self.document.get("from") == _FROM_CHUNKS:
                await self._again()
            else:
                await self._from_file()
            await self._file.reject_duplicates()
            if self.document["mode"] == "full":
                await self._file.withdraw(self._terms.rules)
            await self._finish()

    async def fail(self, code: str, message: str, line: int | None) -> None:
        """The file cannot be read (further). What was read before stays to be looked at."""
        with contextlib.suppress(Lost):
            await self.note(self._found(total(self.tallies.values())))
        await lifecycle.fail(self.deps, await self.current(), code, storable(message), line)

    # -- reading ----------------------------------------------------------------------------------------------

    async def _is_known(self) -> bool:
        """Compute the hash of what came through an upload URL; whether this very file was brought before."""
        source = self.document["source"]
        stored = await self.deps.bucket.stat(source["object"])
        if stored is None:
            raise blobs.BlobMissing(source["object"])
        stored = await self.deps.bucket.digest(stored)
        if not self.document["again"]:
            holder = await lifecycle.recognise(self.deps.imports, self.document, stored.sha256)
            if holder is not None:
                await lifecycle.end_as_duplicate(self.deps.imports, await self.current(), holder)
                return True
        fresh = {"sha256": stored.sha256, "size": stored.size, "generation": stored.generation}
        await self.note({f"source.{name}": value for name, value in fresh.items()})
        source |= fresh
        return False

    async def _from_file(self) -> None:
        source, bucket = self.document["source"], self.deps.bucket
        there = await self.deps.chunks.adopt(self.document)
        self._reading = Reading(lambda: bucket.open(source["object"], source.get("generation")), source, self._terms)
        async for part in ahead(bucket, self._reading.parts()):
            self._file.take(part.keys, part.lines)
            if part.n in there:
                self.tallies[part.n] = there[part.n]
            else:
                await self._stage(part)
            self.check()
            await self._gait.rest()

    async def _stage(self, part: Part) -> None:
        rows = await self._judge.judge(part.rows)
        await self.keep(part.n, ROWS, rows, part.keys.tobytes())
        await failpoints.hit("import.after_chunk_staged")

    async def _again(self) -> None:
        """Judge again what is staged, corrections included."""
        there = await self.deps.chunks.adopt(self.document)
        for n in sorted(there):
            for chunk in await self.deps.chunks.read(self.document, [n]):
                rows, keys = chunk["rows"], array("Q")
                keys.frombytes(chunk["keys"])
                excluded = [place for place, row in enumerate(rows) if row.get("x")]
                self._file.take(keys, array("I", [row["r"] for row in rows]), excluded)
                await self._rejudge(chunk)
            self.check()
            await self._gait.rest()

    async def _rejudge(self, chunk: Document) -> None:
        await self.keep(chunk["n"], ROWS, await rejudged(self._judge, self._terms, chunk["rows"]), chunk["keys"])

    # -- telling ----------------------------------------------------------------------------------------------

    async def _finish(self) -> None:
        totals = total(self.tallies.values())
        now = clock.now()
        fresh = {
            **self._found(totals),
            "chunks": len(self.tallies),
            "stagedAt": now,
            "work.until": None,
            "work.owner": None,
            "work.attempts": 0,
        }
        # Should this worker die before it has approved, the sweep does that.
        due = now + (lifecycle.SOON if self.document["autoApprove"] else STAGED_FOR)
        changed = await self.deps.imports.change(self.document, fresh, state=states.STAGED, due=due, forget=("from",))
        if changed is None:
            raise Lost
        log.info("import.staged", importId=changed["_id"], **totals.counts)
        if changed["autoApprove"]:
            await deciding.approve_when_clean(self.deps, changed)

    def _found(self, totals: Tally) -> Document:
        """What an import says about itself, as far as it is known."""
        found: Document = {"counts": totals.counts, "codes": totals.codes, "confirms": totals.confirms}
        if self._reading is not None:
            totals.counts["skipped"] = self._reading.skipped
            found |= {f"source.{name}": value for name, value in self._reading.described().items()}
        elif self.document.get("from") == _FROM_CHUNKS:
            totals.counts["skipped"] = self.document["counts"]["skipped"]
        return found | {"progress": self.progress()}

    def progress(self) -> Document:
        """How much of the file was read."""
        share = self._reading.share if self._reading is not None else None
        return {**super().progress(), "rows": len(self._file), "share": share}
