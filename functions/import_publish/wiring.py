"""The room's dependencies, built on first use, after the server's fork."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.common import http, mongo, pubsub, redis, stock, tasks
from functions.common import settings as common_settings
from functions.common.contracts.catalog import TOPIC
from functions.common.once import OncePerLoop
from functions.common.product_cache import ProductCache
from functions.import_publish import applying, connecting, publishing, scheduling, settings
from functions.import_publish.chunks_repository import Chunks
from functions.import_publish.connections_repository import Connections, Schedules
from functions.import_publish.core import Deps
from functions.import_publish.failures_repository import Failures
from functions.import_publish.live_repository import Live
from functions.import_publish.publishing_repository import Plans, Products, Progress, Staged
from functions.import_publish.repository import Imports, Settings
from functions.import_publish.sources import blobs, secrets
from functions.import_publish.sources.guard import Guard
from functions.import_publish.sources.secrets import Secrets

WORKER = "import-publish-work"


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the doors hand to the verbs."""

    core: Deps
    publishing: publishing.Deps
    sources: connecting.Deps
    scheduling: scheduling.Deps

    @property
    def imports(self) -> Imports:
        """The imports themselves."""
        return self.core.imports


def _build() -> Wiring:
    core = Deps(
        imports=Imports(),
        chunks=Chunks(),
        live=Live(),
        settings=Settings(),
        bucket=blobs.bucket(),
        enqueue=enqueue,
    )
    connections, schedules = Connections(), Schedules()
    return Wiring(
        core,
        _publishing(core),
        connecting.Deps(
            connections,
            schedules,
            Secrets(),
            Guard(_allowed_hosts()),
            asyncio.sleep,
            settings.load().storage_emulator_host,
        ),
        scheduling.Deps(core, connections, schedules),
    )


deps = OncePerLoop(_build)
"""What the doors hand to the verbs."""


def _allowed_hosts() -> list[str]:
    """Private hosts that may be fetched from: never outside one's own machine, whatever the environment says."""
    if common_settings.common().environment not in ("local", "test"):
        return []
    return [host for host in settings.load().import_allowed_hosts.split(",") if host]


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
    deps.replace(None)
    await secrets.close()
    if (bucket := blobs.bucket.built) is not None:
        bucket.close()


async def ready() -> dict[str, str]:
    """MongoDB decides whether imports can go on; the bucket is asked when it is needed."""
    return await http.probe(mongo=mongo.ping)
