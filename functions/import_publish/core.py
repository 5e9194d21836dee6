"""What the verbs on imports work with."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from functions.import_publish.chunks_repository import Chunks
from functions.import_publish.live_repository import Live
from functions.import_publish.repository import Imports, Settings
from functions.import_publish.sources.blobs import Bucket


class Enqueue(Protocol):
    """Have `/tasks/<queue>` of the working door called, now or at a time."""

    def __call__(self, queue: str, body: dict[str, Any], *, at: datetime | None = None) -> Awaitable[None]: ...


@dataclass(frozen=True, slots=True)
class Deps:
    """The room's own collections, the live products, the bucket, and the way to the working door."""

    imports: Imports
    chunks: Chunks
    live: Live
    settings: Settings
    bucket: Bucket
    enqueue: Enqueue
