"""The task that fetches: from where an import says into the bucket, once for all imports of its group."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from functions.common import clock, failpoints, log
from functions.common.errors import AlreadyDone
from functions.common.mongo import Document
from functions.import_publish import connecting, lifecycle
from functions.import_publish.core import Deps
from functions.import_publish.domain import checkpoints, states
from functions.import_publish.sources.fetch import PAGED, Fetched, OutOfTime, fetch
from functions.import_publish.sources.jobs import Job
from functions.import_publish.sources.problems import NothingNew, SourceProblem
from functions.import_publish.staging import MOST_RUNNING, WAIT

MOST_FAILURES = 8
"""How often a source may fail, hours in between at last, before a file is given up."""
MOST_WORKERS = 100
"""How many workers may take up one file, whatever became of them: some file may kill every one."""
BEAT_SECONDS = 10.0
_LONGEST_PAUSE = timedelta(hours=1)
_FIRST_PAUSE = timedelta(seconds=20)


class _Lost(Exception):
    """Somebody else has the lease now, or the import was stopped."""


async def fetch_file(deps: Deps, sources: connecting.Deps, tenant_id: str, import_id: str) -> None:
    """Fetch the file of an import's group, or go on where another worker died. Raises AlreadyDone, Unavailable."""
    now = clock.now()
    if await deps.imports.working(tenant_id, states.FETCHING, now) >= MOST_RUNNING:
        await deps.enqueue("fetch", {"tenantId": tenant_id, "importId": import_id}, at=now + WAIT)
        return
    document = await deps.imports.claim(tenant_id, import_id, {states.FETCHING}, uuid.uuid4().hex, now)
    if document is None:
        raise AlreadyDone
    try:
        await _Fetch(deps, sources, document).to_its_end()
    except _Lost:
        log.info("import.fetching_stopped", importId=import_id)
    except OutOfTime:
        await deps.imports.release(document, clock.now())
        await deps.enqueue("fetch", {"tenantId": tenant_id, "importId": import_id})
    except NothingNew:
        await _nothing_new(deps, document)
    except SourceProblem as problem:
        await _failed(deps, document, problem)
    except Exception:
        # The next worker need not wait until the lease has run out.
        with contextlib.suppress(Exception):
            await deps.imports.release(document, clock.now())
        raise


