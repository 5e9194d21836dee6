"""From a source into the bucket: files as they come, an ERP's pages as lines of JSON, continued where a worker died."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from functions.import_publish.sources import blobs
from functions.import_publish.sources.jobs import Alive, Checkpoint, File, Job, Pages
from functions.import_publish.sources.problems import SourceProblem
from functions.import_publish.sources.retries import pause

FILES = frozenset({"https", "s3", "gs", "sftp"})
PAGED = frozenset({"rest", "soap", "graphql"})
KINDS = FILES | PAGED
NDJSON = "application/x-ndjson"
PART_BYTES = 1 << 20
PART_SECONDS = 15.0
LONGEST_SECONDS = 480.0
"""After this a worker gives way to another: Cloud Run would end it at ten minutes."""
ALIVE_SECONDS = 15.0


class OutOfTime(Exception):
    """This worker has run for long enough; what has come so far was told, and the next one goes on."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file in the bucket, what it was called, and where the next pull begins once this one is staged."""

    stored: blobs.Stored
    name: str
    checkpoint: Checkpoint
    items: int | None = None


@dataclass(slots=True)
class Progress:
    """How far a pull of pages has come; small enough to be kept in the import. `parts` are objects in the bucket."""

    position: dict[str, Any] | None = None
    parts: list[str] = field(default_factory=list)
    items: int = 0
    size: int = 0
    checkpoint: Checkpoint = field(default_factory=dict)

    @staticmethod
    def of(document: Mapping[str, Any] | None) -> Progress:
        """As it was kept."""
        return Progress(**(document or {}))

    def kept(self) -> dict[str, Any]:
        """To keep."""
        names = ("position", "parts", "items", "size", "checkpoint")
        return {name: getattr(self, name) for name in names}


async def fetch(
    job: Job, bucket: blobs.Bucket, folder: str, *, attempt: int, alive: Alive, before: Mapping[str, Any] | None = None
) -> Fetched:
    """Bring what the job asks for into the bucket, below `folder`. `before` is what an earlier worker told `alive`.

    Objects carry the number of the `attempt`: two workers at once cannot write over each other.
    Raises SourceProblem, NothingNew, OutOfTime, Unavailable, and what `alive` raises.
    """
    kind = str(job.settings["kind"])
    if kind in PAGED:
        return await _fetch_pages(job, _pages(kind), bucket, folder, attempt, alive, before)
    return await _fetch_file(job, _file(kind), bucket, folder, attempt, alive)


async def probe(job: Job) -> dict[str, Any]:
    """Ask for the beginning only, to see that the settings work: a name, or the number of items on the first page.

    Raises SourceProblem, NothingNew.
    """
    kind = str(job.settings["kind"])
    if kind in PAGED:
        async for page in _pages(kind)(job, None):
            return {"items": len(page.items), "fields": sorted({name for item in page.items for name in item})[:100]}
        return {"items": 0, "fields": []}
    async with _file(kind)(job) as file:
        async for _ in file.content:
            break
        return {"name": file.name, "media": file.media}


# ---- files --------------------------------------------------------------------------------------------------


async def _fetch_file(
    job: Job,
    opened: Callable[[Job], AbstractAsyncContextManager[File]],
    bucket: blobs.Bucket,
    folder: str,
    attempt: int,
    alive: Alive,
) -> Fetched:
    number = 0
    while True:
        number += 1
        try:
            async with opened(job) as file:
                content = _beating(file.content, alive)
                stored = await bucket.put(
                    f"{folder}/{attempt}-{number}-{file.name}",
                    content,
                    limit=job.budget.file_bytes,
                    media=file.media or "application/octet-stream",
                )
                return Fetched(stored, file.name, file.checkpoint)
        except blobs.BlobTooLarge:
            raise SourceProblem(
                "SOURCE_TOO_LARGE", f"the file is larger than {job.budget.file_bytes:,} bytes"
            ) from None
        except SourceProblem as problem:
            wait = pause(number, problem, job)
            if wait is None:
                raise
        await alive(None)
        await job.sleep(wait)


async def _beating(content: AsyncIterator[bytes], alive: Alive) -> AsyncIterator[bytes]:
    told = monotonic()
    async for data in content:
        yield data
        if monotonic() - told > ALIVE_SECONDS:
            await alive(None)
            told = monotonic()


