"""Sources to fetch from, and a bucket to fetch into."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest

from functions.import_publish import settings
from functions.import_publish.sources import secrets
from functions.import_publish.sources.blobs import Bucket
from functions.import_publish.sources.guard import Guard
from functions.import_publish.sources.jobs import Job
from functions.import_publish.sources.problems import Budget
from local.erp.web import Erp
from local.secretmanager import SecretManagerServer
from tests.integration.import_publish.conftest import BERLIN, Room

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


class Sources:
    """The room with a Secret Manager and an ERP to fetch from."""

    def __init__(self, room: Room, erp: Erp, secrets: SecretManagerServer) -> None:
        self.room, self.erp, self.secrets = room, erp, secrets

    def rest(self, **more: Any) -> dict[str, Any]:
        """The settings of a connection to the ERP."""
        paging = {"parameter": "cursor", "next": "meta.next", "size": 50, "sizeParameter": "limit"}
        return {
            "kind": "rest",
            "url": f"{self.erp.url}/rest/products",
            "items": "data.items",
            "required": ["barcode", "price"],
            "paging": paging,
            "changes": {"parameter": "since", "next": "meta.asOf"},
            **more,
        }

    async def put(self, name: str = "erp", headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        return await self.room.client.put(
            f"/v1/import-connections/{name}",
            json={"settings": self.rest(**more)},
            headers=headers or self.room.manager,
        )

    async def sign(self, name: str = "erp", headers: dict[str, str] | None = None, **secret: str) -> httpx.Response:
        path = f"/v1/import-connections/{name}/secret"
        return await self.room.client.put(path, json={"secret": secret}, headers=headers or self.room.manager)

    async def pull(self, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        wanted = {"storeIds": [BERLIN], "connection": "erp", **body}
        return await self.room.client.post("/v1/imports:pull", json=wanted, headers=headers or self.room.manager)

    async def pulled(self, **body: Any) -> dict[str, Any]:
        """An import that was pulled and, if it came to that, staged."""
        reply = await self.pull(**body)
        assert reply.status_code == 202, reply.text
        await self.room.work_off()
        return await self.room.view(reply.json()["data"]["imports"][0]["importId"])

    async def schedule(self, name: str = "nightly", **body: Any) -> httpx.Response:
        wanted = {"connection": "erp", "storeIds": [BERLIN], "cron": "30 5 * * *", "timeZone": "Europe/Berlin", **body}
        return await self.room.client.put(f"/v1/import-schedules/{name}", json=wanted, headers=self.room.manager)

    async def fire(self) -> None:
        path = "/jobs/run-import-schedules"
        reply = await self.room.worker.post(path, headers=self.room.world.platform(path))
        assert reply.status_code == 204, reply.text


@pytest.fixture
async def sources(room: Room, erp: Erp) -> AsyncIterator[Sources]:
    server = SecretManagerServer()
    await server.start()
    settings.load.replace(
        settings.ImportPublish(
            import_allowed_hosts=f"127.0.0.1:{erp.port}",
            secret_manager_emulator_host=f"127.0.0.1:{server.port}",
        )
    )
    yield Sources(room, erp, server)
    await secrets.close()
    await server.stop()
    settings.load.replace(None)
