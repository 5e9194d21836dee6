"""The gate's real door on a real MongoDB, with purchases that checkout has finished; only Pub/Sub is a list."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from functions.checkout.collections import PURCHASES
from functions.checkout.papers import passes
from functions.common import exit_pass, migrations, mongo, pubsub
from functions.common.migrations import Collection
from functions.common.pubsub import OutMessage
from functions.exit_gate import settings as gate_settings
from functions.exit_gate import wiring
from tests.support import World
from tests.unit.checkout.papers.goods import line, receipted

TENANT, RIVAL = "acme", "bolt"
STORE, NORTH, FOREIGN = "acme-centre", "acme-north", "bolt-centre"


@dataclass
class Gate:
    """The gate as its callers see it, and what it told."""

    world: World
    client: httpx.AsyncClient
    published: list[dict[str, Any]] = field(default_factory=list)
    pubsub_down: bool = False

    def caller(self, role: str = "gate", tenant: str = TENANT, stores: Sequence[str] = ("*",)) -> dict[str, str]:
        return self.world.staff(role, tenant, stores)

    async def bought(
        self, *, store: str = STORE, tenant: str = TENANT, state: str = "exit_issued", age: timedelta = timedelta()
    ) -> dict[str, Any]:
        """A purchase whose pass was issued so long ago."""
        now = datetime.now(UTC).replace(microsecond=0)
        digest = uuid.uuid4().hex
        own = {"storeId": store, "tenantId": tenant, "sessionId": f"{store}.{digest}", "state": state}
        purchase = receipted(line("Oat milk", 398, quantity=2000, unit_price=199), checkout_id=f"{store}.{digest}")
        purchase |= own | {"expiresAt": now, "createdAt": now, "updatedAt": now}
        purchase["receipt"]["number"] = uuid.uuid4().int % 10**12 + 1
        purchase["pass"] = passes.fresh(purchase, now - age)
        await mongo.collection("purchases").insert_one(purchase)
        return purchase

    def text(self, purchase: dict[str, Any]) -> str:
        kept = purchase["pass"]
        found = exit_pass.ExitPass(
            purchase["_id"], purchase["storeId"], kept["jti"], kept["items"], kept["issuedAt"], kept["expiresAt"]
        )
        return exit_pass.sign(found, self.world.issuer.private_jwk("exit"))

    async def show(
        self, purchase: dict[str, Any] | str, *, store: str = STORE, key: str | None = None, **who: Any
    ) -> httpx.Response:
        text = purchase if isinstance(purchase, str) else self.text(purchase)
        headers = self.caller(**who) | ({"idempotency-key": key} if key else {})
        return await self.client.post(f"/v1/stores/{store}/exits", json={"pass": text}, headers=headers)

    async def override(
        self, checkout_id: str, *, store: str = STORE, key: str | None = None, **who: Any
    ) -> httpx.Response:
        body = {"checkoutId": checkout_id, "reason": "phone is empty"}
        headers = self.caller(**{"role": "store_staff", **who}) | ({"idempotency-key": key} if key else {})
        return await self.client.post(f"/v1/stores/{store}/exits:override", json=body, headers=headers)

    async def read(self, purchase: dict[str, Any]) -> dict[str, Any]:
        found = await mongo.collection("purchases").find_one({"_id": purchase["_id"]})
        assert found is not None
        return dict(found)


def code(reply: httpx.Response) -> tuple[int, str]:
    """What a refusal says."""
    return reply.status_code, reply.json()["error"]["code"]


@pytest.fixture
async def gate(
    mongod: str, redis_server: str, emptied_database: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Gate]:
    world = World(mongo_uri=mongod, database=emptied_database, redis_url=redis_server)
    with world.installed():
        gate_settings.load.replace(None)
        wiring.deps.replace(None)
        await migrations.apply(mongo.database(), [*migrations.SHARED, PURCHASES, Collection("stores", [])])
        for tenant, store in ((TENANT, STORE), (TENANT, NORTH), (RIVAL, FOREIGN)):
            await mongo.collection("stores").insert_one(
                {
                    "_id": store, "tenantId": tenant, "name": store, "currency": "EUR", "timeZone": "Europe/Berlin",
                    "status": "active",
                }
            )  # fmt: skip
        async with world.door("exit_gate", "exit_gate") as client:
            made = Gate(world, client)

            async def publish(topic: str, messages: Sequence[OutMessage]) -> list[str]:
                if made.pubsub_down:
                    raise ConnectionError("Pub/Sub is away")
                assert topic == "checkout-events"
                made.published += [orjson.loads(message.data) for message in messages]
                return [str(index) for index in range(len(messages))]

            monkeypatch.setattr(pubsub, "publish", publish)
            yield made
        gate_settings.load.replace(None)
        wiring.deps.replace(None)
