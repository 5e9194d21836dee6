"""A worker and its lease on one import: it says that it is alive, stops when nobody believes it, and keeps chunks."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

from functions.common import clock, log
from functions.common.mongo import Document
from functions.import_publish.chunks_repository import chunk_id
from functions.import_publish.core import Deps
from functions.import_publish.domain.staged import StagedRow, Tally, tally
from functions.import_publish.repository import STAGED_FOR

LONGEST_SECONDS = 480.0
"""After this a task ends, and another goes on: Cloud Run would end it at ten minutes."""
BEAT_SECONDS = 10.0


class Lost(Exception):
    """Somebody else has the lease now, or the import was stopped."""


class OutOfTime(Exception):
    """This task has run for long enough."""


class Worker:
    """One worker's go at one import. `tallies` is what its chunks add up to, by number."""

    def __init__(self, deps: Deps, document: Document) -> None:
        self.deps, self.document = deps, document
        self.tallies: dict[int, Tally] = {}
        self.began = clock.now()
        self._lost = False
        self._ends = time.monotonic() + LONGEST_SECONDS

    def progress(self) -> Document:
        """How far it is, for people."""
        return {"rows": 0, "share": None, "startedAt": self.began, "at": clock.now()}

    @contextlib.asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """Keep the lease for the length of the block."""
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating

    async def _beat(self) -> None:
        while not self._lost:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                self._lost = not await self.deps.imports.renew(
                    self.document, {"progress": self.progress()}, clock.now()
                )
            except Exception as error:  # the next beat may get through; if none does, the lease runs out
                log.warning("import.beat_missed", importId=self.document["_id"], error=type(error).__name__)

    def check(self) -> None:
        """Raise Lost or OutOfTime when it is time to stop."""
        if self._lost:
            raise Lost
        if time.monotonic() > self._ends:
            raise OutOfTime

    async def note(self, fresh: Mapping[str, Any]) -> None:
        """Write fields of the import. Raises Lost when it is somebody else's by now."""
        if not await self.deps.imports.renew(self.document, fresh, clock.now()):
            raise Lost

    async def current(self) -> Document:
        """The import as it is now."""
        found = await self.deps.imports.find(self.document["tenantId"], self.document["_id"])
        assert found is not None, "imports are never deleted"
        return found

    async def keep(self, n: int, kind: str, rows: list[StagedRow], keys: bytes) -> None:
        """Keep a chunk. Raises Lost when a later worker has taken over."""
        document, counted = self.document, tally(rows)
        chunk: Document = {
            "_id": chunk_id(document["_id"], n),
            "tenantId": document["tenantId"],
            "storeId": document["storeId"],
            "importId": document["_id"],
            "n": n,
            "kind": kind,
            "first": rows[0]["r"],
            "last": rows[-1]["r"],
            "keys": keys,
            "counts": counted.counts,
            "codes": counted.codes,
            "confirms": counted.confirms,
            "rows": rows,
            "state": "staged",
            "attempts": 0,
            "result": None,
            "fence": document["work"]["fence"],
            "ver": 1,
            # A day longer than the import itself waits: that ends in order, this only cleans up.
            "expireAt": self.began + STAGED_FOR + timedelta(days=1),
        }
        if not await self.deps.chunks.write(chunk):
            raise Lost
        self.tallies[n] = counted
