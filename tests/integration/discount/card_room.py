"""The doors of brand cards with visits, a loyalty system that misbehaves on demand, and a clock that a test moves."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from functions.common import auth, clock, migrations, mongo, pubsub
from functions.common.pubsub import OutMessage
from functions.discount import settings, wiring
from functions.sessions.collections import COLLECTIONS as SESSIONS
from local.loyalty import Loyalty
from tests.support import World

TENANT, RIVAL = "acme", "umbrella"
BERLIN, PARIS, ROME = "acme-berlin", "acme-paris", "umbrella-rome"
ALP, OTHER_BRAND, RIVALS_BRAND = "alp", "berg", "umbrella-own"
NUMBER = "9780123456784"
CODE = f"{ALP}:{NUMBER}"
ANN, BOB = "ann", "bob"


def session_id(digit: str = "a", store: str = BERLIN) -> str:
    return f"{store}.{digit * 32}"


@dataclass
class CardRoom:
    """The door as apps see it."""

    world: World
    client: httpx.AsyncClient
    loyalty: Loyalty
    offset: float = 0.0
    published: list[dict[str, Any]] = field(default_factory=list)
    pubsub_down: bool = False

    def app(self, sub: str = ANN, digit: str = "a", store: str = BERLIN, tenant: str = TENANT) -> dict[str, str]:
        """The headers of a shopper's visit."""
        options = {"session_id": session_id(digit, store), "lives_s": 10**6}
        return self.world.checked_in(tenant, store, sub, **options)

    async def visit(
        self, sub: str = ANN, digit: str = "a", store: str = BERLIN, tenant: str = TENANT, **more: Any
    ) -> None:
        """A visit as check-in leaves it."""
        born = clock.now()
        document = {
            "_id": session_id(digit, store), "tenantId": tenant, "storeId": store, "userId": sub, "status": "active",
            "createdAt": born, "expiresAt": born + timedelta(hours=4), **more,
        }  # fmt: skip
        await mongo.database().sessions.insert_one(document)

    async def scan(
        self, card: str | dict[str, Any] = CODE, headers: dict[str, str] | None = None, key: str | None = None
    ) -> httpx.Response:
        said = {"code": card} if isinstance(card, str) else card
        sent = (headers or self.app()) | ({"idempotency-key": key} if key else {})
        return await self.client.post("/v1/discount-cards", json=said, headers=sent)

    async def current(self, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.client.get("/v1/discount-cards/current", headers=headers or self.app())

    async def take_off(self, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.client.delete("/v1/discount-cards/current", headers=headers or self.app())

    async def on_visit(self, digit: str = "a", store: str = BERLIN) -> dict[str, Any] | None:
        found = await mongo.database().sessions.find_one({"_id": session_id(digit, store)})
        assert found is not None
        card: dict[str, Any] | None = found.get("card")
        return card

    async def kept(self) -> list[dict[str, Any]]:
        return [each async for each in mongo.database().discountcards.find({}).sort("scannedAt", 1)]

    def wait(self, **time_: float) -> None:
        self.offset += timedelta(**time_).total_seconds()


@asynccontextmanager
async def opened(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CardRoom]:
    """The room with Ann's visit in Berlin. MongoDB removes nothing by itself meanwhile."""
    async with Loyalty(brands={TENANT: ALP, RIVAL: RIVALS_BRAND}) as loyalty:
        monkeypatch.setenv("LOYALTY_URL", loyalty.url)
        monkeypatch.setenv("LOYALTY_KEY", loyalty.key)
        monkeypatch.setenv("LOYALTY_TIMEOUT_SECONDS", "0.6")
        _forget()
        await migrations.apply(mongo.database(), SESSIONS)
        for tenant, brand in ((TENANT, ALP), (TENANT, OTHER_BRAND), (RIVAL, RIVALS_BRAND)):
            record = {"tenantId": tenant, "brandId": brand, "name": brand, "deletedAt": None}
            await mongo.database().brands.insert_one(record)
        await mongo.client().admin.command("setParameter", 1, ttlMonitorEnabled=False)
        async with world.door("discount", "discount") as client:
            room = CardRoom(world, client, loyalty)

            async def publish(topic: str, messages: Sequence[OutMessage]) -> list[str]:
                if room.pubsub_down:
                    raise ConnectionError("Pub/Sub is away")
                assert topic == "discount-events"
                room.published += [orjson.loads(message.data) for message in messages]
                return [str(index) for index in range(len(messages))]

            monkeypatch.setattr(pubsub, "publish", publish)
            clock.freeze(lambda: time.time() + room.offset)
            try:
                await room.visit()
                yield room
            finally:
                clock.freeze(None)
                auth.reset()
                await mongo.client().admin.command("setParameter", 1, ttlMonitorEnabled=True)
                await wiring.close()
    _forget()


def _forget() -> None:
    settings.load.replace(None)
    wiring.forget()