class _Fetch:
    """One worker's go at one file."""

    def __init__(self, deps: Deps, sources: connecting.Deps, document: Document) -> None:
        self._deps, self._sources, self._doc = deps, sources, document
        self._connection: Document | None = None
        self._history: checkpoints.History = []
        self._key = ""

    async def to_its_end(self) -> None:
        """Raises _Lost, OutOfTime, NothingNew, SourceProblem, and what the servers raise."""
        if self._doc["work"]["fence"] > MOST_WORKERS:
            raise SourceProblem("SOURCE_GIVEN_UP", f"{MOST_WORKERS} workers have not fetched it")
        group = await self._deps.imports.group(self._doc["tenantId"], self._doc["groupId"])
        job = await self._job(group)
        # Also when one import of the group goes on where another was stopped, no number comes twice.
        attempt = sum(int(each["work"]["fence"]) for each in group)
        folder = f"{self._doc['tenantId']}/{self._doc['groupId']}"
        work = asyncio.ensure_future(
            fetch(job, self._deps.bucket, folder, attempt=attempt, alive=self._alive, before=self._doc.get("fetched"))
        )
        fetched = await self._beating(work)
        await self._alive(None)
        await failpoints.hit("import.after_fetch_before_arrived")
        await self._arrived(job, fetched)

    async def _job(self, group: list[Document]) -> Job:
        source = self._doc["source"]
        if source["kind"] != "connection":
            return connecting.job_of_url(self._sources, source["url"])
        name, path = source["connection"], source.get("path")
        connection = await self._sources.connections.find(self._doc["tenantId"], name)
        if connection is None:
            raise SourceProblem("CONNECTION_GONE", "the connection was removed meanwhile")
        self._connection = connection
        stores = [each["storeId"] for each in group]
        self._key = checkpoints.key(path, stores, self._doc["profile"]["name"], self._doc["mode"])
        history = (connection.get("checkpoints") or {}).get(self._key, [])
        value, self._history = checkpoints.settled(history, await self._reached(history))
        usable = {} if self._doc["again"] else checkpoints.usable(value, self._doc["mode"])
        return await connecting.job_of(self._sources, connection, path, usable)

    async def _reached(self, history: checkpoints.History) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for entry in history:
            group = await self._deps.imports.group(self._doc["tenantId"], entry["group"])
            found[entry["group"]] = [each["state"] for each in group]
        return found

    async def _arrived(self, job: Job, fetched: Fetched) -> None:
        if fetched.items == 0:
            if self._doc["mode"] == "full":
                raise SourceProblem("ERP_EMPTY", "the ERP has no items at all: as a full catalogue that withdraws all")
            raise NothingNew
        if self._connection is not None:
            base = job.checkpoint if str(job.settings["kind"]) in PAGED else {}
            entry = {"group": self._doc["groupId"], "value": {**base, **fetched.checkpoint}}
            history = [each for each in self._history if each["group"] != entry["group"]]
            # Before the file is staged: this only says where a pull goes on if that succeeds.
            await self._sources.connections.set(
                self._doc["tenantId"], self._connection["name"], {f"checkpoints.{self._key}": [*history, entry]}
            )
        await lifecycle.file_arrived(self._deps, self._doc, fetched.stored, name=fetched.name)
        log.info("import.fetched", importId=self._doc["_id"], bytes=fetched.stored.size, items=fetched.items)

    async def _alive(self, progress: Mapping[str, Any] | None) -> None:
        fresh = {} if progress is None else {"fetched": dict(progress)}
        if not await self._deps.imports.renew(self._doc, fresh, clock.now()):
            raise _Lost
        await failpoints.hit("import.while_fetching")

    async def _beating(self, work: asyncio.Future[Fetched]) -> Fetched:
        """The result of `work`, with the lease renewed meanwhile, however long the source keeps silent."""
        try:
            while True:
                done, _ = await asyncio.wait({work}, timeout=BEAT_SECONDS)
                if done:
                    return work.result()
                await self._alive(None)
        finally:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await work


async def _nothing_new(deps: Deps, document: Document) -> None:
    def ended(_: Document) -> dict[str, Any]:
        message = "The source has nothing that was not imported already."
        error = {"code": "NOTHING_NEW", "message": message, "line": None}
        return {"error": error, "finishedAt": clock.now(), "work.until": None}

    for each in await deps.imports.group(document["tenantId"], document["groupId"]):
        await lifecycle.move(deps.imports, each, states.DUPLICATE, ended, quietly=True)
    log.info("import.nothing_new", importId=document["_id"])


async def _failed(deps: Deps, document: Document, problem: SourceProblem) -> None:
    failures = int(document.get("fetchFailures", 0)) + 1
    log.warning(
        "import.fetch_failed", importId=document["_id"], code=problem.code, where=problem.where, failures=failures
    )
    message = f"The file could not be fetched: {problem.message}."
    if not problem.passing or failures >= MOST_FAILURES:
        await lifecycle.fail_group(deps, document, problem.code, message)
        return
    error = {"code": problem.code, "message": f"{message} It is tried again.", "line": None}
    wait = min(_LONGEST_PAUSE, max(timedelta(seconds=problem.after or 0), _FIRST_PAUSE * 2 ** (failures - 1)))
    when = clock.now() + wait
    # Until then nobody holds it, and the sweep need not look.
    await deps.imports.renew(document, {"fetchFailures": failures, "error": error}, clock.now())
    await deps.imports.release(document, when + lifecycle.LATER)
    await deps.enqueue("fetch", {"tenantId": document["tenantId"], "importId": document["_id"]}, at=when)
