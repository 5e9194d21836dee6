"""The room's dependencies, built on first use, after the server's fork."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.common import http, mongo, pubsub, redis, stock, tasks
from functions.common.contracts.catalog import TOPIC
from functions.common.product_cache import ProductCache
from functions.import_publish import applying, publishing
from functions.import_publish.chunks_repository import Chunks
from functions.import_publish.core import Deps
from functions.import_publish.failures_repository import Failures
from functions.import_publish.live_repository import Live
from functions.import_publish.publishing_repository import Plans, Products, Progress, Staged
from functions.import_publish.repository import Imports, Settings
from functions.import_publish.sources import blobs

WORKER = "import-publish-work"


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the doors hand to the verbs."""

    core: Deps
    publishing: publishing.Deps

    @property
    def imports(self) -> Imports:
        """The imports themselves."""
        return self.core.imports


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
    core = Deps(
        imports=Imports(),
        chunks=Chunks(),
        live=Live(),
        settings=Settings(),
        bucket=blobs.bucket(),
        enqueue=enqueue,
    )
    return Wiring(core, _publishing(core))


def _publishing(core: Deps) -> publishing.Deps:
    writing = applying.Deps(
        products=Products(),
        plans=Plans(),
        cache=ProductCache(redis.cache()),
        movements=stock.after,
        add_counts=stock.add_counts,
        publish=lambda messages: pubsub.publish(TOPIC, messages),
    )
    return publishing.Deps(core, writing, Staged(), Progress(), Failures())


async def enqueue(queue: str, body: dict[str, Any], *, at: datetime | None = None) -> None:
    """Have `/tasks/<queue>` of the working door called with `body`, now or at a time."""
    await tasks.enqueue(f"{WORKER}-{queue}", WORKER, f"/tasks/{queue}", body, schedule=at)


async def close() -> None:
    """Forget what was built and give the bucket's threads back."""
    global _built, _loop
    _built = _loop = None
    if (bucket := blobs.bucket.built) is not None:
        bucket.close()


async def ready() -> dict[str, str]:
    """MongoDB decides whether imports can go on; the bucket is asked when it is needed."""
    return await http.probe(mongo=mongo.ping)
