"""Check-in's real door on a real MongoDB; stores and their codes as the catalogue leaves them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from functions.common import auth, clock, migrations, mongo, ratelimit
from functions.sessions import settings as sessions_settings
from functions.sessions import wiring
from functions.sessions.collections import COLLECTIONS
from local.issuer import Issuer
from tests import support
from tests.support import World, bearer

TENANT, STORE, OTHER_STORE = "acme", "acme-berlin", "umbrella-rome"
ANN, BOB = "ann", "bob"


@dataclass
class CheckIn:
    """The door as the app sees it, and a clock that a test can move."""

    world: World
    client: httpx.AsyncClient
    offset: float = 0.0

    @property
    def sessions(self) -> Any:
        return mongo.database().sessions

    @property
    def stores(self) -> Any:
        return mongo.database().stores

    def code(self, store: str = STORE, tenant: str = TENANT, version: int = 1, **changes: Any) -> str:
        now = int(datetime.now(UTC).timestamp())
        claims: dict[str, Any] = {
            "iss": "retailscan-catalog", "aud": "check-in", "sub": store, "storeId": store, "tenantId": tenant,
            "codeVersion": version, "iat": now, "exp": now + 3600,
        }  # fmt: skip
        typ = changes.pop("typ", "store+jwt")
        key = changes.pop("key", "store-codes")
        return self.world.issuer.sign(key, claims | changes, typ=typ)

    async def enter(self, code: str | None = None, sub: str = ANN, **headers: str) -> httpx.Response:
        body = {"storeCode": self.code() if code is None else code}
        return await self.client.post("/v1/sessions", json=body, headers=self.world.shopper(sub) | headers)

    async def current(self, token: str) -> httpx.Response:
        return await self.client.get("/v1/sessions/current", headers=bearer(token))

    async def visit(self, session_id: str, sub: str = ANN) -> httpx.Response:
        return await self.client.get(f"/v1/sessions/{session_id}", headers=self.world.shopper(sub, lives_s=10**6))

    async def renew(self, session_id: str, sub: str = ANN) -> httpx.Response:
        headers = self.world.shopper(sub, lives_s=10**6)
        return await self.client.post(f"/v1/sessions/{session_id}/token", headers=headers)

    async def leave(self, session_id: str, sub: str = ANN) -> httpx.Response:
        headers = self.world.shopper(sub, lives_s=10**6)
        return await self.client.delete(f"/v1/sessions/{session_id}", headers=headers)

    def wait(self, minutes: float) -> None:
        self.offset += minutes * 60


def forget() -> None:
    sessions_settings.load.replace(None)
    wiring.deps.replace(None)


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    """Keys take a while to make."""
    return Issuer()


@pytest.fixture
async def check_in(
    mongod: str, redis_server: str, database: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[CheckIn]:
    monkeypatch.setattr(support, "Issuer", lambda: issuer)
    # The tests share one Redis and their callers, and some machines are fast.
    monkeypatch.setitem(ratelimit.RATES, "check_in", (1e6, 10**6))
    world = World(mongo_uri=mongod, database=database, redis_url=redis_server)
    with world.installed():
        forget()
        await migrations.apply(mongo.database(), [*migrations.SHARED, *COLLECTIONS])
        for tenant, store in ((TENANT, STORE), ("umbrella", OTHER_STORE)):
            await mongo.database().stores.insert_one(
                {
                    "_id": store, "tenantId": tenant, "name": "Berlin Mitte", "currency": "EUR",
                    "timeZone": "Europe/Berlin", "status": "active", "codeVersion": 1, "ver": 1,
                }
            )  # fmt: skip
        async with world.door("sessions", "sessions") as client:
            made = CheckIn(world, client)
            clock.freeze(lambda: time.time() + made.offset)
            try:
                yield made
            finally:
                clock.freeze(None)
                auth.reset()
        forget()