# ---- pages --------------------------------------------------------------------------------------------------


async def _fetch_pages(
    job: Job,
    pages: Pages,
    bucket: blobs.Bucket,
    folder: str,
    attempt: int,
    alive: Alive,
    before: Mapping[str, Any] | None,
) -> Fetched:
    collected = _Collected(bucket, f"{folder}/parts/{attempt}", Progress.of(before), job.budget.file_bytes, alive)
    try:
        await collected.add_all(pages(job, collected.progress.position))
    except SourceProblem as problem:
        resumed = before is not None and collected.untouched
        if not resumed or problem.code not in ("SOURCE_NOT_FOUND", "SOURCE_REFUSES"):
            raise
        # Cursors do not live for ever: the ERP does not know ours any more, so begin again.
        collected = _Collected(bucket, f"{folder}/parts/{attempt}b", Progress(), job.budget.file_bytes, alive)
        await collected.add_all(pages(job, None))
    progress = collected.progress
    stored = await bucket.put(
        f"{folder}/{attempt}-items.ndjson", collected.whole(), limit=job.budget.file_bytes, media=NDJSON
    )
    for part in progress.parts:
        await bucket.delete(part)
    return Fetched(stored, "items.ndjson", progress.checkpoint, progress.items)


class _Collected:
    """Lines that have come. Every so often they become an object, and the position after it is told."""

    def __init__(self, bucket: blobs.Bucket, prefix: str, progress: Progress, limit: int, alive: Alive) -> None:
        self._bucket, self._prefix, self._limit, self._alive = bucket, prefix, limit, alive
        self.progress = progress
        self.untouched = True
        self._lines: list[bytes] = []
        self._waiting = 0
        self._begun = self._told = monotonic()

    async def add_all(self, pages: AsyncIterator[Any]) -> None:
        """Every page, until the last."""
        async for page in pages:
            self.untouched = False
            progress = self.progress
            lines = await asyncio.to_thread(_lines, page.items)
            progress.size += len(lines)
            progress.items += len(page.items)
            progress.position = page.position
            progress.checkpoint |= page.checkpoint
            if progress.size > self._limit:
                raise SourceProblem("SOURCE_TOO_LARGE", f"the ERP sends more than {self._limit:,} bytes")
            self._lines.append(lines)
            self._waiting += len(lines)
            if page.position is not None and (self._waiting >= PART_BYTES or monotonic() - self._told >= PART_SECONDS):
                await self._keep()
            if page.position is not None and monotonic() - self._begun >= LONGEST_SECONDS:
                await self._keep()
                raise OutOfTime

    async def _keep(self) -> None:
        if not self._lines:
            return
        name = f"{self._prefix}-{len(self.progress.parts):06d}"
        await self._bucket.put(name, b"".join(self._lines), limit=self._limit, media=NDJSON)
        self.progress.parts.append(name)
        self._lines, self._waiting, self._told = [], 0, monotonic()
        await self._alive(self.progress.kept())

    async def whole(self) -> AsyncIterator[bytes]:
        """All parts one after the other, and what is in none yet."""
        for name in self.progress.parts:
            reader = await self._bucket.run(lambda name=name: self._bucket.open(name))  # type: ignore[misc]
            with reader:
                while data := await self._bucket.run(lambda reader=reader: reader.read(blobs.PART_BYTES)):  # type: ignore[misc]
                    yield data
        for lines in self._lines:
            yield lines


def _lines(items: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(item, ensure_ascii=True, separators=(",", ":")) + "\n" for item in items).encode()


def _file(kind: str) -> Callable[[Job], AbstractAsyncContextManager[File]]:
    from functions.import_publish.sources import http_pull, object_stores, sftp

    return {"https": http_pull.fetch, "s3": object_stores.fetch, "gs": object_stores.fetch, "sftp": sftp.fetch}[kind]


def _pages(kind: str) -> Pages:
    if kind == "rest":
        from functions.import_publish.sources import erp_rest

        return erp_rest.pages
    if kind == "soap":
        from functions.import_publish.sources import erp_soap

        return erp_soap.pages
    from functions.import_publish.sources import erp_graphql

    return erp_graphql.pages
