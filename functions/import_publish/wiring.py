"""The room's dependencies, built on first use, after the server's fork."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.common import http, mongo, tasks
from functions.import_publish.repository import Chunks, Imports
from functions.import_publish.sources import blobs

WORKER = "import-publish-work"


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the doors hand to the verbs."""

    imports: Imports
    chunks: Chunks
    bucket: blobs.Bucket


_built: Wiring | None = None
_loop: asyncio.AbstractEventLoop | None = None


def deps() -> Wiring:
    """The wiring of this event loop: clients belong to one."""
    global _built, _loop
    loop = asyncio.get_running_loop()
    if _built is None or _loop is not loop:
        _built, _loop = _build(), loop
    return _built


def _build() -> Wiring:
    return Wiring(imports=Imports(), chunks=Chunks(), bucket=blobs.bucket())


async def enqueue(queue: str, body: dict[str, Any], *, at: datetime | None = None) -> None:
    """Have `/tasks/<queue>` of the working door called with `body`, now or at a time."""
    await tasks.enqueue(f"{WORKER}-{queue}", WORKER, f"/tasks/{queue}", body, schedule=at)


async def ready() -> dict[str, str]:
    """MongoDB decides whether imports can go on; the bucket is asked when it is needed."""
    return await http.probe(mongo=mongo.ping)
