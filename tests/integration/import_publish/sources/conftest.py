"""Sources to fetch from, and a bucket to fetch into."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import pytest

from functions.import_publish.sources.blobs import Bucket
from functions.import_publish.sources.guard import Guard
from functions.import_publish.sources.jobs import Job
from functions.import_publish.sources.problems import Budget
from local.erp.web import Erp

MakeJob = Callable[..., Job]


@pytest.fixture
def bucket(storage_server: dict[str, str]) -> Iterator[Bucket]:
    made = Bucket(
        "retailscan-imports",
        endpoint=storage_server["STORAGE_EMULATOR_HOST"],
        upload_key=storage_server["IMPORT_UPLOAD_KEY"],
    )
    yield made
    made.close()


@pytest.fixture
def folder() -> str:
    return f"acme/{uuid.uuid4().hex}"


@pytest.fixture
async def erp() -> AsyncIterator[Erp]:
    async with Erp() as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    """How long the job would have slept; it does not really."""
    return []


@pytest.fixture
def make_job(waits: list[float]) -> MakeJob:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    def make(settings: Mapping[str, Any], allowed: str, *, budget: Budget | None = None, **more: Any) -> Job:
        patient = Budget(seconds=20, connect_seconds=2, silence_seconds=2, slow_after=1, file_bytes=8 << 20)
        return Job(settings, Guard({allowed}), budget or patient, sleep, **more)

    return make
