"""The room's real doors on a real MongoDB and Redis, and Google's own client talking to the FCM stand-in.

Cloud Tasks is a list: `room.let_time_pass` moves the clock and delivers what is due, as the queue would.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import uvicorn

from functions.common import clock, migrations, mongo, tasks
from functions.common.contracts.envelope import Event, to_message
from functions.notify import settings, wiring
from functions.notify.collections import COLLECTIONS
from functions.notify.fcm import Fcm
from local.fcm import FcmServer
from local.processes import HOST, free_port
from tests.support import ROOT, World, app_of, push_body

TENANT, STORE, OTHER_STORE, RIVAL, RIVAL_STORE = "acme", "acme-centre", "acme-north", "bolt", "bolt-centre"
SHOPPER, VISIT = "shopper-1", "acme-centre.0f5e2f4b8a9c4d1e8f7a6b5c4d3e2f10"
PEN = "4006381333931"


@dataclass
class Room:
    """What apps, publishers and Cloud Tasks do with the room."""

    world: World
    client: httpx.AsyncClient
    events: httpx.AsyncClient
    fcm: FcmServer
    now: float
    tasks: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    tasks_down: bool = False
    version: int = 0

    # -- apps

    def app(
        self, *, visit: str = VISIT, sub: str = SHOPPER, tenant: str = TENANT, store: str = STORE
    ) -> dict[str, str]:
        return self.world.checked_in(tenant, store, sub, session_id=visit)

    async def register(self, device: str = "phone", app: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        body = {"token": f"token-of-{device}", "platform": "android", "language": "en", **more}
        return await self.client.put(f"/v1/devices/{device}", json=body, headers=app or self.app())

    async def in_front(self, device: str = "phone", in_front: bool = True) -> httpx.Response:
        body = {"inFront": in_front}
        return await self.client.post(f"/v1/devices/{device}/foreground", json=body, headers=self.app())

    async def notices(self, app: dict[str, str] | None = None, **query: Any) -> list[dict[str, Any]]:
        reply = await self.client.get("/v1/notices", headers=app or self.app(), params=query)
        assert reply.status_code == 200, reply.text
        found: list[dict[str, Any]] = reply.json()["data"]["notices"]
        return found

    def pushes(self, device: str = "phone") -> list[str]:
        """The bodies a device was shown."""
        return [each["notification"]["body"] for each in self.fcm.sent_to(f"token-of-{device}")]

    # -- publishers

    async def tell(
        self, kind: str, event_id: str = "", *, tenant: str = TENANT, store: str = STORE, **data: Any
    ) -> int:
        """An event reaches its door; the status."""
        said = {"sessionId": VISIT, "userId": SHOPPER} | data
        at = datetime.fromtimestamp(self.now, UTC)
        message = to_message(Event(event_id or uuid.uuid4().hex, kind, 1, tenant, store, at, said))
        path = f"/push/{PLACE[kind.partition('.')[0]]}"
        reply = await self.events.post(
            path, json=push_body(message.data, attributes=message.attributes), headers=self.world.platform(path)
        )
        return reply.status_code

    async def paid(self, event_id: str = "", **data: Any) -> int:
        said: dict[str, Any] = {
            "checkoutId": "c1",
            "total": 1299,
            "currency": "EUR",
            "items": 3,
            "paidAt": "2026-11-20T09:30:00Z",
        }
        return await self.tell("purchase.paid", event_id, **(said | data))

    async def repriced(self, event_id: str = "", *, old: int = 199, new: int = 149, **data: Any) -> int:
        change = {"barcode": PEN, "name": "Secret pen", "old": old, "new": new, "currency": "EUR"}
        self.version += 1
        said: dict[str, Any] = {
            "cartVersion": self.version,
            "changes": [change],
            "currency": "EUR",
            "oldTotal": old,
            "total": new,
        }
        return await self.tell("session.cart_repriced", event_id, **(said | data))

    # -- the platform

    async def let_time_pass(self, seconds: float) -> None:
        """Tasks come when they are due."""
        end = self.now + seconds
        while due := [each for each in self.tasks if each[0].timestamp() <= end]:
            first = min(due, key=lambda each: each[0])
            self.tasks.remove(first)
            self.now = max(self.now, first[0].timestamp())
            await self.call("/tasks/attend", first[1])
        self.now = end

    async def call(self, path: str, body: Any = None) -> None:
        reply = await self.events.post(path, json=body, headers=self.world.platform(path))
        assert reply.status_code == 204, reply.text

    async def document(self, visit: str = VISIT) -> dict[str, Any]:
        found = await mongo.database().notices.find_one({"_id": visit})
        assert found is not None
        return dict(found)

    async def dump(self) -> list[dict[str, Any]]:
        return [each async for each in mongo.database().notices.find({}).sort("_id", 1)]


PLACE = {"session": "notices-of-visits", "discount": "notices-of-cards", "checkout": "notices-of-checkouts",
         "purchase": "notices-of-checkouts"}  # fmt: skip


@pytest.fixture
async def fcm() -> AsyncIterator[FcmServer]:
    async with FcmServer() as server:
        yield server
    assert server.refused == [], "a message that FCM would not take"


@pytest.fixture
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits four seconds for a server that hangs."""

    def quick(endpoint: str, project: str) -> Any:
        return Fcm(endpoint, project, timeout=0.3)

    monkeypatch.setattr(wiring, "Fcm", quick)


@pytest.fixture
async def world(
    mongod: str,
    redis_server: str,
    emptied_database: str,
    fcm: FcmServer,
) -> AsyncIterator[World]:
    world = World(mongo_uri=mongod, database=emptied_database, redis_url=redis_server)
    world.environment |= {"FCM_ENDPOINT": fcm.url, "NOTICE_STREAM_SECONDS": "60"}
    with world.installed():
        settings.load.replace(None)
        await migrations.apply(mongo.database(), [*migrations.SHARED, *COLLECTIONS])
        yield world
        settings.load.replace(None)


@pytest.fixture
def held_clock() -> Iterator[Callable[[Callable[[], float]], None]]:
    yield clock.freeze
    clock.freeze(None)


@pytest.fixture
async def room(
    world: World, fcm: FcmServer, held_clock: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Room]:
    async with world.door("notify", "notify") as client, world.door("notify", "notify_events") as events:
        room = Room(world, client, events, fcm, datetime.now(UTC).timestamp())
        held_clock(lambda: room.now)

        async def enqueue(_queue: str, _service: str, _path: str, body: dict[str, Any], **more: Any) -> None:
            if room.tasks_down:
                raise ConnectionError("Cloud Tasks is away")
            room.tasks.append((more["schedule"], body))

        monkeypatch.setattr(tasks, "enqueue", enqueue)
        yield room


@asynccontextmanager
async def served(target: str = "notify") -> AsyncIterator[str]:
    """The room's door on a real port: streams need a connection that can be closed."""
    port = free_port()
    app = app_of(target, ROOT / "functions" / "notify" / "main.py")
    config = uvicorn.Config(app, host=HOST, port=port, lifespan="off", log_level="critical", access_log=False)
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield f"http://{HOST}:{port}"
    finally:
        server.should_exit = True
        await task
