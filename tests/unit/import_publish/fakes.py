"""The bucket of imports without a server: a dictionary, with the threads of the real one."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncIterable, Callable
from datetime import timedelta
from typing import BinaryIO, TypeVar

from functions.common import clock
from functions.import_publish.sources.blobs import BlobMissing, BlobTooLarge, Bucket, Stored, UploadTicket

T = TypeVar("T")


class MemoryBucket(Bucket):
    """Keeps objects in memory; `reads` counts how often one was opened."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.media: dict[str, str] = {}
        self.reads = 0

    async def put(
        self, name: str, content: bytes | AsyncIterable[bytes], *, limit: int, media: str = "application/octet-stream"
    ) -> Stored:
        whole = content if isinstance(content, bytes) else b"".join([piece async for piece in content])
        if len(whole) > limit:
            raise BlobTooLarge(limit)
        self.objects[name], self.media[name] = whole, media
        return Stored(name, len(whole), hashlib.sha256(whole).hexdigest(), media, 1)

    def open(self, name: str, generation: int | None = None) -> BinaryIO:
        if name not in self.objects:
            raise BlobMissing(name)
        self.reads += 1
        return io.BytesIO(self.objects[name])

    async def stat(self, name: str) -> Stored | None:
        if name not in self.objects:
            return None
        return Stored(name, len(self.objects[name]), "", self.media.get(name, ""), 1)

    async def digest(self, stored: Stored) -> Stored:
        sha256 = hashlib.sha256(self.objects[stored.object]).hexdigest()
        return Stored(stored.object, stored.size, sha256, stored.media, stored.generation)

    async def delete(self, name: str) -> None:
        self.objects.pop(name, None)

    async def upload_url(
        self,
        name: str,
        *,
        limit: int,
        media: str = "application/octet-stream",
        lives: timedelta = timedelta(hours=1),
    ) -> UploadTicket:
        return UploadTicket(f"https://bucket.test/{name}", {"content-type": media}, clock.now() + lives)

    async def run(self, work: Callable[[], T]) -> T:
        return await asyncio.to_thread(work)

    def close(self) -> None:
        pass
