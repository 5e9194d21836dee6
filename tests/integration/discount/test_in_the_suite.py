"""In the suite, in processes of their own: a shopper's card, the loyalty system behind it, and what becomes of both."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from local.suite import Suite

pytestmark = pytest.mark.suite

TENANT, STORE, BRAND, NUMBER = "acme", "acme-berlin", "alp", "9780123456784"
VISIT = f"{STORE}.{'a' * 32}"


@pytest.fixture
async def suite() -> AsyncIterator[Suite]:
    env = {"OTEL_TRACES_SAMPLE": "0"}
    async with Suite(rooms=("discount",), tenants=(TENANT,), door_env=env, scheduler=False) as running:
        await asyncio.to_thread(furnish, running)
        yield running


def furnish(suite: Suite) -> None:
    """A brand, and a visit as check-in leaves it."""
    import pymongo

    now = datetime.now(UTC)
    with pymongo.MongoClient[dict[str, Any]](suite.mongo_uri) as client:
        database = client[suite.mongo_database]
        stamps = {"ver": 1, "createdAt": now, "updatedAt": now, "deletedAt": None}
        database.brands.insert_one({"tenantId": TENANT, "brandId": BRAND, "name": "Alp", **stamps})
        database.sessions.insert_one(
            {"_id": VISIT, "tenantId": TENANT, "storeId": STORE, "userId": "ann", "status": "active", "createdAt": now,
             "expiresAt": now + timedelta(hours=1)}
        )  # fmt: skip


async def test_a_card_is_confirmed_and_when_the_loyalty_system_dies_degraded_and_then_confirmed_again(
    suite: Suite,
) -> None:
    token = suite.issuer.session_token("ann", tenant_id=TENANT, store_id=STORE, session_id=VISIT)
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=suite.gateway_url, headers=headers, timeout=10) as app:

        async def scan() -> dict[str, Any]:
            reply = await app.post("/v1/discount-cards", json={"code": f"{BRAND}:{NUMBER}"})
            assert reply.status_code == 201, reply.text
            found: dict[str, Any] = reply.json()["data"]
            return found

        card = await scan()
        assert (card["status"], card["brandId"], card["groups"][-1]) == ("confirmed", BRAND, "member")
        assert (await app.get("/v1/discount-cards/current")).json()["data"] == card
        suite.others["loyalty"].kill()
        began = time.monotonic()
        degraded = await scan()
        assert time.monotonic() - began < 8
        assert (degraded["status"], degraded["groups"], degraded["asOf"]) == ("degraded", card["groups"], card["asOf"])
        await suite.restart_stand_in("loyalty")
        assert (await scan())["status"] == "confirmed"
        async with httpx.AsyncClient(base_url=suite.stand_in_url("loyalty")) as loyalty:
            assert (await loyalty.post("/_misbehave", json={"hang": 1})).json()["left"] == {"hang": 1}
            assert (await scan())["status"] == "degraded"
            assert (await loyalty.get("/_asked")).json()["last"][-1]["card"] == NUMBER
    assert await suite.fire("discount-jobs-sweep-cards") == 204
    assert await suite.fire("discount-jobs-sweep-redemptions") == 204
