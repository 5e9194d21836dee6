"""Bounded hand-over: what is read in a thread, and the few things that are under way at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Generator
from typing import Any, TypeVar

from functions.import_publish.sources import blobs

T = TypeVar("T")
Work = Coroutine[Any, Any, None]


async def ahead(bucket: blobs.Bucket, parts: Generator[T, None, None]) -> AsyncGenerator[T, None]:
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
            await bucket.run(parts.close)


@contextlib.asynccontextmanager
async def few(most: int) -> AsyncIterator[Callable[[Work], Awaitable[None]]]:
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
